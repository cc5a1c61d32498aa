"""The tool is held to its own measure: whatever may differ between two runs, the answer may not.

Hash seeds, the order in which files are handed over, a cold and a warm cache, one file after the
other in any order, and every CPython >= 3.11 that this machine has.
"""

import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit, rulebook
from qfs.app.audit_work import Work, work
from qfs.shell.interpreters import Interpreter, find_interpreters
from qfs.shell.sources import read_sources

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent.parent / "corpus" / "audit"
WANTED = ("3.11", "3.12", "3.13", "3.14", "3.15")
CHILD = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from qfs.app.audit import AuditRequest, audit
report = audit(AuditRequest((Path(sys.argv[2]),)))
answer = repr((report.findings, report.errors, report.functions, report.proved))
print(len(report.findings), hashlib.sha256(answer.encode()).hexdigest())
"""


_FIELDS = """
class Book:
    def fill(self, names: set[str], more: list[str]) -> None:
        self.alpha = list(names)
        self.beta = [*names]
        self.gamma = {name: list(names) for name in names}
        self.delta = more
        self.epsilon = tuple(names)
        self.zeta = "".join(names)

class Other:
    def fill(self, names: set[int]) -> None:
        self.eta = [str(n) for n in names]
        self.theta = {1: list(names)}
        self.book = Book()

def entry(names: set[str], more: list[str], numbers: set[int]):
    book, other = Book(), Other()
    book.fill(names, more)
    other.fill(numbers)
    return vars(book), vars(other), book, [other]
def entry2(book: Book, other: Other):
    return vars(book), str(vars(other))
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program of many modules: cases of the corpus, and one that imports them all."""
    folder = tmp_path_factory.mktemp("program") / "cases"
    folder.mkdir()
    for kind, nth in (("found", 5), ("siblings_found", 16)):
        text = (CORPUS / f"{kind}.txt").read_text(encoding="utf-8")
        parts = re.split(r"^### (\S+)\n", text, flags=re.MULTILINE)[1:]
        for number, code in enumerate(parts[1 :: 2 * nth]):
            (folder / f"{kind}{number:03}.py").write_text(code, encoding="utf-8")
    (folder / "fields.py").write_text(_FIELDS, encoding="utf-8")
    names = sorted([path.stem for path in folder.glob("*.py")])
    lines = [f"from cases import {name}" for name in names]
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "together.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def answer_of(folder: Path) -> str:
    report = audit(AuditRequest((folder,)))
    answer = repr((report.findings, report.errors, report.functions, report.proved))
    return f"{len(report.findings)} {hashlib.sha256(answer.encode()).hexdigest()}"


def child(program: Path, python: str, **variables: str) -> str:
    done = subprocess.run(
        [python, "-B", "-c", CHILD, str(ROOT), str(program)],
        capture_output=True, text=True, check=False, env={**os.environ, **variables},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_there_is_something_to_disagree_on(program: Path) -> None:
    assert int(answer_of(program).split()[0]) > 20


@pytest.mark.parametrize("seed", ["0", "1", "2", "3", "4", "4294967295"])
def test_the_hash_seed_changes_nothing(program: Path, seed: str) -> None:
    assert child(program, sys.executable, PYTHONHASHSEED=seed) == answer_of(program)


ORDERS: list[Callable[[list[object]], None]] = [
    list.reverse, random.Random(1).shuffle, random.Random(2).shuffle, random.Random(3).shuffle,
]  # fmt: skip


@pytest.mark.parametrize("per_file", [False, True])
def test_the_order_of_the_files_changes_nothing(program: Path, *, per_file: bool) -> None:
    sources, problems = read_sources((program,), program.parent)
    assert not problems
    task, rules = Work((), (), "ban", per_file), rulebook()
    first = work(sources, rules, task, None)
    for put in ORDERS:
        shuffled = list(sources)
        put(shuffled)
        again = work(shuffled, rules, task, None)
        assert again.found == first.found
        assert (again.functions, again.proved) == (first.functions, first.proved)


@pytest.mark.parametrize("per_file", [False, True])
def test_however_many_processes_do_it_the_report_is_the_same(
    program: Path, tmp_path: Path, *, per_file: bool
) -> None:
    """A broken file and two modules of one name among them, cold and warm."""
    folder = tmp_path / "cases"
    shutil.copytree(program, folder)
    (folder / "broken.py").write_text("def (:\n", encoding="utf-8")
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "same.py").write_text("import time\nNOW = time.time()\n", "utf-8")
    one = audit(AuditRequest((folder,), per_file=per_file))
    assert len(one.errors) == 1
    several = AuditRequest((folder,), per_file=per_file, cache=True, cache_folder=tmp_path, jobs=3)
    cold, warm = audit(several), audit(several)
    assert cold == warm == one


def test_a_cold_cache_a_warm_one_and_none_give_the_same_report(
    program: Path, tmp_path: Path
) -> None:
    request = AuditRequest((program,), cache=True, cache_folder=tmp_path)
    cold, warm = audit(request), audit(request)
    assert cold == warm == audit(AuditRequest((program,)))


def test_a_warm_cache_of_facts_gives_the_same_report(program: Path, tmp_path: Path) -> None:
    """Another entry point: no result is known, but the facts of every file are."""
    audit(AuditRequest((program,), cache=True, cache_folder=tmp_path))
    other = AuditRequest((program,), entries=("*:entry",), cache=True, cache_folder=tmp_path)
    assert audit(other) == audit(AuditRequest((program,), entries=("*:entry",)))


def test_every_cpython_at_hand_gives_the_same_report(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = find_interpreters(os.environ.get("PATH", ""), Path.home())
    usable = [each for each in found if isinstance(each, Interpreter)]
    labels = [each.label for each in usable]
    with capsys.disabled():
        missing = [each for each in WANTED if not any(f" {each}." in label for label in labels)]
        said = f"{', '.join(labels)}; not at hand: {', '.join(missing) or 'none'}"
        sys.stdout.write(f"\n  judged under {said}\n")
    expected = answer_of(program)
    assert {each.label: child(program, str(each.path)) for each in usable} == dict.fromkeys(
        labels, expected
    )
