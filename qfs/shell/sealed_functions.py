"""Functions that a sealed process refuses though Python raises no audit event for them.

- Each is replaced once, before the program is imported, and asks the seal at every call: what a
  program bound with ``from time import time`` is refused as well.
- ``logging`` may date its records: it gets the constant 0.
- Runs in the watched process: the standard library alone.
"""

import builtins
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from qfs.shell.sealed import Seal, asked_by_logging, importing, is_source, telling
from qfs.shell.watched_imports import on_import, replace, replace_method

CHANGED = ("time", "posix", "os", "random", "datetime", "uuid", "secrets", "_random", "_locale",
           "_signal", "signal", "select", "_ssl", "socket", "_socket", "pwd", "grp")  # fmt: skip
_CLOCK = (
    "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
    "process_time", "process_time_ns", "thread_time", "thread_time_ns", "clock_gettime",
    "clock_gettime_ns", "clock_getres", "sleep", "get_clock_info", "pthread_getcpuclockid",
)  # fmt: skip
_LOCAL = ("localtime", "ctime", "mktime", "tzset")
_WITHOUT_ARGUMENT = {"gmtime": 0, "asctime": 0, "strftime": 1}
_OS = {
    "environment": (
        "getcwd", "getcwdb", "getpid", "getppid", "getpgid", "getpgrp", "getsid", "getuid",
        "geteuid", "getgid", "getegid", "getgroups", "getlogin", "uname", "cpu_count",
        "process_cpu_count", "sched_getaffinity", "getloadavg", "getpriority", "nice",
        "get_terminal_size", "ttyname", "ctermid", "sysconf", "confstr", "umask", "getresuid",
        "isatty",
    ),
    "clock": (
        "times",
    ),
    "random": (
        "urandom", "getrandom",
    ),
    "filesystem": (
        "stat", "lstat", "fstat", "access", "readlink", "statvfs", "fstatvfs", "read", "pread",
        "readv", "sendfile", "mkfifo", "mknod", "pipe", "pipe2", "openpty", "memfd_create",
        "eventfd", "sync", "copy_file_range", "splice",
    ),
    "process": (
        "wait", "wait3", "wait4", "waitpid", "waitid", "abort", "_exit", "setsid", "setuid",
        "setgid", "pidfd_open",
    ),
}  # fmt: skip
_RANDOM = ("random", "uniform", "triangular", "randint", "choice", "randrange", "sample", "shuffle",
           "choices", "normalvariate", "lognormvariate", "expovariate", "vonmisesvariate",
           "gammavariate", "gauss", "betavariate", "binomialvariate", "paretovariate",
           "weibullvariate", "getstate", "setstate", "getrandbits", "randbytes",
        "seed")  # fmt: skip

_SIGNALS = ("signal", "alarm", "setitimer", "getitimer", "pause", "sigwait", "sigtimedwait",
            "raise_signal", "pthread_sigmask", "set_wakeup_fd")  # fmt: skip
_SOCKETS = ("gethostname", "socketpair", "if_nameindex", "if_nametoindex")
_STARTS = ("start_new_thread", "start_new", "start_joinable_thread", "_start_new_thread",
           "_start_joinable_thread")  # fmt: skip
_MODULES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("random", "uuid", ("uuid1", "getnode", "uuid4", "uuid6", "uuid7", "uuid8")),
    ("random", "_uuid", ("generate_time_safe",)),
    ("random", "_ssl", ("RAND_bytes", "RAND_pseudo_bytes")),
    ("locale", "_locale", ("setlocale", "localeconv", "nl_langinfo", "getencoding", "strcoll",
                           "strxfrm")),
    ("clock", "select", ("select", "poll", "epoll", "devpoll", "kqueue")),
    ("process", "signal", _SIGNALS),
    ("process", "_signal", _SIGNALS),
    ("network", "socket", _SOCKETS),
    ("network", "_socket", _SOCKETS),
    ("environment", "pwd", ("getpwuid", "getpwnam", "getpwall")),
    ("environment", "grp", ("getgrgid", "getgrnam", "getgrall")),
    ("environment", "resource", ("getrusage", "getrlimit", "getpagesize")),
    ("environment", "platform", ("node", "uname", "platform", "machine", "processor", "release",
                                 "version", "system", "libc_ver", "freedesktop_os_release")),
    ("concurrency", "_thread", _STARTS),
    ("concurrency", "threading", _STARTS),
)  # fmt: skip


def install(seal: Seal) -> None:
    """Replace every function of the tables above, now or when its module is imported."""
    _time(seal)
    posix = sys.modules["posix"]
    for effect, names in _OS.items():
        for name in names:
            if hasattr(os, name):
                wrapper = _refusing(seal, f"os.{name}", effect, getattr(os, name))
                replace(os, **{name: wrapper})
                replace(posix, **{name: wrapper})
    _environment(seal)
    on_import("datetime", lambda module: _datetime(seal, module))
    on_import("random", lambda module: _random(seal, module))
    for effect, module_name, names in _MODULES:
        on_import(module_name, _Names(seal, effect, names))
    on_import("_imp", lambda module: _imp(seal, module))
    replace(builtins, input=_refusing(seal, "input", "process", builtins.input))
    stdin: Any = _Refused(seal, "sys.stdin", "filesystem", sys.stdin)
    sys.stdin = stdin


class _Names:
    """Replaces the named functions of a module."""

    def __init__(self, seal: Seal, effect: str, names: tuple[str, ...]) -> None:
        self._seal, self._effect, self._names = seal, effect, names

    def __call__(self, module: Any) -> None:
        _names(self._seal, module, self._effect, self._names)


def _refusing(
    seal: Seal, call: str, effect: str, original: Callable[..., Any]
) -> Callable[..., Any]:
    def refused(*arguments: Any, **options: Any) -> Any:
        if not seal.closed or importing():
            return original(*arguments, **options)
        if effect == "filesystem" and arguments and is_source(str(arguments[0])) and telling():
            return original(*arguments, **options)
        if effect in ("clock", "environment") and asked_by_logging():
            return 0
        return seal.refuse(call, effect)

    return refused


def _names(seal: Seal, module: Any, effect: str, names: tuple[str, ...]) -> None:
    for name in names:
        if hasattr(module, name):
            call = f"{module.__name__.lstrip('_')}.{name}"
            replace(module, **{name: _refusing(seal, call, effect, getattr(module, name))})


def _time(seal: Seal) -> None:
    _names(seal, time, "clock", _CLOCK)
    _names(seal, time, "locale", _LOCAL)
    for name, given in _WITHOUT_ARGUMENT.items():
        original = getattr(time, name)

        def dated(
            *arguments: Any, name: str = name, given: int = given, original: Any = original
        ) -> Any:
            if seal.closed and len(arguments) <= given and not asked_by_logging():
                seal.refuse(f"time.{name}", "clock")
            return original(*arguments)

        replace(time, **{name: dated})


def _datetime(seal: Seal, module: Any) -> None:
    kind, day = module.datetime, module.date

    def refuse(owner: Any, name: str, effect: str, needed: int) -> None:
        original = owner.__dict__[name]

        def method(cls: Any, *arguments: Any, **options: Any) -> Any:
            if seal.closed and len(arguments) + len(options) < needed:
                seal.refuse(f"{owner.__name__}.{name}", effect)
            return original.__get__(None, cls)(*arguments, **options)

        replace_method(owner, name, classmethod(method))

    never = 99
    refuse(kind, "now", "clock", never)
    refuse(kind, "utcnow", "clock", never)
    refuse(day, "today", "clock", never)
    refuse(kind, "fromtimestamp", "locale", 2)
    refuse(day, "fromtimestamp", "locale", never)
    astimezone, timestamp = kind.__dict__["astimezone"], kind.__dict__["timestamp"]

    def as_zone(self: Any, tz: Any = None) -> Any:
        if seal.closed and (tz is None or self.tzinfo is None):
            seal.refuse("datetime.astimezone without a zone", "locale")
        return astimezone(self, tz)

    def as_seconds(self: Any) -> Any:
        if seal.closed and self.tzinfo is None:
            seal.refuse("datetime.timestamp without a zone", "locale")
        return timestamp(self)

    replace_method(kind, "astimezone", as_zone)
    replace_method(kind, "timestamp", as_seconds)


def _random(seal: Seal, module: Any) -> None:
    for name in _RANDOM:
        if hasattr(module, name):
            call = f"random.{name}"
            replace(module, **{name: _refusing(seal, call, "random", getattr(module, name))})
    original, system = module.Random.seed, module.SystemRandom

    def seed(self: Any, a: Any = None, version: int = 2) -> None:
        if seal.closed and a is None and type(self) is not system:
            seal.refuse("random.Random() without a seed", "random")
        original(self, a, version)

    module.Random.seed = seed
    _names(seal, module, "random", ("_urandom",))
    core = sys.modules.get("_random")
    if core is not None:
        _names(seal, core, "random", ("Random",))


def _imp(seal: Seal, module: Any) -> None:
    original = module.create_builtin

    def create(spec: Any) -> Any:
        if seal.closed and spec.name in CHANGED and spec.name in sys.modules:
            seal.refuse(f"a second copy of the module {spec.name}", "native")
        return original(spec)

    replace(module, create_builtin=create)


def _environment(seal: Seal) -> None:
    kind: Any = type(os.environ)
    for name in ("__getitem__", "__iter__", "__len__", "__contains__", "keys", "copy", "__repr__"):
        if name in kind.__dict__:
            wrapped = _refusing(seal, "os.environ", "environment", kind.__dict__[name])
            setattr(kind, name, wrapped)
    for name in ("getenv", "getenvb", "get_exec_path"):
        if hasattr(os, name):
            wrapped = _refusing(seal, f"os.{name}", "environment", getattr(os, name))
            replace(os, **{name: wrapped})
    posix: Any = sys.modules["posix"]
    posix.environ = _Mapping(seal, posix.environ)


class _Mapping(dict[bytes, bytes]):
    """The system's own table of the environment."""

    def __init__(self, seal: Seal, found: dict[bytes, bytes]) -> None:
        super().__init__(found)
        self._seal = seal

    def _ask(self) -> None:
        if self._seal.closed:
            self._seal.refuse("posix.environ", "environment")

    def __getitem__(self, key: bytes) -> bytes:
        self._ask()
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[bytes]:
        self._ask()
        return super().__iter__()

    def get(self, key: bytes, default: Any = None) -> Any:
        self._ask()
        return super().get(key, default)

    def items(self) -> Any:
        self._ask()
        return super().items()

    def keys(self) -> Any:
        self._ask()
        return super().keys()

    def values(self) -> Any:
        self._ask()
        return super().values()

    def copy(self) -> Any:
        self._ask()
        return super().copy()


class _Refused:
    """Stands for an object that may not be used while the seal is closed."""

    def __init__(self, seal: Seal, call: str, effect: str, original: Any) -> None:
        self._seal, self._call, self._effect, self._original = seal, call, effect, original

    def __getattr__(self, name: str) -> Any:
        if self._seal.closed:
            self._seal.refuse(f"{self._call}.{name}", self._effect)
        return getattr(self._original, name)

    def __iter__(self) -> Any:
        if self._seal.closed:
            self._seal.refuse(self._call, self._effect)
        return iter(self._original)
