"""Complexity and imports of a module, against Ruff's count over this project's own sources."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.scan.facts.extract import extract
from qfs.scan.facts.measure import complexities, imported

ROOT = Path(__file__).resolve().parents[2]
_ELSE = re.compile(r"^\s+case _:", re.MULTILINE)


def ruff(folder: Path) -> dict[tuple[str, str], list[int]]:
    """Return Ruff's complexities by file and name, in the order of lines."""
    options = ("--select", "C901", "--config", "lint.mccabe.max-complexity=0")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", *options),
            *("--output-format", "json", str(folder)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[tuple[str, str], list[int]] = {}
    for each in sorted(json.loads(done.stdout), key=lambda each: each["location"]["row"]):
        said = re.fullmatch(r"`(\w+)` is too complex \((\d+) > 0\)", each["message"])
        assert said is not None
        found.setdefault((each["filename"], said[1]), []).append(int(said[2]))
    return found


@pytest.mark.parametrize("folder", ["qfs/kernel", "qfs/shell", "qfs/app"])
def test_complexity_is_what_ruff_counts(folder: str) -> None:
    theirs = ruff(ROOT / folder)
    ours: dict[tuple[str, str], list[int]] = {}
    apart: dict[str, None] = {}
    for file in sorted((ROOT / folder).rglob("*.py")):
        data = file.read_bytes()
        if _ELSE.search(data.decode()):
            apart[str(file)] = None  # Ruff takes a last `case _` for an else
            continue
        found = complexities(extract(data)).items()
        for name, value in sorted(found, key=lambda each: int(each[0].rpartition(":")[2])):
            short = name.rpartition(":")[0].rpartition(".")[2]
            ours.setdefault((str(file), short), []).append(value)
    assert len(ours) > 30
    assert ours == {key: value for key, value in theirs.items() if key[0] not in apart}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("pass", 1),
        ("if a:\n  pass\n elif b:\n  pass\n else:\n  pass", 3),
        ("for _ in a:\n  pass\n else:\n  pass", 2),
        ("try:\n  pass\n except A:\n  pass\n except B:\n  pass\n else:\n  a()", 4),
        ("try:\n  if a: pass\n finally:\n  if b: pass", 3),
        ("with a:\n  while b: pass", 2),
        ("match a:\n  case 1: pass\n  case _: pass", 3),
        ("def g():\n  if a: pass", 3),
        ("class C:\n  def g(self):\n   if a: pass", 3),
        ("return [a for a in b if a or b]", 1),
    ],
)
def test_each_decision_counts_one(body: str, value: int) -> None:
    found = complexities(extract(f"def f():\n {body}\n".encode()))
    assert found["f:1"] == value


def test_imports_are_found_in_functions_and_blocks_too() -> None:
    source = b"""
import os.path as p
from . import near
try:
    import fast
except ImportError:
    from slow.but import sure, here
class C:
    import inner
    def f(self):
        with self:
            import late
"""
    assert imported(extract(source)) == (
        "fast", "inner", "late", "os.path", "slow.but", "slow.but.here", "slow.but.sure",
    )  # fmt: skip
