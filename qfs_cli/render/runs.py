"""A log in several environments or revisions, as lines of text."""

from qfs.app.perturbing import Divergence, Run
from qfs.app.revisions import Compared


def run(run: Run) -> str:
    """Return the line of one run."""
    if run.not_run is not None:
        what = f"NOT RUN: {run.not_run}"
    elif run.failed is not None:
        what = f"FAILED: {run.failed}"
    else:
        what = f"{run.state_root or 'no root'}"
    return f"  {run.variable + '=' + run.value:32}  {what}"


def divergence(found: Divergence) -> list[str]:
    """Return the lines of the first place at which two runs differ."""
    lines = [f"diverges    at packet {found.packet}"]
    if found.environment is not None:
        lines.append(f"  because of {found.environment}={found.value}")
    if found.machine is not None:
        lines.append(f"  in         {found.machine}: {found.key}")
    if found.command is not None:
        lines.append(f"  at         {found.command}")
    return [*lines, f"  expected   {found.expected}", f"  actual     {found.actual}"]


def comparison(report: Compared) -> list[str]:
    """Return the lines of two revisions of a log."""
    lines = [run(one) for one in report.runs]
    if report.divergence is not None:
        lines.extend(divergence(report.divergence))
    return [*lines, f"identical   {'yes' if report.identical else 'no'}"]
