"""Syntax newer than the running Python: the same findings, at the same places."""

import ast
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit
from qfs.scan.facts.newer import in_older_words

# newer syntax, and how it reads in the oldest Python that QFS runs on
TWINS = [
    ("type Pair[T] = tuple[T, T]\n", "Pair =         tuple[T, T]\n"),
    ("type Name = str\n", "Name =      str\n"),
    ("def f[T: int = int](x: T) -> T: ...\n", "def f              (x: T) -> T: ...\n"),
    ("class A[T, *Ts, **P](B): ...\n", "class A             (B): ...\n"),
    ('x = f"{d["a"]}"\n', "x = f\"{d['a']}\"\n"),
    ("x = f'{d['a']:>{n}} b'\n", "x = f'{d[\"a\"]:>{n}} b'\n"),
    ('x = f"{"\\n".join(y)}"\n', "x = f\"{' n'.join(y)}\"\n"),
    ('x = f"{f"{a}"}"\n', "x = f\"{f'{a}'}\"\n"),
    ('x = t"hi {name}"\n', 'x = f"hi {name}"\n'),
    ("try: ...\nexcept A, B:\n    ...\n", "try: ...\nexcept(A, B):\n    ...\n"),
]
OLD = ["x = 1\n", 'x = f"{a!r}"\n', "try: ...\nexcept (A, B): ...\n"]


@pytest.mark.parametrize(("newer", "older"), TWINS)
def test_it_is_put_into_older_words_place_for_place(newer: str, older: str) -> None:
    assert in_older_words(newer) == older
    ast.parse(older)


@pytest.mark.parametrize("text", OLD)
def test_what_every_python_reads_is_left_alone(text: str) -> None:
    assert in_older_words(text) is None


@pytest.mark.parametrize("newer", [newer for newer, _older in TWINS])
def test_what_follows_it_is_found_where_it_stands(newer: str, tmp_path: Path) -> None:
    source = tmp_path / "case.py"
    source.write_text(f"import time\n\n{newer}\ndef entry():\n    return time.time()\n")
    report = audit(AuditRequest((source,), entries=("*:entry",)))
    assert not report.errors
    found = [(each.rule, each.line, each.column) for each in report.findings]
    assert ("QFS101", newer.count("\n") + 5, 12) in found


@pytest.mark.parametrize(
    "text", ["def f(:\n", 'x = f"{d["a"}"\n', "type = \n", "except A, B: ...\n"]
)
def test_what_is_no_python_at_all_is_still_refused(text: str, tmp_path: Path) -> None:
    source = tmp_path / "case.py"
    source.write_text(text)
    report = audit(AuditRequest((source,)))
    assert [each.message[:10] for each in report.errors] == ["not Python"]
