"""Bugs that projects had, rebuilt small: found before the fix, silent after it.

Where the mended code still reads a directory, reading it (QFS7) is not what the bug was about, so
that group is left out; what is judged is the order.
"""

import re
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit

BUGS = Path(__file__).parent.parent / "corpus" / "audit" / "bugs.txt"


def pairs() -> list[tuple[str, str, str]]:
    parts = re.split(r"^### (.+)\n", BUGS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    out = []
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        before, _, after = text.partition("--- after\n")
        out.append((title, before, after))
    return out


def found(folder: Path, code: str) -> list[str]:
    source = folder / "bug.py"
    source.write_text(code, encoding="utf-8")
    report = audit(AuditRequest((source,), entries=("*:entry",), ignore=("QFS7",)))
    assert not report.errors
    return [f"{each.rule} {each.message}" for each in report.findings if each.verdict != "unknown"]


def test_there_are_at_least_thirty_of_them() -> None:
    assert len(pairs()) >= 30


@pytest.mark.parametrize(
    ("title", "before", "after"), pairs(), ids=[title.partition(":")[0] for title, _, _ in pairs()]
)
def test_a_real_bug_is_found_and_its_fix_is_silent(
    title: str, before: str, after: str, tmp_path: Path
) -> None:
    assert found(tmp_path, before), title
    assert found(tmp_path, after) == [], title
