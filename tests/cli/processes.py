"""Runs many command lines cheaply, each in a process of its own.

- A server imports the program once and forks for each command line: real processes, real exit
  codes, real file descriptors, without paying for the import every time.
- The forked process gives up root's power to read what a mode forbids, so that an unreadable
  file is unreadable for every user who runs the tests.
- The server is this file, run as a program: JSON in, JSON out.
"""

import ctypes
import importlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h


@dataclass(frozen=True, slots=True)
class Call:
    """A command line, and the folder in which it runs, which is its home as well."""

    words: tuple[str, ...]
    folder: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command line did."""

    words: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


def run_all(
    calls: list[Call], first_on_path: Path | None = None, *, columns: int = 100
) -> list[Outcome]:
    """Run each command line; return what they did, in the same order.

    first_on_path is a folder whose modules are found before the installed ones; columns is how
    wide the terminal is.
    """
    asked = json.dumps([asdict(call) for call in calls])
    environment = {
        "PATH": os.environ["PATH"],
        "COLUMNS": str(columns),
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(
            [*([str(first_on_path)] if first_on_path else []), str(Path(__file__).parents[2])]
        ),
    }
    answer = subprocess.run(
        [sys.executable, __file__],
        input=asked,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Outcome(**{**one, "words": tuple(one["words"])}) for one in json.loads(answer.stdout)]


def serve() -> None:
    """Read command lines, run each in a forked process, write what they did."""
    from qfs_cli import commands, main  # noqa: PLC0415 (the importing process does not need it)

    for name in commands.COMMANDS:  # imported once, not in each child
        importlib.import_module(f"{commands.__name__}.{name}")

    calls = [Call(tuple(one["words"]), one["folder"]) for one in json.loads(sys.stdin.read())]
    json.dump([asdict(_run(call, main.main)) for call in calls], sys.stdout)


def _run(call: Call, program) -> Outcome:
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _become(call, stdout.fileno(), stderr.fileno())
            code = 70
            try:
                program()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        stdout.seek(0)
        stderr.seek(0)
        return Outcome(
            call.words,
            os.waitstatus_to_exitcode(status),
            stdout.read().decode("utf-8", "replace"),
            stderr.read().decode("utf-8", "replace"),
        )


def _become(call: Call, stdout: int, stderr: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.chdir(call.folder)
    os.environ["HOME"] = call.folder
    sys.argv = ["qfs", *call.words]
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None).capset(header, nothing)


if __name__ == "__main__":
    serve()
