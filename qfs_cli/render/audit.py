"""An audit report for people: each finding with the way that leads to it."""

from qfs.app.audit import AuditReport, Finding


def render(report: AuditReport) -> str:
    """Return the report as text."""
    out = [f"{each.path}:{each.line}: not audited: {each.message}" for each in report.errors]
    for finding in report.findings:
        out += _finding(finding)
    out.append(_summary(report))
    return "\n".join(out) + "\n"


def _finding(finding: Finding) -> list[str]:
    place = f"{finding.path}:{finding.line}:{finding.column}"
    lines = [f"{place}: {finding.verdict.upper()} {finding.rule} {finding.message}"]
    for depth, step in enumerate(finding.chain):
        arrow = "  " if depth == 0 else "  " + "   " * (depth - 1) + "└─ "
        lines.append(f"{arrow}{step.name}  ({step.path}:{step.line})")
    lines.append(f"  -> {finding.instead}")
    return lines


def _summary(report: AuditReport) -> str:
    parts = [
        f"{report.files} files, {report.lines} lines",
        f"{report.proved} of {report.functions} reached functions proved",
        f"{report.count('violation')} violations",
        f"{report.count('possible')} possible",
        f"{report.count('unknown')} unknown",
    ]
    if report.suppressed:
        parts.append(f"{len(report.suppressed)} suppressed")
    if report.baselined:
        parts.append(f"{report.baselined} baselined")
    if report.errors:
        parts.append(f"{len(report.errors)} not audited")
    return "; ".join(parts)
