"""Records what one step of a program does, line by line, so that two runs can be laid side by side.

- One event a line that is about to run, and one a return: place, and the names whose value has
  changed since the previous event of that frame, told strictly (``watched_canonical``).
- ``sys.monitoring`` from Python 3.12 on, ``sys.settrace`` before. Only the program's own files,
  only the main thread; at most EVENTS_MAX events, so that a long step ends.
- ``first_difference`` names the line after which two recordings part.
- Source: PEP 669.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from qfs.shell.sealed import is_program_file
from qfs.shell.watched_canonical import Teller, TooLargeError

EVENTS_MAX = 50_000
_NODES_MAX = 120
_WORK_MAX = 60_000  # parts of values told in one recording; after that plain values only
_PLAIN = (int, bool, str, float, bytes, type(None))
_TEXT_MAX = 160
_SKIPPED_MAX = 100

Event = tuple[str, int, str, str, str, int, dict[str, str]]
"""File, line, function, kind, the file and line that ran before, names and what they hold."""


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


class Recorder:
    """Collects events between start and stop."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._seen: dict[int, tuple[str, int, dict[str, str]]] = {}
        self._busy = False
        self._thread = threading.get_ident()
        self._files: dict[str, bool] = {}
        self._work = _WORK_MAX

    def start(self) -> None:
        """Begin to record."""
        if sys.version_info >= (3, 12):
            _monitor(self)
        else:
            sys.settrace(self._trace)

    def stop(self) -> None:
        """End the recording."""
        if sys.version_info >= (3, 12):
            _unmonitor()
        else:
            sys.settrace(None)

    def wants(self, code: CodeType) -> bool:
        """Say whether a file belongs to the program."""
        name = code.co_filename
        if name not in self._files:
            self._files[name] = is_program_file(name)
        return self._files[name]

    def line(self, frame: FrameType, line: int) -> None:
        """Record that a line is about to run."""
        if self._hears():
            self._busy = True
            before, place = self._seen.get(id(frame), (None, None, None)), frame.f_code.co_filename
            changed = self._changes(frame, before[2] or {})
            last = (before[0], before[1]) if before[0] else _caller(frame)
            self.events.append(
                (place, line, frame.f_code.co_name, "line", last[0] or "", last[1] or 0, changed[0])
            )
            self._seen[id(frame)] = (place, line, changed[1])
            self._busy = False

    def ended(self, frame: FrameType, value: Any) -> None:
        """Record what a frame returns, and what its last line has changed.

        The frame is forgotten, for another may take its place.
        """
        before = self._seen.pop(id(frame), None)
        if self._hears():
            self._busy = True
            place = frame.f_code.co_filename
            changed = self._changes(frame, before[2])[0] if before is not None else {}
            told = {**changed, "return": self._tell(value)}
            line = frame.f_lineno
            name = frame.f_code.co_name
            self.events.append((place, line, name, "return", place, line, told))
            self._busy = False

    def _hears(self) -> bool:
        return (
            not self._busy
            and len(self.events) < EVENTS_MAX
            and threading.get_ident() == self._thread
        )

    def _changes(
        self, frame: FrameType, before: dict[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        now: dict[str, str] = {}
        module = frame.f_code.co_name == "<module>"
        for name, value in list(frame.f_locals.items()):
            if not name.startswith("__") and not (module and _is_code(value)):
                now[name] = self._tell(value)
        if not module:
            for name in frame.f_code.co_names:
                own = name in frame.f_globals and not name.startswith("__")
                if own and not _is_code(frame.f_globals[name]):
                    now.setdefault(f"global {name}", self._tell(frame.f_globals[name]))
        return {name: text for name, text in now.items() if before.get(name) != text}, now

    def _tell(self, value: Any) -> str:
        if self._work <= 0 and type(value) not in _PLAIN:
            return type(value).__name__
        text, parts = tell(value)
        self._work -= parts
        return text

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "call":
            return self._trace if self.wants(frame.f_code) else None
        if event == "line":
            self.line(frame, frame.f_lineno)
        elif event == "return":
            self.ended(frame, argument)
        return self._trace


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


def first_difference(a: list[Event], b: list[Event], *, versions: bool = False) -> Parting | None:
    """Return where two recordings part, or None if one repeats the other.

    versions: two Pythons made them, and tell some lines and names of the same step otherwise: only
    what both tell is compared, as far as they can be laid side by side.
    """
    here = there = 0
    while here < len(a) and there < len(b):
        mine, yours = a[here], b[there]
        if mine[:4] != yours[:4]:
            ahead = _beside(a[here:], b[there:]) if versions else None
            if ahead is None:
                return _parted(a[here - 1] if here else mine, mine, yours)
            here, there = here + ahead[0], there + ahead[1]
            continue
        names = [*mine[6], *[name for name in yours[6] if name not in mine[6]]]
        for name in names:
            old, new = mine[6].get(name, "unchanged"), yours[6].get(name, "unchanged")
            if old != new and not (versions and "unchanged" in (old, new)):
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


def _parted(last: Event, mine: Event, yours: Event) -> Parting:
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
