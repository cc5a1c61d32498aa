"""Waits for one process of a build, and stops it where it must not go on.

- Three things stop it: the time limit, more processes at once than any build needs, and somebody
  who wants the build no more.
- Processes are counted from outside, by who started whom, so that nothing in a sandbox can keep
  them from being seen; a limit of the kernel's (RLIMIT_NPROC) would not hold for root, and without
  a sandbox it would count what the user runs besides.
- Source: pidfd_open(2), proc(5), getrlimit(2).
"""

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

PROCESSES_MAX = 1_024
"""A build on 128 processors, with a shell, a driver, a compiler and an assembler on each, has half
of that."""
_LOOK = 0.2
"""Seconds between two looks at the processes."""
_SHARE = 20
"""A look that takes long, because the machine has many processes, is taken as much less often."""
_GRACE = 10
"""Seconds that a guardian has to end what it guards."""


class Stopped(Exception):  # noqa: N818 (it is no error of this program)
    """The process was stopped, and why."""

    def __init__(self, why: str, way_out: str = "") -> None:
        super().__init__(f"{why}: stopped")
        self.way_out = way_out


def ended(process: subprocess.Popen[bytes], seconds: int, called_off: threading.Event) -> int:
    """Return a process's exit code as soon as it ends; raises Stopped, and then it has ended too.

    What it started is ended with it, by its sandbox or its guardian.
    """
    try:
        return _waited(process, seconds, called_off)
    finally:
        _end_session(process)


def _waited(process: subprocess.Popen[bytes], seconds: int, called_off: threading.Event) -> int:
    until = time.monotonic() + seconds
    pause = _LOOK
    while not _ends(process, min(pause, until - time.monotonic())):
        if called_off.is_set():
            raise Stopped("called off")
        if time.monotonic() >= until:
            raise Stopped(f"no end after {seconds} s", "mend what it waits for, or raise --timeout")
        before = time.monotonic()
        if processes_of(process.pid) > PROCESSES_MAX:
            raise Stopped(
                f"more than {PROCESSES_MAX} processes at once", "mend it so that it starts fewer"
            )
        pause = max(_LOOK, _SHARE * (time.monotonic() - before))
    return process.wait(0)


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Say whether a process ends within so many seconds.

    Popen.wait alone looks every 50 ms, which is a tenth of a small build.
    """
    with contextlib.suppress(OSError):  # a kernel before 5.3 has no process descriptors
        descriptor = os.pidfd_open(process.pid)
        try:
            wanted = select.poll()
            wanted.register(descriptor, select.POLLIN)
            return bool(wanted.poll(max(0.0, seconds) * 1000))
        finally:
            os.close(descriptor)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, seconds))
    return process.returncode is not None


def processes_of(root: int) -> int:
    """Return how many processes descend from one, itself among them."""
    children: dict[int, list[int]] = {}
    for each in _processes():
        children.setdefault(each.parent, []).append(each.number)
    found, todo = 0, [root]
    while todo:
        found += 1
        todo += children.get(todo.pop(), ())
    return found


class _Process(NamedTuple):
    number: int
    parent: int
    group: int
    session: int
    dead: bool
    """Whether nobody has waited for it yet."""


def _processes() -> Iterator[_Process]:
    """Give every process of the machine that this user may see; none without Linux's /proc."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 (a name is all that is wanted of each)
    except OSError:
        return
    for name in names:
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 (of hundreds, often)
                fields = file.read().rpartition(b")")[2].split(None, 4)
        except OSError:
            continue  # it has ended meanwhile
        if len(fields) == 5:
            parent, group, session = map(int, fields[1:4])
            yield _Process(int(name), parent, group, session, fields[0] in (b"Z", b"X"))


def _end_session(process: subprocess.Popen[bytes]) -> None:
    """End a process, and what it guards; kill its session if it did not end by itself."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    until = time.monotonic() + _GRACE
    while (process.returncode is None or process.returncode < 0) and time.monotonic() < until:
        left = {one.group for one in _processes() if one.session == process.pid and not one.dead}
        if not left:
            break
        for group in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
    process.wait()
