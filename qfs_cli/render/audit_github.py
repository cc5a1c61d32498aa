"""An audit report as GitHub workflow commands: one annotation a finding."""

from qfs.app.audit import AuditReport

_LEVELS = {"violation": "error", "confirmed": "error", "possible": "warning", "unknown": "notice"}


def render(report: AuditReport) -> str:
    """Return one line a finding or error."""
    lines = [
        f"::error file={_property(each.path)},line={each.line},title=not audited::"
        f"{_message(each.message)}"
        for each in report.errors
    ]
    for each in report.findings:
        way = " > ".join([step.name for step in each.chain])
        place = f"file={_property(each.path)},line={each.line},endLine={each.end_line},"
        place += f"col={each.column},title={each.rule}"
        lines.append(f"::{_LEVELS[each.verdict]} {place}::{_message(f'{each.message} ({way})')}")
    return "".join([f"{line}\n" for line in lines])


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
