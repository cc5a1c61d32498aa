"""An audit report as JSON, schema qfs.audit/1: sorted keys, no times, no host names."""

import json
from typing import Any

from qfs.app.audit import AuditReport, Finding
from qfs_cli.render import audit_proof


def render(report: AuditReport) -> str:
    """Return the report as JSON text."""
    return json.dumps(document(report), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def document(report: AuditReport) -> dict[str, Any]:
    """Return the report as plain dicts and lists."""
    return {
        **({"proof": audit_proof.document(report)} if report.require_proof else {}),
        "schema": "qfs.audit/1",
        "findings": [_finding(each) for each in report.findings],
        "suppressed": [{**_finding(each), "reason": each.suppressed} for each in report.suppressed],
        "summary": {
            "files": report.files,
            "lines": report.lines,
            "functions": report.functions,
            "proved": report.proved,
            "violation": report.count("violation"),
            "confirmed": report.count("confirmed"),
            "possible": report.count("possible"),
            "unknown": report.count("unknown"),
            "suppressed": len(report.suppressed),
            "baselined": report.baselined,
            "unreported": report.unreported,
            "rules_digest": report.rules_digest,
            "source_digest": report.source_digest,
            "float_policy": report.policy,
            "packs": list(report.packs),
        },
        "witness": [
            {
                "entry": each.entry,
                "runs": each.runs,
                "confirmed": each.confirmed,
                "open": each.not_run,
            }
            for each in report.witness
        ],
        "errors": [
            {"path": each.path, "line": each.line, "message": each.message}
            for each in report.errors
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "verdict": finding.verdict,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "message": finding.message,
        "effect": finding.effect,
        "chain": [
            {"path": step.path, "line": step.line, "name": step.name} for step in finding.chain
        ],
        "fix": finding.fix,
        "fingerprint": finding.fingerprint,
        "witness": witness(finding),
    }


def witness(finding: Finding) -> dict[str, Any] | None:
    """Return the two runs that confirmed a finding; None if there are none."""
    seen = finding.witness
    if seen is None:
        return None
    return {
        "entry": seen.entry,
        "input": seen.input,
        "variable": seen.variable,
        "value": seen.level,
        "key": seen.key,
        "expected": seen.expected,
        "actual": seen.actual,
        "kept_in": list(seen.places),
    }
