"""An audit report for people: each finding with the way that leads to it."""

from qfs.app.audit import AuditReport, Finding, Witness, WitnessRun
from qfs.app.audit_report import FixReport
from qfs_cli.render.audit_proof import proof


def render(report: AuditReport) -> str:
    """Return the report as text."""
    out = [f"{each.path}:{each.line}: not audited: {each.message}" for each in report.errors]
    for finding in report.findings:
        out += _finding(finding)
    out += [_run(each) for each in report.witness]
    if report.require_proof:
        out += proof(report)
    out.append(_summary(report))
    return "\n".join(out) + "\n"


def fixes(made: FixReport) -> str:
    """Return what was mended, or the differences that would mend it."""
    if made.diff:
        return made.diff
    lines = [f"mended: {path}" for path in made.changed]
    lines += [f"put back, since its findings stayed: {path}" for path in made.put_back]
    lines += [f"put back, since the tests failed: {path}" for path in made.failing]
    return "\n".join([*lines, f"{made.mended} findings mended"]) + "\n"


def statistics(report: AuditReport) -> str:
    """Return one line a rule and verdict, most frequent first, and the summary."""
    counts: dict[tuple[str, str, str], int] = {}
    for each in report.findings:
        key = (each.rule, each.verdict, each.name)
        counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"{count:6}  {code} {verdict} {name}" for (code, verdict, name), count in ordered]
    return "\n".join([*lines, _summary(report)]) + "\n"


def _finding(finding: Finding) -> list[str]:
    place = f"{finding.path}:{finding.line}:{finding.column}"
    lines = [f"{place}: {finding.verdict.upper()} {finding.rule} {finding.message}"]
    for depth, step in enumerate(finding.chain):
        arrow = "  " if depth == 0 else "  " + "   " * (depth - 1) + "└─ "
        lines.append(f"{arrow}{step.name}  ({step.path}:{step.line})")
    if finding.witness is not None:
        lines += _witness(finding.witness)
    lines.append(f"  -> {finding.instead}")
    return lines


def _witness(seen: Witness) -> list[str]:
    where = f"at input {seen.input}" if isinstance(seen.input, int) else f"in {seen.input}"
    lines = [f"  seen: {seen.entry} {where} differs by {seen.variable}={seen.level}"]
    if seen.key:
        lines.append(f"        {seen.key}: {seen.expected} | {seen.actual}")
    lines += [f"        kept in {place}" for place in seen.places]
    return lines


def _run(run: WitnessRun) -> str:
    what = f"{run.runs} runs, {run.confirmed} confirmed" if run.runs else "NOT RUN"
    return f"witness {run.entry}: {what}" + (f"; {run.not_run}" if run.not_run else "")


def _summary(report: AuditReport) -> str:
    parts = [
        f"{report.files} files, {report.lines} lines",
        f"{report.proved} of {report.functions} reached functions proved",
        f"{report.count('violation')} violations",
        *([f"{report.count('confirmed')} confirmed"] if report.count("confirmed") else []),
        f"{report.count('possible')} possible",
        f"{report.count('unknown')} unknown",
    ]
    if report.suppressed:
        parts.append(f"{len(report.suppressed)} suppressed")
    if report.baselined:
        parts.append(f"{report.baselined} baselined")
    if report.unreported:
        parts.append(f"{report.unreported} not asked for")
    if report.errors:
        parts.append(f"{len(report.errors)} not audited")
    return "; ".join(parts)
