"""Baselines: findings that were there before, by fingerprints that no line number enters.

- What an audit leaves in a file, its report too, is written here: whole, or not at all.
- A baseline is JSON, schema ``qfs.baseline/1``: fingerprint to a line that people can read.
- It is written sorted, so that its changes can be reviewed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from qfs.errors import InputError
from qfs.shell.files import read_limited, replace

SCHEMA = "qfs.baseline/1"
MAX_BYTES = 16 * 1024 * 1024  # 16_777_216: some hundred thousand findings


def read_baseline(path: Path) -> Mapping[str, str]:
    """Return {fingerprint: text}; raises InputError for a file that is no baseline."""
    place = str(path)
    try:
        content = json.loads(read_limited(path, MAX_BYTES).decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"not JSON: {error}", place=place) from None
    known = content.get("findings") if isinstance(content, dict) else None
    if not isinstance(known, dict) or content.get("schema") != SCHEMA:
        raise InputError(
            "not a baseline of qfs", place=place, way_out="make it by --write-baseline"
        )
    return {str(key): str(value) for key, value in known.items()}


def write_baseline(path: Path, findings: Sequence[tuple[str, str]]) -> None:
    """Write (fingerprint, text) pairs; raises InputError, EnvironmentFault when it cannot."""
    content = {"schema": SCHEMA, "findings": dict(findings)}
    text = json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    write_report(path, text)


def write_report(path: Path, text: str) -> None:
    """Write a report, or put it in an older one's place; raises InputError, EnvironmentFault."""
    replace(path, text.encode("utf-8"))
