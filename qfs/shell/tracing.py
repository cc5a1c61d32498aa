"""Records what one step of a program does, line by line, so that two runs can be laid side by side.

- One event a line that is about to run, and one a return: place, and the names whose value has
  changed since the previous event of that frame, told strictly (``watched_canonical``).
- ``sys.monitoring`` from Python 3.12 on, ``sys.settrace`` before. Only the program's own files;
  at most EVENTS_MAX events a thread, and of a line that a function of another thread repeats the
  first REPEATS_MAX, so that a long step ends.
- ``first_difference`` names the line after which two recordings of the first thread part; of the
  others ``tracing_threads`` does.
- Source: PEP 669.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from qfs.shell.sealed import is_program_file
from qfs.shell.watched_canonical import Teller, TooLargeError

EVENTS_MAX = 50_000
THREADS_MAX = 16
REPEATS_MAX = 200
SHARED = "shared "
"""Before the name of what a thread has not bound itself, and finds changed."""
_NODES_MAX = 120
_WORK_MAX = 60_000  # parts of values told in one recording; after that plain values only
_PLAIN = (int, bool, str, float, bytes, type(None))
_TEXT_MAX = 160
_SKIPPED_MAX = 100

Event = tuple[str, int, str, str, str, int, dict[str, str], str]
"""File, line, function, kind, the file and line that ran before, names and what they hold, the name
of the thread; empty for the one that records."""


@dataclass(frozen=True, slots=True)
class Parting:
    """Where two recordings part."""

    file: str
    line: int
    function: str
    name: str
    """What differs: a variable, ``return``, or empty where the next lines differ."""
    expected: str
    actual: str
    next_line: int = 0
    """The line that the first recording goes on with, where the next lines differ."""


class _Thread(threading.local):
    """What a recorder knows of one thread."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self.number = next(numbers)
        """0 for the thread that records, others in the order in which they come by."""
        self.name = threading.current_thread().name if self.number else ""
        self.busy = False
        self.left = EVENTS_MAX if self.number < THREADS_MAX else 0
        self.work = _WORK_MAX
        self.repeats: dict[tuple[int, int], int] = {}
        """By frame and line."""


@dataclass(slots=True)
class _Seen:
    """A frame as it was at its last event."""

    file: str
    line: int
    told: dict[str, str]
    objects: dict[str, int]
    """The identity of what each name held."""


class Recorder:
    """Collects events between start and stop."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._seen: dict[int, _Seen] = {}
        self._on = False
        self._thread = _Thread(count())
        self._owners: dict[int, int] = {}
        """The thread that an object was seen in first; -1 when another has seen it too."""
        self._files: dict[str, bool] = {}
        self._before: Any = None
        """What traces threads besides."""

    def start(self) -> None:
        """Begin to record."""
        self._on = True
        if sys.version_info >= (3, 12):
            _monitor(self)
        else:
            self._before = threading.gettrace()
            threading.settrace(self._begin)
            sys.settrace(self._trace)

    def stop(self) -> None:
        """End the recording; a thread that goes on is not heard any more."""
        self._on = False
        if sys.version_info >= (3, 12):
            _unmonitor()
        else:
            sys.settrace(None)
            threading.settrace(self._before)

    def wants(self, code: CodeType) -> bool:
        """Say whether a file belongs to the program."""
        name = code.co_filename
        if name not in self._files:
            self._files[name] = is_program_file(name)
        return self._files[name]

    def line(self, frame: FrameType, line: int) -> None:
        """Record that a line is about to run."""
        if self._hears():
            before, place = self._seen.get(id(frame)), frame.f_code.co_filename
            if before is not None and self._repeats(frame, line):
                before.file, before.line = place, line
                return
            self._thread.busy = True
            told, objects = self._names(frame)
            last = _caller(frame) if before is None else (before.file, before.line)
            changed = self._changed(before, told, objects)
            self._put(place, line, frame.f_code.co_name, "line", *last, changed)
            self._seen[id(frame)] = _Seen(place, line, told, objects)
            self._thread.busy = False

    def ended(self, frame: FrameType, value: Any) -> None:
        """Record what a frame returns, and what its last line has changed.

        The frame is forgotten, for another may take its place.
        """
        before = self._seen.pop(id(frame), None)
        if self._hears():
            self._thread.busy = True
            place, line = frame.f_code.co_filename, frame.f_lineno
            names = {} if before is None else self._changed(before, *self._names(frame))
            told = {**names, "return": self._tell(value)}
            self._put(place, line, frame.f_code.co_name, "return", place, line, told)
            self._thread.busy = False
            if self._thread.number:
                self._thread.repeats.clear()

    def _put(self, *event: Any) -> None:
        self._thread.left -= 1
        self.events.append((*event, self._thread.name))

    def _hears(self) -> bool:
        return self._on and not self._thread.busy and self._thread.left > 0

    def _repeats(self, frame: FrameType, line: int) -> bool:
        """Say whether another thread's function has been at a line too often to be told again."""
        if not self._thread.number:
            return False
        times = self._thread.repeats
        times[id(frame), line] = times.get((id(frame), line), 0) + 1
        return times[id(frame), line] > REPEATS_MAX

    def _changed(
        self, before: _Seen | None, told: dict[str, str], objects: dict[str, int]
    ) -> dict[str, str]:
        """Return the names whose values have changed; in another thread, those of others marked."""
        if before is None:
            return told
        changed = [name for name in told if before.told.get(name) != told[name]]
        if not self._thread.number:
            return {name: told[name] for name in changed}
        same = [
            name
            for name in changed
            if before.objects.get(name) == objects[name] and self._owners.get(objects[name], -1) < 0
        ]
        return {f"{SHARED}{name}" if name in same else name: told[name] for name in changed}

    def _names(self, frame: FrameType) -> tuple[dict[str, str], dict[str, int]]:
        """Return what each name of a frame holds, told, and its identity; 0 for one not its own."""
        code = frame.f_code
        module = code.co_name == "<module>"
        held: dict[str, Any] = {
            name: value
            for name, value in list(frame.f_locals.items())
            if not name.startswith("__") and not (module and _is_code(value))
        }
        own = len(held)
        if not module:
            for name in code.co_names:
                known = name in frame.f_globals and not name.startswith("__")
                if known and not _is_code(frame.f_globals[name]):
                    held.setdefault(f"global {name}", frame.f_globals[name])
        free = code.co_freevars
        objects = {
            name: 0 if place >= own or name in free else id(value)
            for place, (name, value) in enumerate(held.items())
        }
        for value in held.values():
            number = self._thread.number
            if self._owners.setdefault(id(value), number) != number:
                self._owners[id(value)] = -1
        return {name: self._tell(value) for name, value in held.items()}, objects

    def _tell(self, value: Any) -> str:
        if self._thread.work <= 0 and type(value) not in _PLAIN:
            return type(value).__name__
        text, parts = tell(value)
        self._thread.work -= parts
        return text

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "call":
            return self._trace if self.wants(frame.f_code) else None
        if event == "line":
            self.line(frame, frame.f_lineno)
        elif event == "return":
            self.ended(frame, argument)
        return self._trace

    def _begin(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Begin to trace a new thread, beside what traces it already."""
        other = None if self._before is None else self._before(frame, event, argument)
        both = self._trace if other is None else _Both(self, other)
        sys.settrace(both)
        return both(frame, event, argument)


class _Both:
    """Traces a thread for a recorder, and for another that may end."""

    def __init__(self, recorder: Recorder, other: Any) -> None:
        self._recorder = recorder
        self._other = other

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self._other is not None:
            self._other = self._other(frame, event, argument)
            if self._other is None:
                sys.settrace(self)
        if self._recorder.wants(frame.f_code):
            if event == "line":
                self._recorder.line(frame, frame.f_lineno)
            elif event == "return":
                self._recorder.ended(frame, argument)
        return self


def first_return(call: Callable[[], object], holds: Callable[[Any], bool], below: Path) -> str:
    """Return the first line, ``file.py:17``, that returns a value for which something holds.

    Only functions of files below a folder are looked at; empty when none returns such a value.
    """
    found: list[str] = []

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        place = frame.f_code.co_filename
        if found or not place.startswith(str(below)):
            return None
        if event == "return" and holds(argument):
            found.append(f"{Path(place).relative_to(below.parent).as_posix()}:{frame.f_lineno}")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return found[0] if found else ""


def tell(value: Any) -> tuple[str, int]:
    """Return a short text that differs when the value does, and how many parts were told."""
    teller = Teller(nodes_max=_NODES_MAX)
    try:
        teller.tell(value)
    except TooLargeError:
        pass
    except RecursionError:
        return "too deep", _NODES_MAX
    text = ", ".join([leaf for _, leaf in teller.leaves])
    parts = 1 + len(teller.leaves)
    if len(text) <= _TEXT_MAX:
        return text, parts
    rest = sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{text[:_TEXT_MAX]}... {rest}", parts


def first_difference(
    a: list[Event], b: list[Event], *, versions: bool = False, without: tuple[str, ...] = ()
) -> Parting | None:
    """Return where two recordings part in their first thread, or None if one repeats the other.

    versions: two Pythons made them, and tell some lines and names of the same step otherwise: only
    what both tell is compared, as far as they can be laid side by side. Values in whose text one of
    without stands are left out.
    """
    a, b = [[one for one in side if not one[7]] for side in (a, b)]
    here = there = 0
    while here < len(a) and there < len(b):
        mine, yours = a[here], b[there]
        if mine[:4] != yours[:4]:
            ahead = _beside(a[here:], b[there:]) if versions else None
            if ahead is None:
                return parted(a[here - 1] if here else mine, mine, yours)
            here, there = here + ahead[0], there + ahead[1]
            continue
        names = [*mine[6], *[name for name in yours[6] if name not in mine[6]]]
        for name in names:
            old, new = mine[6].get(name, "unchanged"), yours[6].get(name, "unchanged")
            known = not (versions and "unchanged" in (old, new))
            if old != new and known and not any(word in old + new for word in without):
                file, line = (mine[4], mine[5]) if mine[4] else (mine[0], mine[1])
                function = mine[2] if file == mine[0] else ""
                return Parting(file, line, function, name, old, new)
        here, there = here + 1, there + 1
    if len(a) - here != len(b) - there and not versions:
        longer = a if len(a) > len(b) else b
        after = longer[min(len(a), len(b)) - 1] if a and b else longer[0]
        return Parting(after[0], after[1], after[2], "", f"{len(a)} lines", f"{len(b)} lines")
    return None


def _beside(a: list[Event], b: list[Event]) -> tuple[int, int] | None:
    """Return how many events to skip on one side to meet the other again; None for too many."""
    for skipped in range(1, _SKIPPED_MAX):
        if skipped < len(a) and a[skipped][:4] == b[0][:4]:
            return skipped, 0
        if skipped < len(b) and a[0][:4] == b[skipped][:4]:
            return 0, skipped
    return None


def parted(last: Event, mine: Event, yours: Event) -> Parting:
    """Return that two recordings go on with other lines after an event."""
    return Parting(
        *(last[0], last[1], last[2], ""),
        *(f"line {mine[1]} is next", f"line {yours[1]} is next"),
        mine[1] if mine[0] == last[0] else 0,
    )


def _caller(frame: FrameType) -> tuple[str, int]:
    back = frame.f_back
    if back is None or not is_program_file(back.f_code.co_filename):
        return "", 0
    return back.f_code.co_filename, back.f_lineno


def _is_code(value: Any) -> bool:
    return callable(value) or type(value).__name__ in ("module", "_Feature")


def _monitor(recorder: Recorder) -> None:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    events, tool = monitoring.events, monitoring.PROFILER_ID
    monitoring.use_tool_id(tool, "qfs")

    def line(code: CodeType, number: int) -> Any:
        if not recorder.wants(code):
            return monitoring.DISABLE
        return recorder.line(sys._getframe(1), number)  # noqa: SLF001

    def ended(code: CodeType, _offset: int, value: Any) -> Any:
        if not recorder.wants(code):
            return monitoring.DISABLE
        return recorder.ended(sys._getframe(1), value)  # noqa: SLF001

    def unwound(code: CodeType, _offset: int, _error: BaseException) -> Any:
        # This event cannot be disabled for one place.
        if recorder.wants(code):
            recorder.ended(sys._getframe(1), None)  # noqa: SLF001

    monitoring.register_callback(tool, events.LINE, line)
    monitoring.register_callback(tool, events.PY_RETURN, ended)
    monitoring.register_callback(tool, events.PY_YIELD, ended)
    monitoring.register_callback(tool, events.PY_UNWIND, unwound)
    wanted = events.LINE | events.PY_RETURN | events.PY_YIELD | events.PY_UNWIND
    monitoring.set_events(tool, wanted)


def _unmonitor() -> None:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    monitoring.set_events(monitoring.PROFILER_ID, 0)
    monitoring.free_tool_id(monitoring.PROFILER_ID)
