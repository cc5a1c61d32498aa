"""The same halt record wherever a log is replayed; a fault of the computer leaves none."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from qfs.errors import EnvironmentFault, ProviderFault
from qfs.halt import HaltRecord
from qfs.kernel import Order, Tick, Transactions, Upgrade
from qfs.keys import COMMANDS, Reason, Revoke
from qfs.shell import log
from qfs.shell.interpreters import Interpreter, find_interpreters
from tests.app.test_halt import everything, keys
from tests.attacks.cases.committed import (
    SEGMENT,
    added,
    bytes_of,
    frames_of,
    honest,
    rewritten,
    signed,
    written,
)
from tests.tidy import tree

PROGRAM = """
import sys
from pathlib import Path
from qfs.app.worlds import HaltedLog, read_world
try:
    read_world(Path(sys.argv[1]), None)
except HaltedLog as halt:
    print(halt.halt_record.to_bytes().hex())
"""


def flipped(folder: Path) -> Path:
    data, places = bytes_of(folder)
    data[places[2][0] + 100] ^= 1
    return written(folder, data)


def another_root(folder: Path) -> Path:
    frames = frames_of(folder)
    return rewritten(folder, [(frames[0].body, frames[0].root), (frames[1].body, bytes(32))])


def revoked(folder: Path) -> Path:
    made = honest(folder)
    revoke = COMMANDS.pack(Revoke(made.operator.id, Reason.KEY_COMPROMISE))
    made.send(Transactions(((Order("keys", revoke),),)), "root")
    return added(folder, signed(made, Tick()), made)


def unheard(folder: Path) -> Path:
    made = honest(folder)
    made.send(Upgrade("unheard", 1, made.world.seq + 2), "root")
    return added(folder, signed(made, Tick()), made)


LOGS = {
    "302.01": flipped,
    "302.03": another_root,
    "302.02": revoked,
    "302.08": unheard,
}


@cache
def other_pythons() -> list[Path]:
    found = find_interpreters(os.environ.get("PATH", os.defpath), Path.home())
    return [one.path for one in found if isinstance(one, Interpreter)]


def record_of(ledger: Path, python: Path, *options: str, **variables: str) -> bytes:
    done = subprocess.run(
        [python, "-S", *options, "-c", PROGRAM, ledger.name],
        cwd=ledger.parent,
        env={"PYTHONPATH": str(tree.ROOT), "PATH": os.defpath, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return bytes.fromhex(done.stdout)


@pytest.mark.parametrize("code", LOGS)
def test_a_halt_record_is_the_same_bytes_wherever_the_log_is_replayed(
    code: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    ledger = LOGS[code](tmp_path)
    elsewhere = tmp_path / "another folder, deeper" / "log of a replica"
    shutil.copytree(ledger, elsewhere)
    here = Path(sys.executable)
    records = [
        record_of(ledger, here),
        record_of(elsewhere, here, TZ="Pacific/Kiritimati", LC_ALL="C", PYTHONHASHSEED="77"),
        record_of(elsewhere, here, "-OO", TZ="America/St_Johns", PYTHONHASHSEED="0"),
    ]
    records += [record_of(ledger, one) for one in other_pythons()]
    record_property("shown", f"halt record CIR-{code}: the same bytes in {len(records)} places")
    assert len(set(records)) == 1
    record = HaltRecord.from_bytes(records[0])
    assert record.code == code
    text = " ".join(record.facts)
    assert str(tmp_path) not in text
    assert "Traceback" not in text


# Faults of the computer: exit code 2, and no record.


def submitting(folder: Path) -> tuple[Path, list[str]]:
    """A sound ledger, and the command line that adds a packet to it."""
    honest(folder).writer.close()
    (folder / "more.toml").write_text(
        'schema = "qfs.scenario/1"\nname = "x"\nby = "operator"\n[[step]]\ndo = "open"\n'
        'account = 4294967296\nowner = "operator"\n'
    )
    key = keys(folder)["operator"]
    words = ["ledger", "submit", "ledger", "more.toml", "--key", str(key)]
    return folder / "ledger", words


def run(
    folder: Path, words: list[str], *, limit: tuple[int, int] | None = None, path: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qfs_cli.main", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{path}{os.pathsep}{tree.ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=None if limit is None else lambda: resource.setrlimit(limit[0], (limit[1],) * 2),
    )


def test_a_file_that_may_not_grow_is_a_fault_and_no_halt(tmp_path: Path) -> None:
    # RLIMIT_FSIZE is a full disk that any user can have: the write itself fails, as with ENOSPC.
    ledger, words = submitting(tmp_path)
    before = everything(ledger)
    size = (ledger / SEGMENT).stat().st_size
    done = run(tmp_path, words, limit=(resource.RLIMIT_FSIZE, size + 100))
    assert (done.returncode, EnvironmentFault.code in done.stderr) == (2, True), done.stderr
    assert log.read_halt(ledger) is None
    assert everything(ledger)[SEGMENT][:size] == before[SEGMENT]
    assert run(tmp_path, words).returncode == 0, "with room on the disk it goes on"


def test_memory_that_runs_out_is_a_fault_and_no_halt(tmp_path: Path) -> None:
    ledger, _ = submitting(tmp_path)
    os.truncate(ledger / SEGMENT, 4 << 20)  # as if preallocated: it is read window by window
    before = everything(ledger)
    program = (
        "import gc, resource, sys\n"
        "from qfs_cli import main\n"
        "sys.argv = ['qfs', 'replay', 'ledger', '--trust-signatures']\n"
        "try:\n"
        "    main.main()\n"  # imports all: one that finds no memory raises whatever Python likes
        "except SystemExit as done:\n"
        "    if done.code:\n"
        "        raise\n"
        "gc.collect()\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 500_000,) * 2)\n"  # half a window
        "main.main()\n"
    )
    kept = {"MALLOC_MMAP_THRESHOLD_": "131072"}  # what the first run freed is given back
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, **kept, "PYTHONPATH": str(tree.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, EnvironmentFault.code in done.stderr) == (2, True), done.stderr
    assert everything(ledger) == before


def test_a_library_that_is_missing_is_a_fault_and_no_halt(tmp_path: Path) -> None:
    ledger, words = submitting(tmp_path)
    before = everything(ledger)
    hidden = tmp_path / "hidden" / "cryptography"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('not installed here')\n")
    done = run(tmp_path, words, path=str(hidden.parent))
    named = any(one.code in done.stderr for one in (EnvironmentFault, ProviderFault))
    assert (done.returncode, named) == (2, True), done.stderr
    assert everything(ledger) == before
