"""The scanner compiled by mypyc says what the interpreted one says, byte for byte.

A few of its modules are compiled here, values and the walks over facts among them: all of them
take minutes. ``python -m benchmarks audit`` compiles them all and compares the reports likewise.
"""

import re
import subprocess
import sys
from pathlib import Path

from tools.compiled import ROOT, SCANNER, compile_modules

PART = ("qfs/scan/objects/addresses.py", "qfs/scan/order/iteration.py", "qfs/scan/domain/values.py")
PROGRAM = """
import json, time
from dataclasses import dataclass, field

@dataclass
class Book:
    names: set[str] = field(default_factory=set)
    rates: dict[str, float] = field(default_factory=dict)

def total(book: Book) -> float:
    out = 0.0
    for name in book.names:
        out += book.rates[name]
    return out

def entry(book: Book) -> str:
    book.names.update(["a", "b"])
    return json.dumps([total(book), list(book.names), time.time(), str(object())])

def quiet(book: Book) -> int:
    return len(book.names) + sum(1 for name in sorted(book.names) if name in book.rates)
"""


RUN = (
    "import sys, qfs.scan.domain.values as it; print(it.__file__); "
    "from qfs_cli.main import main; main()"
)


def report(program: Path, root: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", RUN, "audit", program.name, "--no-cache", "--format", "json"],
        cwd=program.parent,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done
    return done.stdout.splitlines()


def test_compiled_and_interpreted_report_the_same(tmp_path: Path) -> None:
    assert set(PART) < set(SCANNER)
    compiled = tmp_path / "compiled"
    compile_modules(compiled, PART, optimise=0)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    plain, fast = report(program, ROOT), report(program, compiled)
    assert (plain[0][-3:], fast[0][-3:]) == (".py", ".so")
    assert plain[1:] == fast[1:]
    assert {"QFS101", "QFS405", "QFS501"} <= set(re.findall(r"QFS\d+", "".join(fast)))
