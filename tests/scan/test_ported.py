"""Cases after tests that others wrote for other tools, in our own words.

workflowcheck's testdata, Temporal's Python sandbox, Bandit's examples, Ruff's DTZ, S311, NPY002 and
iteration fixtures, Atlan's determinism tests; with what each of those tools missed or got wrong.
"""

import re
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit

PORTED = Path(__file__).parent.parent / "corpus" / "audit" / "ported.txt"


def cases() -> list[tuple[str, str, str]]:
    text = PORTED.read_text(encoding="utf-8")
    parts = re.split(r"^### (found|silent) (.+)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))


@pytest.mark.parametrize(("verdict", "title", "code"), cases(), ids=[c[1] for c in cases()])
def test_a_ported_case(verdict: str, title: str, code: str, tmp_path: Path) -> None:
    source = tmp_path / "case.py"
    source.write_text(code, encoding="utf-8")
    report = audit(AuditRequest((source,), entries=("*:entry",)))
    assert not report.errors
    found = [each.rule for each in report.findings if each.verdict != "unknown"]
    assert bool(found) == (verdict == "found"), found
