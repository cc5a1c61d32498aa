"""A process that is killed before its n-th step on the disk: SIGKILL, so nothing is cleaned up.

- Run as a program: ``killing.py N CALL ARGUMENT...``; CALL is a key of CALLS.
- It prints how many steps it took when it was not killed.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

STEPS = (
    *("close", "fdatasync", "fsync", "ftruncate", "link", "mkdir", "open", "posix_fallocate"),
    *("pwrite", "pwritev", "rename", "replace", "unlink", "write", "writev"),
)


def count_and_kill(limit: int) -> list[str]:
    """Wrap what changes a disk; before step number limit the process kills itself."""
    taken: list[str] = []

    def wrapped(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            if name == "open" and not args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return call(*args, **kwargs)
            if len(taken) == limit:
                os.kill(os.getpid(), signal.SIGKILL)
            taken.append(name)
            return call(*args, **kwargs)

        return step

    for name in STEPS:
        if hasattr(os, name):
            setattr(os, name, wrapped(name, getattr(os, name)))
    return taken


def resume(ledger: str, *keys: str) -> None:
    """End a ledger's halt."""
    from qfs.app import halt  # noqa: PLC0415 (what is imported before the count is not counted)

    halt.resume(halt.ResumeRequest(Path(ledger), tuple(Path(key) for key in keys)))


def submit(ledger: str, scenario: str, *keys: str) -> None:
    """Submit a scenario."""
    from qfs.app import submission  # noqa: PLC0415
    from qfs.halt import Halt  # noqa: PLC0415

    request = submission.SubmitRequest(
        Path(ledger), Path(scenario), tuple(Path(key) for key in keys)
    )
    try:
        submission.submit(request)
    except Halt as halted:
        sys.stdout.write(f"{halted.code.value}\n")


CALLS = {"resume": resume, "submit": submit}

if __name__ == "__main__":
    import qfs.app.halt
    import qfs.app.submission
    import qfs.shell.providers.pqcrypto_  # noqa: F401 (imports open files, and are no steps)

    limit, name, *rest = sys.argv[1:]
    steps = count_and_kill(int(limit))
    CALLS[name](*rest)
    sys.stdout.write(f"{len(steps)}\n")
