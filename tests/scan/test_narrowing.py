"""What conditions say of a variable: a call is unresolved only where nothing decides it."""

from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit

HEAD = """
from typing import Any

_MISSING: Any = object()

class Box:
    def __init__(self, rows: dict[str, int]) -> None:
        self.rows = rows

    def open(self) -> int:
        return 1

"""

CASES = [
    ("nothing is known", "def f(x: Any):\n    return x.frobnicate()\n", 1),
    ("isinstance", "def f(x: Any):\n    return x.open() if isinstance(x, Box) else 0\n", 0),
    (
        "type(x) is not T leaves",
        (
            "def f(x: object) -> int:\n    if type(x) is not Box:\n        return 0\n"
            "    return x.open()\n"
        ),
        0,
    ),
    (
        "type(x) in a tuple of types",
        (
            "def f(x: Any) -> Any:\n    if type(x) not in (list, tuple):\n        return 0\n"
            "    return x[0]\n"
        ),
        0,
    ),
    (
        "or: each part is false behind it",
        (
            "def f(x: Any) -> Any:\n"
            "    if type(x) is not Box or x.rows is None:\n        return 0\n"
            "    return x.open()\n"
        ),
        0,
    ),
    (
        "kind = type(x)",
        (
            "def f(x: Any) -> Any:\n    kind = type(x)\n    if kind is Box:\n"
            "        return x.open()\n    return 0\n"
        ),
        0,
    ),
    (
        "kind that is set twice says nothing",
        (
            "def f(x: Any, y: Any) -> Any:\n    kind = type(x)\n    kind = type(y)\n"
            "    if kind is Box:\n        return x.frobnicate()\n    return 0\n"
        ),
        1,
    ),
    (
        "a sentinel",
        (
            "def f(rows: dict[str, Box]) -> int:\n    found = rows.get('a', _MISSING)\n"
            "    if found is _MISSING:\n        return 0\n    return found.open()\n"
        ),
        0,
    ),
    (
        "a filter in a comprehension",
        (
            "def f(rows: list[Any]) -> list[int]:\n"
            "    return [each.open() for each in rows if isinstance(each, Box)]\n"
        ),
        0,
    ),
]


@pytest.mark.parametrize(("text", "unknown"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_condition_narrows(tmp_path: Path, text: str, unknown: int) -> None:
    (tmp_path / "m.py").write_text(HEAD + text, encoding="utf-8")
    report = audit(AuditRequest((tmp_path / "m.py",), require_proof=True))
    assert report.count("unknown") == unknown, [each.message for each in report.findings]
