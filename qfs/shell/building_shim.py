"""What a back-end's Python runs first, as ``sitecustomize``: it moves the clock and keeps a log.

- Copied alone into a folder on PYTHONPATH, beside ``settings.json``; imports nothing of QFS.
- Moves time.time, time_ns, localtime, gmtime, ctime, strftime and datetime's now, utcnow, today.
  Moves the times of files written since the build began, as os.stat and its kin report them.
- Makes os.cpu_count agree with the processors that the build may use.
- Sorts what os.listdir and os.scandir give, forward or backward, and numbers temporary names.
- Logs its own start with the moved time, and every program that the process starts, so that the
  report can tell for which processes the clock was moved.
"""

import datetime as dt
import json
import os
import posix
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self


def move_clock(shift: int) -> None:
    """Put this process's clock ahead by whole seconds."""
    real_time, real_ns = time.time, time.time_ns
    local, universal, text, pattern = time.localtime, time.gmtime, time.ctime, time.strftime
    ascii_time = time.asctime

    def now() -> float:
        return real_time() + shift

    time.time = now
    time.time_ns = lambda: real_ns() + shift * 10**9
    time.localtime = lambda seconds=None: local(now() if seconds is None else seconds)
    time.gmtime = lambda seconds=None: universal(now() if seconds is None else seconds)
    time.ctime = lambda seconds=None: text(now() if seconds is None else seconds)
    time.asctime = lambda moment=None: ascii_time(local(now()) if moment is None else moment)
    time.strftime = lambda form, moment=None: pattern(
        form, local(now()) if moment is None else moment
    )
    _move_datetime(dt.timedelta(seconds=shift))


def _move_datetime(shift: dt.timedelta) -> None:
    real, real_date = dt.datetime, dt.date

    class Kind(type):
        """Makes values of the real class instances of the moved one."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, real if cls.__name__ == "datetime" else real_date)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, real if cls.__name__ == "datetime" else real_date)

    class Moved(real, metaclass=Kind):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            moved = real.now(dt.UTC) + shift
            return moved.astimezone(tz) if tz else moved.astimezone().replace(tzinfo=None)

        @classmethod
        def utcnow(cls) -> Any:
            return (real.now(dt.UTC) + shift).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    class MovedDate(real_date, metaclass=Kind):  # type: ignore[misc, valid-type]
        @classmethod
        def today(cls) -> Any:
            return Moved.now().date()

    for moved, name in ((Moved, "datetime"), (MovedDate, "date")):
        moved.__name__ = moved.__qualname__ = name
        moved.__module__ = "datetime"
        setattr(dt, name, moved)


def move_file_times(since: int, shift: int, made: int | None) -> None:
    """Put the times of files written after a moment ahead, or to one moment, for this process.

    shift is in seconds; made is Unix time and goes before it. The kernel dates files by its own
    clock, which nobody can move without being root.
    """

    def changed(found: os.stat_result) -> os.stat_result:
        if made is None:
            return _moved_stat(found, since, since + shift // 2, shift)
        return _moved_stat(found, since, 2**62, made - int(found.st_mtime))

    _Entry.moved = staticmethod(changed)

    def moved(call: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def stat(*arguments: Any, **options: Any) -> os.stat_result:
            return changed(call(*arguments, **options))

        return stat

    for name in ("stat", "lstat", "fstat"):
        # The import system reads the times of sources through posix, everybody else through os.
        wrapper = _replace(name, moved(getattr(os, name)))
        setattr(posix, name, wrapper)


def _replace(name: str, wrapper: Callable[..., Any]) -> Callable[..., Any]:
    """Put a wrapper in the place of a function of os, in the lists of its abilities too."""
    original = getattr(os, name)
    for able in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
        if original in able:
            able.add(wrapper)
    setattr(os, name, wrapper)
    return wrapper


def _moved_stat(found: os.stat_result, since: int, until: int, shift: int) -> os.stat_result:
    if not since <= found.st_mtime < until:
        return found  # older than the build, or a copy that already has the moved time
    plain = list(found)
    named: dict[str, Any] = {  # what the sequence has no name for; from 3.13 on nothing else may
        name: getattr(found, name)
        for name in dir(found)
        if name.startswith("st_") and name not in found.__match_args__
    }
    for place, name in ((8, "st_mtime"), (9, "st_ctime")):
        plain[place] += shift
        named[name] += shift
        named[f"{name}_ns"] += shift * 10**9
    return os.stat_result(plain, named)


class _Entry:
    """What os.scandir yields, with the moved times of files."""

    moved: Callable[[os.stat_result], os.stat_result] = staticmethod(lambda found: found)

    def __init__(self, entry: Any) -> None:
        self._entry = entry
        self.name = entry.name
        self.path = entry.path

    def __fspath__(self) -> Any:
        return self.path

    def __repr__(self) -> str:
        return repr(self._entry)

    def inode(self) -> int:
        return int(self._entry.inode())

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return bool(self._entry.is_dir(follow_symlinks=follow_symlinks))

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return bool(self._entry.is_file(follow_symlinks=follow_symlinks))

    def is_symlink(self) -> bool:
        return bool(self._entry.is_symlink())

    def is_junction(self) -> bool:
        return False

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return _Entry.moved(self._entry.stat(follow_symlinks=follow_symlinks))


class _Listing:
    """What os.scandir returns, in a given order."""

    def __init__(self, entries: list[_Entry]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> Iterator[_Entry]:
        return self._entries

    def __next__(self) -> _Entry:
        return next(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._entries = iter(())


def order_folders(*, backward: bool) -> None:
    """Make this process list folders in the order of their names, forward or backward."""
    listdir, scandir = os.listdir, os.scandir

    def listed(path: Any = ".") -> list[Any]:
        return sorted(listdir(path), key=os.fsencode, reverse=backward)

    def scanned(path: Any = ".") -> Any:
        with scandir(path) as entries:
            found = [_Entry(entry) for entry in entries]
        return _Listing(sorted(found, key=lambda e: os.fsencode(e.name), reverse=backward))

    _replace("listdir", listed)
    _replace("scandir", scanned)


class _Numbered:
    """Names for temporary files: a number in place of chance."""

    def __init__(self) -> None:
        self._made = 0

    def __iter__(self) -> "_Numbered":
        return self

    def __next__(self) -> str:
        self._made += 1
        return f"qfs{self._made:05}"


def number_temporary_names() -> None:
    """Give temporary files of this process constant names; a name that is taken is skipped."""
    names = _Numbered()
    module: Any = tempfile
    module._name_sequence = names  # noqa: SLF001 (tempfile has no public way to name its files)
    module._get_candidate_names = lambda: names  # noqa: SLF001


def keep_log(path: str) -> Callable[[str, list[str]], None]:
    """Append one JSON line an event to the log; returns the function that does it."""

    def write(event: str, words: list[str]) -> None:
        line = json.dumps([event, os.getpid(), words])
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError:
            return
        try:
            os.write(descriptor, line.encode() + b"\n")
        finally:
            os.close(descriptor)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            executable, words = arguments[0], arguments[1]
            listed = words if isinstance(words, list | tuple) else [words]
            write("start", [_plain(executable or listed[0]), *map(_plain, listed)])
        elif event in ("os.exec", "os.posix_spawn"):
            write("start", [_plain(arguments[0]), *map(_plain, arguments[1])])
        elif event == "os.system":
            write("start", ["sh", "sh", "-c", _plain(arguments[0])])

    sys.addaudithook(watch)
    return write


def _plain(word: Any) -> str:
    return os.fsdecode(word) if isinstance(word, str | bytes | os.PathLike) else str(word)


def install() -> None:
    """Do what ``settings.json`` beside this file says."""
    with open(os.path.join(os.path.dirname(__file__), "settings.json"), "rb") as file:  # noqa: PTH118, PTH120, PTH123
        settings = json.load(file)
    write = keep_log(settings["log"])
    before = int(time.time())
    if settings["shift"]:
        move_clock(settings["shift"])
    made = settings.get("made")
    if settings["file_shift"] or made is not None:
        move_file_times(settings["since"], settings["file_shift"], made)
    order_folders(backward=settings["backward"])
    if settings["processors"]:
        processors = int(settings["processors"])
        os.cpu_count = lambda: processors
    if settings["numbered"]:
        number_temporary_names()
    write("python", [str(before), str(int(time.time())), sys.executable])


if __name__ == "sitecustomize":
    install()
