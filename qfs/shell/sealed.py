"""Refuses the outside to a machine while it runs: clock, chance, environment, files, network, ...

- ``Seal.closed`` is set around each step. Importing the program happens before, with an open seal.
- Two means, neither needing the system's help: an audit hook, which cannot be taken away again,
  and replaced functions (``sealed_functions``) for what Python raises no audit event for.
- Every refusal names the call, the line of the program and what to use instead, and is kept, so
  that a program which swallows the error is still reported.
- It cannot stop native code, nor a program that digs the replaced functions out of our closures:
  it keeps honest programs honest. Native modules that were loaded are told by ``native_modules``.
- Source: PEP 578; the audit events table of the Python library reference.
"""

import os
import sys
from collections.abc import Iterator
from typing import Any

INSTEAD = {
    "clock": "take the time from the packet (context.time_us) or from a field of the input",
    "random": "draw from the packet (context.chance(purpose)) or from random.Random(seed) with a"
    " seed that is a field of the input",
    "environment": "read the setting outside and pass it in as a field of the input",
    "locale": "give time zone and format explicitly, as a field of the input",
    "filesystem": "read the file outside and pass its content in as an input; return what is to be"
    " written as an effect",
    "network": "ask outside and pass the answer in as an input; return the request as an effect",
    "process": "run the program outside and pass its output in as an input",
    "concurrency": "do the work in one thread: the order in which threads end is not determined",
    "native": "keep native code out of the machine, or pass its result in as an input",
    "gc": "keep what you need in the state: what the collector sees is not determined",
}
_EVENTS = (
    ("socket.", "network"), ("ftplib.", "network"), ("http.client.", "network"),
    ("imaplib.", "network"), ("nntplib.", "network"), ("poplib.", "network"),
    ("smtplib.", "network"), ("telnetlib.", "network"), ("urllib.", "network"),
    ("webbrowser.", "process"), ("subprocess.", "process"), ("os.system", "process"),
    ("os.exec", "process"), ("os.spawn", "process"), ("os.posix_spawn", "process"),
    ("os.fork", "process"), ("pty.spawn", "process"), ("os.kill", "process"),
    ("os.putenv", "environment"), ("os.unsetenv", "environment"), ("resource.", "environment"),
    ("syslog.", "process"), ("builtins.input", "process"), ("builtins.breakpoint", "process"),
    ("_thread.start", "concurrency"), ("signal.", "process"),
    ("ctypes.dlopen", "native"), ("ctypes.dlsym", "native"), ("ctypes.call_function", "native"),
    ("ctypes.string_at", "native"), ("ctypes.cdata", "native"), ("gc.get_", "gc"),
    ("os.", "filesystem"), ("shutil.", "filesystem"), ("tempfile.", "filesystem"),
    ("glob.", "filesystem"), ("pathlib.", "filesystem"), ("fcntl.", "filesystem"),
    ("mmap.", "filesystem"), ("sqlite3.", "filesystem"), ("marshal.load", "native"),
)  # fmt: skip
_REFUSALS_MAX = 1_000
_HARMLESS = ("os.walk", "os.fwalk", "os.add_dll_directory")
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_STANDARD = (os.path.dirname(os.__file__) + "/",)  # noqa: PTH120
_OWN = os.path.dirname(__file__) + "/"  # noqa: PTH120 (pathlib takes longer to import than all of this)
_TELLERS = ("linecache", "traceback", "warnings", "logging", "tokenize")


class SealedError(RuntimeError):
    """The machine asked for something that is not in its input."""


class Seal:
    """Says no while it is closed."""

    def __init__(self, readable: tuple[str, ...], root: str = "") -> None:
        self._root = root
        self.closed = False
        self.step = 0
        """Number of the input that is being worked on."""
        self.refusals: list[dict[str, str | int]] = []
        self._known: set[tuple[str, str, int]] = set()
        self._readable = tuple(os.path.realpath(path) for path in readable)
        self._fresh: tuple[str, ...] = ()

    def install(self, changed_modules: tuple[str, ...]) -> None:
        """Add the audit hook; a changed module may not be loaded a second time."""
        self._fresh = changed_modules
        sys.addaudithook(self._hear)

    def refuse(self, call: str, effect: str) -> None:
        """Raise SealedError, and keep what was refused and where."""
        place = _place(self._root)
        if (call, place, self.step) not in self._known and len(self.refusals) < _REFUSALS_MAX:
            self._known.add((call, place, self.step))
            self.refusals.append(
                {
                    "input": self.step,
                    "call": call,
                    "effect": effect,
                    "place": place,
                    "instead": INSTEAD[effect],
                }
            )
        raise SealedError(f"{place}: {call} is refused in a sealed run\n  -> {INSTEAD[effect]}")

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.closed or sys.is_finalizing():
            return
        if event == "open":
            self._open(*arguments)
        elif event == "import":
            self._import(arguments[0])
        elif event not in _HARMLESS:
            for prefix, effect in _EVENTS:
                if event.startswith(prefix):
                    if effect == "filesystem" and (importing() or self._may_read(event, arguments)):
                        return
                    if event.startswith("marshal") and importing():
                        return
                    self.refuse(_named(event, arguments), effect)

    def _open(self, path: Any, mode: Any, flags: int) -> None:
        writes = bool(flags & _WRITE_FLAGS) or (isinstance(mode, str) and set(mode) & set("wax+"))
        if isinstance(path, str | bytes) and not writes:
            real = os.fsdecode(path)
            if self._inside(real) or (is_source(real) and (importing() or telling())):
                return
        self.refuse(f"open({path!r})", "filesystem")

    def _may_read(self, event: str, arguments: tuple[Any, ...]) -> bool:
        reads = event in ("os.listdir", "os.scandir") or event.startswith(("glob.", "pathlib."))
        path = arguments[0] if arguments else None
        return reads and isinstance(path, str) and self._inside(path)

    def _inside(self, path: str) -> bool:
        if not self._readable:
            return False
        was, self.closed = self.closed, False
        try:
            real = os.path.realpath(path)
        finally:
            self.closed = was
        return any(real == one or real.startswith(f"{one}/") for one in self._readable)

    def _import(self, name: str) -> None:
        if name in self._fresh and name not in sys.modules and name in _LOADED_ONCE:
            self.refuse(f"a second copy of the module {name}", "native")


# Modules that are always loaded before the seal closes, so a later load is a second copy.
_LOADED_ONCE = ("time", "posix", "os", "builtins", "_thread")


def importing() -> bool:
    """Say whether the import system is asking, for a module of the program or the library."""
    frame: Any = sys._getframe(1)  # noqa: SLF001
    for _ in range(12):
        if frame is None:
            return False
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        if not _is_ours(frame.f_code.co_filename) and not _is_standard(frame.f_code.co_filename):
            return False
        frame = frame.f_back
    return False


def telling() -> bool:
    """Say whether a traceback, a warning or a log record is being made, which reads sources."""
    frame: Any = sys._getframe(2)  # noqa: SLF001
    for _ in range(12):
        if frame is None:
            return False
        if str(frame.f_globals.get("__name__")).split(".")[0] in _TELLERS:
            return True
        frame = frame.f_back
    return False


def asked_by_logging() -> bool:
    """Say whether logging wants to date a record: it gets a constant time."""
    frame: Any = sys._getframe(2)  # noqa: SLF001
    return frame is not None and str(frame.f_globals.get("__name__")).split(".")[0] == "logging"


def native_modules() -> list[str]:
    """Return the native modules outside the standard library, and ctypes, that are loaded."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if (file.endswith((".so", ".pyd")) and not file.startswith(_STANDARD)) or (
            "site-packages" in file and file.endswith((".so", ".pyd"))
        ):
            found.append(name)
    if "ctypes" in sys.modules or "cffi" in sys.modules:
        found.append("ctypes")
    return sorted(found)


def _place(root: str) -> str:
    """Return file, line and function of the program's innermost frame."""
    for frame in _frames():
        name = frame.f_code.co_filename
        if not _is_ours(name) and not _is_standard(name) and not name.startswith("<"):
            short = name.removeprefix(f"{root}/")
            return f"{short}:{frame.f_lineno} in {frame.f_code.co_name}"
    return "outside the program"


def _frames() -> Iterator[Any]:
    frame: Any = sys._getframe(2)  # noqa: SLF001
    while frame is not None:
        yield frame
        frame = frame.f_back


def is_program_file(file: str) -> bool:
    """Say whether a file belongs to the program: neither Python's, nor installed, nor ours."""
    return not (
        file.startswith("<")
        or _is_standard(file)
        or _is_ours(file)
        or "site-packages" in file
        or "dist-packages" in file
    )


def _is_standard(file: str) -> bool:
    return file.startswith(_STANDARD) and "site-packages" not in file


def _is_ours(file: str) -> bool:
    return file.startswith(_OWN)


def is_source(path: str) -> bool:
    """Say whether a path is named like a module."""
    return path.endswith((".py", ".pyc", ".pyi", ".so")) or ".pyc." in path


def _named(event: str, arguments: tuple[Any, ...]) -> str:
    first = ""
    if arguments and isinstance(arguments[0], str | bytes | int):
        first = repr(arguments[0])
    return f"{event}({first})" if first else event
