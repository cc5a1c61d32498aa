"""What runs first inside the environment of a build: lays out the source, then becomes the hook.

- Run alone as ``python -I -S``; imports nothing of QFS, and little else: every build waits for it.
  Its one argument is a file that marshal wrote, which every Python reads without an import.
- Files are created one by one in the given order, under the build's umask: on a file system that
  lists in creation order the order varies, and the modes are those of a fresh checkout.
- Outside a sandbox a guardian stays behind, the parent of whatever leaves its own (Linux's child
  subreaper): when the hook ends, or SIGTERM comes, it ends all that the hook has started, its
  process group at one stroke, so that forking faster helps nobody.
- Limits: no core dump, files of at most 4 GiB, the CPU time of the time limit.
"""

import marshal
import os
import resource
import signal
import sys

TYPE_CHECKING = False  # typing says so, and takes longer to import than all the rest
if TYPE_CHECKING:
    from typing import Any

_UNAME26 = 0x0020000  # linux/personality.h
_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def main() -> None:
    """Lay out the source and replace this process by the hook's."""
    with open(sys.argv[1], "rb") as file:  # noqa: PTH123 (os alone starts faster than pathlib)
        task = marshal.load(file)  # noqa: S302 (written by who started this)
    if task["guarded"]:
        _guard()
    os.umask(task["umask"])
    _lay_out(task)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 30, 4 << 30))
    seconds = task["seconds"] + 5
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if task["processors"]:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: task["processors"]])
    if task["old_kernel"]:
        _libc().personality(_UNAME26)
    if task["process_numbers"]:
        _move_on(task["process_numbers"])
    os.chdir(task["to"])
    os.execve(task["command"][0], task["command"], task["environment"])  # noqa: S606 (no shell wanted)


def _libc() -> "Any":
    import ctypes  # noqa: PLC0415 (most builds need not wait for it)

    return ctypes.CDLL(None)


class _Stopped(Exception):  # noqa: N818 (it is no error)
    """SIGTERM came."""


def _stop(_number: int, _frame: object) -> None:
    raise _Stopped


def _guard() -> None:
    """Go on in a child; stay behind until it ends, end all that it started, and end as it did."""
    _libc().prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        return
    code = 1
    try:
        signal.signal(signal.SIGTERM, _stop)
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        if ended is not None and ended.si_code == os.CLD_EXITED:
            code = ended.si_status
    except _Stopped:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_all(child)
        os._exit(code)


def _end_all(group: int) -> None:
    """Kill a group whose first process is not waited for, then every child until there is none.

    What a killed process leaves behind becomes a child.
    """
    try:  # noqa: SIM105 (contextlib is one more module to wait for)
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:  # stopped before the child had made its group
        pass
    while True:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return


def _children() -> list[int]:
    """Return the children of this process, dead ones too."""
    own, found = os.getpid(), []
    for name in os.listdir("/proc"):  # noqa: PTH208
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                parent = file.read().rpartition(b")")[2].split()[1]
        except OSError:
            continue  # no process, or one that has ended meanwhile
        if int(parent) == own:
            found.append(int(name))
    return found


def _move_on(numbers: int) -> None:
    """Use up process numbers, then go on in a child, and end as it ends."""
    for _ in range(numbers):
        try:
            os.posix_spawn(
                "/", ["/"], {}
            )  # a number is taken before the folder turns out to be one
        except OSError:
            continue
    child = os.fork()
    if child == 0:
        return
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _lay_out(task: "dict[str, Any]") -> None:
    start, end, times = task["from"], task["to"], task["time"]
    for folder in (*task["folders"], end):
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    for number, (name, executable, target) in enumerate(task["files"]):
        path = os.path.join(end, name)  # noqa: PTH118
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        if target is not None:
            os.symlink(target, path)  # noqa: PTH211
            continue
        _copy(os.path.join(start, name), path)  # noqa: PTH118
        if executable:
            os.chmod(path, 0o777 & ~task["umask"])  # noqa: PTH101
        if name in task["modes"]:
            os.chmod(path, task["modes"][name])  # noqa: PTH101
        usual = times if task["clamp"] else times + 3 * number
        moment = task["times"].get(name, usual)
        os.utime(path, (moment, moment))
    for folder, _, _ in os.walk(end):
        os.utime(folder, (times, times))


def _copy(start: str, end: str) -> None:
    """Copy what is in a file; shutil, which could do it too, takes longer to import."""
    with open(start, "rb") as source, open(end, "wb") as target:  # noqa: PTH123
        while os.sendfile(target.fileno(), source.fileno(), None, 1 << 30):
            pass


if __name__ == "__main__":
    main()
