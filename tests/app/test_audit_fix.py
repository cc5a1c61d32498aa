"""Fixes: what they make of a file, that they are idempotent, and that a bad one is put back."""

import re
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit
from qfs.app.audit_fix import fix

FIXES = Path(__file__).parent.parent / "corpus" / "audit" / "fixes.txt"


def cases() -> list[tuple[str, str, str]]:
    parts = re.split(r"^### (.+)\n", FIXES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    out = []
    for what, text in zip(parts[::2], parts[1::2], strict=True):
        before, _, after = text.partition("--- after\n")
        out.append((what, before, after))
    return out


SAFE = cases()


@pytest.mark.parametrize(("what", "before", "after"), SAFE, ids=[case[0] for case in SAFE])
def test_a_safe_fix(what: str, before: str, after: str, tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text(before, encoding="utf-8")
    request = AuditRequest((source,))
    assert any(each.fix for each in audit(request).findings)
    made = fix(request)
    assert source.read_text(encoding="utf-8") == after
    assert (made.mended, made.put_back) == (1, ())
    assert fix(request).changed == ()


def test_what_changes_results_is_mended_only_when_asked(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    before = '"""Doc."""\n\n\ndef f(n: int):\n    return n / 2, 0.25  # half\n'
    source.write_text(before, encoding="utf-8")
    assert fix(AuditRequest((source,))).changed == ()
    assert source.read_text(encoding="utf-8") == before
    assert fix(AuditRequest((source,)), unsafe=True).mended == 2
    text = source.read_text(encoding="utf-8")
    assert 'return n // 2, Fixed("0.25")  # half' in text
    assert "from qfs.certmath import Fixed" in text


def test_differences_are_shown_and_nothing_is_written(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text(SAFE[0][1], encoding="utf-8")
    made = fix(AuditRequest((source,)), diff=True)
    assert "+    return sorted(" in made.diff
    assert source.read_text(encoding="utf-8") == SAFE[0][1]


def test_a_fix_that_does_not_remove_its_findings_is_put_back(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    code = "import json\n\ndef f(x):\n    return [json.dumps(x) for x in (json.dumps(x), x)]\n"
    source.write_text(code, encoding="utf-8")
    made = fix(AuditRequest((source,)))
    left = [each.rule for each in made.report.findings if each.rule == "QFS905"]
    assert (made.put_back == ()) == (left == [])
    if made.put_back:
        assert source.read_text(encoding="utf-8") == code
