"""An audit report as Markdown: a table for pull requests."""

from qfs.app.audit import AuditReport


def render(report: AuditReport) -> str:
    """Return the Markdown text."""
    counts = ", ".join(
        [
            f"{report.count(verdict)} {verdict}"
            for verdict in ("violation", "confirmed", "possible", "unknown")
        ]
    )
    proved = f"{report.proved} of {report.functions} reached functions proved"
    size = f"{report.files} files, {report.lines} lines"
    lines = ["# qfs audit", "", f"{size}; {proved}; {counts}.", ""]
    lines += [
        f"- **not audited** `{error.path}:{error.line}`: {error.message}" for error in report.errors
    ]
    if report.findings:
        lines += ["| verdict | rule | place | what | way |", "|---|---|---|---|---|"]
    for each in report.findings:
        way = " → ".join([f"`{step.name}`" for step in each.chain])
        cells = (each.verdict, each.rule, f"`{each.path}:{each.line}`", each.message, way)
        lines.append("| " + " | ".join([cell.replace("|", "\\|") for cell in cells]) + " |")
    return "\n".join(lines).rstrip("\n") + "\n"
