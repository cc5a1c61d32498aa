"""An audit report as GitLab code quality JSON: an array of issues."""

import json

from qfs.app.audit import AuditReport

_SEVERITY = {"violation": "critical", "confirmed": "critical", "possible": "major"}


def render(report: AuditReport) -> str:
    """Return the issues; a file that could not be read is a blocker."""
    issues = [
        {
            "check_name": each.rule,
            "description": f"{each.message}. {each.instead}",
            "fingerprint": each.fingerprint,
            "severity": _SEVERITY.get(each.verdict, "info"),
            "location": {"path": each.path, "lines": {"begin": each.line, "end": each.end_line}},
        }
        for each in report.findings
    ]
    for error in report.errors:
        issues.append(  # noqa: PERF401 (two kinds of issue)
            {
                "check_name": "not-audited",
                "description": error.message,
                "fingerprint": f"not-audited:{error.path}",
                "severity": "blocker",
                "location": {"path": error.path, "lines": {"begin": error.line, "end": error.line}},
            }
        )
    return json.dumps(issues, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
