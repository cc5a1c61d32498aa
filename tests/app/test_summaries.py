"""Summaries computed from installed distributions: what they know, and that they are pinned."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit, update_summaries
from qfs.app.summaries import LOCK
from qfs.errors import InputError
from qfs.shell import installed

LIBRARY = {
    "shelf/__init__.py": "from shelf.rows import Row, total\nfrom shelf.clock import stamp\n",
    "shelf/rows.py": (
        "class Row:\n    def __init__(self, size: int) -> None:\n        self.size = size\n\n"
        "    def double(self) -> int:\n        return self.size * 2\n\n"
        "def total(rows: list[int]) -> int:\n    return sum(rows)\n\n"
        "def unsure(name: str):\n    return getattr(total, name)()\n"
    ),
    "shelf/clock.py": (
        "import time\n\ndef stamp() -> int:\n    return _now()\n\n"
        "def _now() -> int:\n    return time.time_ns()\n"
    ),
    "shelf/native.so": "\0",
}
PROGRAM = """
import shelf

def pure(x: list[int]) -> int:
    return shelf.total(x) + shelf.Row(2).double()

def clock() -> int:
    return shelf.stamp()

def unsure() -> int:
    return shelf.rows.unsure("x")
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    site = tmp_path / "site"
    for name, text in LIBRARY.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    info = site / "shelf-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    record(site)
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    installed._owners.cache_clear()
    program = tmp_path / "program"
    program.mkdir()
    (program / "pyproject.toml").write_text("[tool.qfs]\n")
    (program / "m.py").write_text(PROGRAM)
    yield program
    installed._owners.cache_clear()


def record(site: Path) -> None:
    lines = []
    for name in LIBRARY:
        digest = hashlib.sha256((site / name).read_bytes()).hexdigest()
        lines.append(f"{name},sha256={digest},{(site / name).stat().st_size}")
    info = "shelf-1.0.dist-info"
    lines += [f"{info}/METADATA,,", f"{info}/RECORD,,"]
    (site / info / "RECORD").write_text("\n".join(lines) + "\n")


def findings(program: Path) -> list[tuple[str, str, int]]:
    report = audit(AuditRequest((program,), require_proof=True))
    return [(each.rule, each.verdict, each.line) for each in report.findings]


def test_a_lock_tells_pure_from_clock_and_from_what_nobody_knows(place: Path) -> None:
    assert {code for code, _verdict, _line in findings(place)} == {"QFS011"}
    made = update_summaries(AuditRequest((place,)))
    assert made.path == place / LOCK
    assert findings(place) == [("QFS101", "violation", 8), ("QFS011", "unknown", 11)]
    report = audit(AuditRequest((place,), entries=("m:pure",), require_proof=True))
    assert report.is_proved
    names = [(each.kind, each.name) for each in report.rests]
    assert ("computed", "shelf.rows.total") in names
    assert all("RECORD sha256" in each.how for each in report.rests if each.kind == "computed")


def test_what_an_import_does_besides_defining_names_is_no_proof(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIBRARY, "shelf/born.py", "import time\n\nBORN = time.time_ns()\n")
    site = place.parent / "site"
    (site / "shelf/born.py").write_text(LIBRARY["shelf/born.py"])
    record(site)
    program = "{}\n\ndef f(x: list[int]) -> int:\n    return shelf.total(x)\n"
    for head, found in (
        ("import shelf", []),
        ("import shelf\nimport shelf.born", [("QFS011", "unknown", 2)]),
        ("import shelf\nfrom shelf.born import BORN", [("QFS011", "unknown", 2)]),
    ):
        (place / "m.py").write_text(program.format(head))
        update_summaries(AuditRequest((place,)))
        assert findings(place) == found, head


def test_a_lock_is_canonical_text_that_names_native_files(place: Path) -> None:
    update_summaries(AuditRequest((place,)))
    first = (place / LOCK).read_bytes()
    update_summaries(AuditRequest((place,)))
    assert (place / LOCK).read_bytes() == first
    assert b'natives = [\n    "shelf/native.so",\n]' in first
    assert b'"shelf.stamp" = "shelf.clock.stamp"' in first


def test_another_record_is_reported_until_the_lock_is_made_anew(place: Path) -> None:
    update_summaries(AuditRequest((place,)))
    site = place.parent / "site"
    (site / "shelf/rows.py").write_text(LIBRARY["shelf/rows.py"] + "\nMORE = 1\n")
    record(site)
    report = audit(AuditRequest((place,)))
    assert report.exit_code == 2
    (problem,) = report.errors
    assert problem.path == LOCK
    assert "shelf 1.0 has another RECORD" in problem.message
    update_summaries(AuditRequest((place,)))
    assert audit(AuditRequest((place,))).errors == ()


@pytest.mark.parametrize(
    "text",
    ["version = 1\n[distribution.x]\n", "version = 2\n", "[", "distribution = 3\nversion = 1\n"],
)
def test_what_is_no_lock_is_refused(place: Path, text: str) -> None:
    (place / LOCK).write_text(text)
    with pytest.raises(InputError, match="no lock of summaries"):
        audit(AuditRequest((place,)))
