"""An audit report as SARIF 2.1.0.

- The way to a finding is its code flow; allowances are suppressions; fingerprints survive edits
  elsewhere in the file; a fix is there where it is safe.
- A path is a reference of RFC 3986: what has a meaning there, or is no ASCII, is percent-encoded.
- Levels: violation error, possible warning, unknown note; the verdict is in the properties.
- Source: OASIS SARIF 2.1.0; GitHub's limits for code scanning.
"""

import json
from typing import Any
from urllib.parse import quote

from qfs import __version__
from qfs.app.audit import AuditReport, Finding
from qfs_cli.render.audit_json import witness

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"violation": "error", "confirmed": "error", "possible": "warning", "unknown": "note"}
_STEPS_MAX = 100


def render(report: AuditReport) -> str:
    """Return the report as SARIF text."""
    return json.dumps(document(report), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def document(report: AuditReport) -> dict[str, Any]:
    """Return the report as plain dicts and lists."""
    rules = [
        {
            "id": rule.code,
            "name": "".join([part.capitalize() for part in rule.name.split("-")]),
            "shortDescription": {"text": rule.what},
            "fullDescription": {"text": rule.why},
            "help": {"text": rule.instead},
            "properties": {"tags": ["determinism", rule.effect, rule.pack]},
        }
        for rule in report.rules
    ]
    index = {rule.code: at for at, rule in enumerate(report.rules)}
    hidden = [_suppressed(each, index) for each in report.suppressed]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "qfs",
                        "version": __version__,
                        "informationUri": "https://pypi.org/project/qfs-toolchain/",
                        "rules": rules,
                    }
                },
                "columnKind": "utf16CodeUnits",
                "invocations": [
                    {
                        "executionSuccessful": not report.errors,
                        "toolExecutionNotifications": [
                            {
                                "level": "error",
                                "message": {"text": error.message},
                                "locations": [_location(error.path, error.line)],
                            }
                            for error in report.errors
                        ]
                        + [
                            {
                                "level": "note",
                                "message": {"text": f"witness {run.entry}: {run.not_run}"},
                            }
                            for run in report.witness
                            if run.not_run
                        ],
                    }
                ],
                "properties": {
                    "rulesDigest": report.rules_digest,
                    "sourceDigest": report.source_digest,
                },
                "results": [*[_result(each, index) for each in report.findings], *hidden],
            }
        ],
    }


def _location(path: str, line: int) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(path),
            "region": {"startLine": line},
        }
    }


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    place = _location(finding.path, finding.line)
    first, last = finding.columns or (finding.column, finding.end_column)
    place["physicalLocation"]["region"] = _region(finding.line, first, finding.end_line, last)
    steps = [
        {"location": {**_location(step.path, step.line), "message": {"text": step.name}}}
        for step in finding.chain[:_STEPS_MAX]
    ]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.verdict],
        "message": {"text": f"{finding.message}. {finding.instead}"},
        "locations": [place],
        "codeFlows": [{"threadFlows": [{"locations": steps}]}],
        **({"fixes": [_fix(finding)]} if finding.edits else {}),
        "partialFingerprints": {"qfs/1": finding.fingerprint},
        "properties": {
            "verdict": finding.verdict,
            "effect": finding.effect,
            **({"witness": witness(finding)} if finding.witness is not None else {}),
        },
    }


def _region(line: int, column: int, end_line: int, end_column: int) -> dict[str, int]:
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _fix(finding: Finding) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": _region(each.line, each.column, each.end_line, each.end_column),
            "insertedContent": {"text": each.text},
        }
        for each in finding.edits
    ]
    return {
        "description": {"text": finding.instead},
        "artifactChanges": [
            {"artifactLocation": _artifact(finding.path), "replacements": replacements}
        ],
    }


def _suppressed(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    kind = "external" if finding.suppressed_in else "inSource"
    reason = {"kind": kind, "justification": finding.suppressed}
    return {**_result(finding, index), "suppressions": [reason]}
