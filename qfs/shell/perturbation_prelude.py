"""What a watched process does to itself before the program under test is imported.

- Clock: a virtual one that begins at a given moment and advances by a millisecond a reading, or
  stands still, or the machine's own, shifted. Sleeping puts a virtual clock forward.
- Chance: the system's entropy and unseeded generators are drawn from a given stream, or real.
- Folders are listed forward, backward or shuffled; the number of CPUs, the process and host names,
  the user, the garbage collector and the scheduling of threads are as told.
- Names of environment variables that the program reads are kept, so that they can be varied.
- Runs in the watched process: the standard library alone.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from qfs.shell.watched_imports import on_import, replace, replace_method

STEP_NS = 1_000_000  # one millisecond a reading
FROZEN_READINGS = 10_000  # then a second a reading, so that who waits for the clock does not hang
_FILE_CLOCK_NS = 20_000_000  # a file system's clock may lag the system's by one tick
_REAL_SLEEP = time.sleep
_SCATTERED = 400  # blocks of each size: more than are free after the start
_KEPT: list[bytes] = []
_NOISE_EVENTS = 50_000  # then a thread is left alone, so that a long one ends
# CPython 3.12 crashes when several threads are traced opcode by opcode; lines do as well there.
_BETWEEN_OPCODES = sys.version_info[:2] != (3, 12)
_NOISE_EVENTS_IN_ALL = 400_000  # then all are, so that many end
# Modules that wait for the outside: a clock that stands still would make them wait for ever.
_WAITING = ("asyncio", "threading", "queue", "selectors", "socket", "subprocess", "concurrent",
            "multiprocessing", "sched")  # fmt: skip
_LIBRARIES = (os.path.dirname(os.__file__) + os.sep, "<frozen ")  # noqa: PTH120
_ACCESSORS = ("<frozen os>", "<frozen _collections_abc>", f"{_LIBRARIES[0]}os.py",
              f"{_LIBRARIES[0]}_collections_abc.py", __file__)  # fmt: skip

environment_reads: dict[str, bool] = {}
"""Names of environment variables that were asked for, in order, and whether libraries alone asked;
``*`` for all variables."""
threads_started = [0]
_rewinds: list[Callable[[], None]] = []


def rewind() -> None:
    """Put virtual clock and chance back to their beginnings, for another pass."""
    for one in _rewinds:
        one()


def apply(settings: dict[str, Any]) -> None:
    """Change this process as the settings say."""
    if settings.get("umask") is not None:
        os.umask(settings["umask"])
    if settings.get("recursion"):
        sys.setrecursionlimit(max(settings["recursion"], sys.getrecursionlimit()))
    if settings.get("digits") is not None:
        sys.set_int_max_str_digits(settings["digits"])
    if settings.get("switch_us"):
        sys.setswitchinterval(settings["switch_us"] / 1_000_000)
    if settings.get("clock") is not None:
        clock = Clock(**settings["clock"])
        change_file_times(clock)
        change_clock(clock)
    if settings.get("entropy"):
        change_entropy(Entropy(settings["entropy"]))
    change_listing(settings.get("listing", "forward"))
    if settings.get("cpus"):
        change_cpus(settings["cpus"])
    change_identity(settings.get("process"), settings.get("host"), settings.get("user"))
    if settings.get("noise"):
        make_noise(settings["noise"])
    on_import("threading", count_threads)
    if settings.get("scattered"):
        scatter()
    keep_environment_reads()


def count_threads(module: Any) -> None:
    """Count the threads that the program starts."""
    original = module.Thread.start

    def start(self: Any) -> None:
        threads_started[0] += 1
        original(self)

    module.Thread.start = start


class Clock:
    """Nanoseconds since 1970, virtual or running."""

    def __init__(self, start_ns: int, *, running: bool, frozen: bool = False) -> None:
        self._now = start_ns
        self._running = running
        self._frozen = frozen
        self._readings = 0
        self._shift = start_ns - time.time_ns()
        self._real = time.time_ns
        self._real_monotonic = time.monotonic_ns
        self._start = start_ns
        self._monotonic_shift = 1_000_000_000_000 - time.monotonic_ns()

    def rewind(self) -> None:
        """Begin again."""
        self._now = self._start
        self._readings = 0

    def wall(self) -> int:
        """Return the time of day."""
        if self._running:
            return self._real() + self._shift
        self._readings += 1
        if not self._frozen:
            self._now += STEP_NS
        elif self._readings > FROZEN_READINGS:
            self._now += 10**9
        return self._now

    def written(self, real_ns: int) -> int:
        """Return the time of a file, by this clock, that this process has written."""
        return real_ns + self._shift if self._running else self._start

    def monotonic(self, depth: int = 2) -> int:
        """Return a time that only grows; modules that wait for the outside get a real one."""
        asking = sys._getframe(depth).f_globals.get("__name__", "")  # noqa: SLF001
        if self._running or str(asking).split(".")[0] in _WAITING:
            return self._real_monotonic() + self._monotonic_shift
        return self.wall() - self._start + 1_000_000_000_000

    def sleep(self, seconds: float) -> None:
        """Wait; alone in the process, only the virtual clock does."""
        threading = sys.modules.get("threading")
        alone = threading is None or threading.active_count() == 1
        if not self._running:
            self._now += int(seconds * 10**9)
        _REAL_SLEEP(0 if alone and not self._running else seconds)


def change_clock(clock: Clock) -> None:
    """Make every clock of the standard library read this one."""
    _rewinds.append(clock.rewind)
    local, universal, text, form, ascii_ = (
        time.localtime,
        time.gmtime,
        time.ctime,
        time.strftime,
        time.asctime,
    )

    def now(seconds: float | None) -> float:
        return clock.wall() / 10**9 if seconds is None else seconds

    def gettime_ns(which: int) -> int:
        return clock.wall() if which == time.CLOCK_REALTIME else clock.monotonic()

    replace(
        time,
        time=lambda: clock.wall() / 10**9,
        time_ns=clock.wall,
        sleep=clock.sleep,
        clock_gettime=lambda which: gettime_ns(which) / 10**9,
        clock_gettime_ns=gettime_ns,
        localtime=lambda seconds=None: local(now(seconds)),
        gmtime=lambda seconds=None: universal(now(seconds)),
        ctime=lambda seconds=None: text(now(seconds)),
        asctime=lambda moment=None: ascii_(local(now(None)) if moment is None else moment),
        strftime=lambda pattern, moment=None: form(
            pattern, local(now(None)) if moment is None else moment
        ),
    )
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        replace(
            time,
            **{
                name: lambda: clock.monotonic(2) / 10**9,
                f"{name}_ns": lambda: clock.monotonic(2),
            },
        )
    on_import("datetime", lambda module: _change_datetime(module, clock))


def change_file_times(clock: Clock) -> None:
    """Tell the times of files that are written from now on by this clock."""
    began = time.time_ns() - _FILE_CLOCK_NS

    def timed(original: Callable[..., Any]) -> Callable[..., Any]:
        def stat(*given: Any, **named: Any) -> Any:
            kind, (fields, extra) = original(*given, **named).__reduce__()
            ordered = list(fields)
            for place, name in ((7, "st_atime"), (8, "st_mtime"), (9, "st_ctime")):
                if extra[f"{name}_ns"] >= began:
                    moved = clock.written(extra[f"{name}_ns"])
                    extra = {**extra, f"{name}_ns": moved, name: moved / 10**9}
                    ordered[place] = moved // 10**9
            return kind(ordered, extra)

        for group in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
            if original in group:
                group.add(stat)
        return stat

    replace(os, stat=timed(os.stat), lstat=timed(os.lstat), fstat=timed(os.fstat))


def _change_datetime(module: Any, clock: Clock) -> None:
    kind, day = module.datetime, module.date

    def now(cls: Any, tz: Any = None) -> Any:
        seconds, rest = divmod(clock.wall() // 1000, 10**6)
        return cls.fromtimestamp(seconds, tz).replace(microsecond=rest)

    def utcnow(cls: Any) -> Any:
        return now(cls, module.timezone.utc).replace(tzinfo=None)

    replace_method(kind, "now", classmethod(now))
    replace_method(kind, "utcnow", classmethod(utcnow))
    replace_method(day, "today", classmethod(lambda cls: cls.fromtimestamp(clock.wall() / 10**9)))


class Entropy:
    """A stream of bytes that is the same for the same name."""

    def __init__(self, name: str) -> None:
        self._seed = name.encode()
        self._count = 0

    def rewind(self) -> None:
        """Begin again."""
        self._count = 0

    def take_with_flags(self, count: int, flags: int = 0) -> bytes:  # noqa: ARG002 (os.getrandom)
        """Return that many bytes, whether or not the system would have to wait."""
        return self.take(count)

    def take(self, count: int) -> bytes:
        """Return that many bytes."""
        out = b""
        while len(out) < count:
            self._count += 1
            out += sha256(self._seed + self._count.to_bytes(8, "little")).digest()
        return out[:count]


def change_entropy(entropy: Entropy) -> None:
    """Draw the system's entropy, and what seeds generators, from the stream."""
    _rewinds.append(entropy.rewind)
    posix = sys.modules["posix"]
    for module in (os, posix):
        replace(
            module,
            urandom=entropy.take,
            getrandom=entropy.take_with_flags,
        )

    def change_random(module: Any) -> None:
        original = module.Random.seed

        def seed(self: Any, a: Any = None, version: int = 2) -> None:
            original(self, int.from_bytes(entropy.take(32), "big") if a is None else a, version)

        module.Random.seed = seed
        replace(module, _urandom=entropy.take)
        instance = module._inst  # noqa: SLF001 (the generator behind random.random)
        instance.seed()
        module.seed = instance.seed
        _rewinds.append(instance.seed)

    def change_uuid(module: Any) -> None:
        module._generate_time_safe = None  # noqa: SLF001 (libuuid reads clock and chance itself)
        module._node = 0x0200_0000_0001  # noqa: SLF001

    def change_tempfile(module: Any) -> None:
        _rewinds.append(lambda: setattr(module, "_name_sequence", None))

    on_import("tempfile", change_tempfile)
    on_import("random", change_random)
    on_import("uuid", change_uuid)


def change_listing(order: str) -> None:
    """List folders forward, backward or shuffled by name."""
    listdir, scandir = os.listdir, os.scandir

    def arrange(found: list[Any], name: Callable[[Any], Any]) -> list[Any]:
        ordered = sorted(found, key=lambda one: os.fsencode(name(one)), reverse=order == "backward")
        if order == "shuffled":
            ordered.sort(key=lambda one: sha256(os.fsencode(name(one))).digest())
        return ordered

    def listed(path: Any = ".") -> list[Any]:
        return arrange(listdir(path), lambda name: name)

    def scanned(path: Any = ".") -> Any:
        with scandir(path) as entries:
            return _Listing(arrange(list(entries), lambda entry: entry.name))

    replace(os, listdir=listed, scandir=scanned)


class _Listing:
    """What os.scandir returns, in a given order."""

    def __init__(self, entries: list[Any]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> Iterator[Any]:
        return self._entries

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the listing."""
        self._entries = iter(())


def change_cpus(count: int) -> None:
    """Pretend that the machine has so many CPUs."""
    replace(
        os,
        cpu_count=lambda: count,
        process_cpu_count=lambda: count,
        sched_getaffinity=lambda _pid: set(range(count)),
    )


def change_identity(process: int | None, host: str | None, user: str | None) -> None:
    """Give the process a number, the machine a name and the user a name."""
    if process:
        real, first = os.getpid, os.getpid()
        parent, first_parent = os.getppid, os.getppid()
        replace(
            os,
            getpid=lambda: process + real() - first,
            getppid=lambda: process - 1 + parent() - first_parent,
        )
    if host:
        uname = os.uname

        def named() -> os.uname_result:
            found = uname()
            return os.uname_result((found[0], host, *found[2:]))

        replace(os, uname=named)
        on_import("socket", lambda module: replace(module, gethostname=lambda: host))
    if user:
        replace(os, getlogin=lambda: user)
        on_import("pwd", lambda module: _change_users(module, user))


def _change_users(module: Any, user: str) -> None:
    original = module.getpwuid

    def getpwuid(number: int) -> Any:
        found = original(number)
        if number != os.getuid():
            return found
        return module.struct_passwd((user, *found[1:5], os.environ.get("HOME", found[5]), found[6]))

    replace(module, getpwuid=getpwuid)


def change_collector(how: str) -> None:
    """Let the garbage collector run as usual, never, or all the time."""
    import gc  # noqa: PLC0415 (read only here)

    if how == "off":
        gc.disable()
    elif how == "eager":
        gc.set_threshold(1, 1, 1)


def scatter() -> None:
    """Leave free memory in no order: new objects do not lie in the order of their making."""
    state = 12_345
    for size in range(16, 513, 16):
        blocks: list[Any] = [bytes(max(0, size - 33)) for _ in range(_SCATTERED)]
        order = list(range(_SCATTERED))
        for place in range(_SCATTERED - 1, 0, -1):
            state = (state * 1_664_525 + 1_013_904_223) & 0xFFFF_FFFF
            other = (state >> 8) % (place + 1)
            order[place], order[other] = order[other], order[place]
        # Half of the blocks stay for good, so that the free ones lie between them.
        _KEPT.extend([blocks[place] for place in order[::2]])
        for place in order[1::2]:
            blocks[place] = None


def make_noise(seed: int) -> None:
    """Hold up the threads that the program starts, at places that depend on the seed."""
    left = [_NOISE_EVENTS_IN_ALL]

    class Noise:
        """The delays of one thread."""

        def __init__(self, number: int) -> None:
            self.state = (seed * 2_654_435_761 + number * 40_503) & 0xFFFF_FFFF
            self.left = _NOISE_EVENTS

        def __call__(self, frame: Any, event: str, _argument: Any) -> Any:
            self.state = (self.state * 1_664_525 + 1_013_904_223) & 0xFFFF_FFFF
            drawn = self.state >> 16
            self.left -= 1
            left[0] -= 1
            if self.left < 0 or left[0] < 0:
                sys.settrace(None)
                return None
            frame.f_trace_opcodes = _BETWEEN_OPCODES
            if event == "call" and drawn % 8 == 0:
                _REAL_SLEEP((drawn % 1000) / 10**6)
            elif drawn % 16 == 0:
                _REAL_SLEEP(0)
            return self

    count = [0]

    def begin(frame: Any, event: str, argument: Any) -> Any:
        count[0] += 1
        if left[0] < 0:
            return None
        noise = Noise(count[0])
        _REAL_SLEEP((noise.state >> 8) % 3000 / 10**6)
        sys.settrace(noise)
        return noise(frame, event, argument)

    on_import("threading", lambda module: module.settrace(begin))


def keep_environment_reads() -> None:
    """Keep the name of each environment variable that is asked for from now on."""
    kind: Any = type(os.environ)
    get, every = kind.__getitem__, kind.__iter__

    def asked(self: Any, key: Any) -> Any:
        name = os.fsdecode(key) if isinstance(key, str | bytes) else "?"
        if environment_reads.get(name, True):
            environment_reads[name] = _is_asked_by_library(sys._getframe(1))  # noqa: SLF001
        return get(self, key)

    def all_asked(self: Any) -> Any:
        environment_reads["*"] = False
        return every(self)

    kind.__getitem__ = asked
    kind.__iter__ = all_asked
    kind.__contains__ = _contains


def _is_asked_by_library(frame: Any) -> bool:
    while frame is not None and frame.f_code.co_filename in _ACCESSORS:
        frame = frame.f_back
    path = frame.f_code.co_filename if frame is not None else ""
    return path.startswith(_LIBRARIES) or "-packages" in path


def _contains(environment: Any, key: Any) -> bool:
    try:
        environment[key]
    except (KeyError, TypeError):
        return False
    return True
