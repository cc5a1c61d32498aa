"""The scanner's own corpus: what must be found, beside look-alikes that must stay silent."""

import re
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit

CORPUS = Path(__file__).parent.parent / "corpus" / "audit"


def cases(name: str) -> list[tuple[str, str]]:
    text = (CORPUS / name).read_text(encoding="utf-8")
    parts = re.split(r"^### (\S+)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def findings(folder: Path, code: str) -> list[str]:
    source = folder / "case.py"
    source.write_text(code, encoding="utf-8")
    report = audit(AuditRequest((source,), entries=("*:entry",)))
    assert not report.errors
    return [f"{each.rule} {each.message}" for each in report.findings if each.verdict != "unknown"]


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(cases("found.txt")) >= 191
    assert len(cases("silent.txt")) >= 74


@pytest.mark.parametrize(("name", "code"), cases("found.txt"), ids=lambda value: value[:30])
def test_what_two_runs_may_disagree_on_is_found(name: str, code: str, tmp_path: Path) -> None:
    assert findings(tmp_path, code), name


@pytest.mark.parametrize(("name", "code"), cases("silent.txt"), ids=lambda value: value[:30])
def test_a_look_alike_stays_silent(name: str, code: str, tmp_path: Path) -> None:
    assert findings(tmp_path, code) == [], name
