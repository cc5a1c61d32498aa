"""The environments in which a source is built: what varies between the two of a pair.

- The bare pair varies everything and helps with nothing: what differs, differs at some user's.
- The normalised pair fixes what a recipe can fix and still moves the clock: what differs there
  has its cause in the project or its back-end.
- A single variation is the first environment with one thing taken from the second.
- Source: https://reproducible-builds.org/docs/env-variations/
"""

from dataclasses import dataclass, replace
from typing import Any

from qfs.repro.causes import Cause

DAYS_MIN = 400
"""By so many days at least the clock is moved."""
_DAY = 86_400
DOS_EPOCH = 315_532_800  # 1980-01-01T00:00:00Z: zip cannot write an earlier time


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment of a build."""

    label: str
    """Name of the environment in reports and of its folder."""
    folder: str
    """Where the source lies, relative to the root of the build."""
    timezone: str = "UTC0"
    """TZ in the form of POSIX, which needs no time zone files."""
    locale: str = "C.UTF-8"
    umask: int = 0o022
    hash_seed: str = "101"
    clock_shift: int = 0
    """Seconds that the clock is ahead."""
    stands: int | None = None
    """Moment (Unix time) at which the clock stands still; files that are made have it too."""
    zone: int = 0
    """Seconds east of UTC that the time zone stands for, where the clock stands still."""
    backward: bool = False
    """List folders in reverse order."""
    source_time: int = 1_614_834_368
    """Modification time of the first source file; each next one is 3 s later."""
    user: str = "firstuser"
    user_number: int = 1_000
    host: str = "firsthost"
    home: str = "home/firstuser"
    """Relative to the root of the build."""
    processors: int = 0
    """How many the build sees; 0 for all."""
    process_numbers: int = 0
    """How many process numbers are used up before the build."""
    old_kernel: bool = False
    """Whether the kernel says that it is a 2.6 (personality UNAME26)."""
    variable: str = "first-value"
    """Value of the variable QFS_VARIATION, which no build may read."""
    settings: tuple[tuple[str, str], ...] = ()
    """Names and values of further environment variables."""
    variables_backward: bool = False
    """List the environment variables in reverse order."""
    source_date_epoch: int | None = None
    """Set in a recipe: clamps the times of the source files and is told to the back-end."""
    keeps_modes: bool = False
    """Set in a rebuild: source files have the modes that the sdist gives them."""
    fixed_names: bool = False
    """Set in a recipe: temporary files get constant names, compilers map the folder away."""


FIRST = Environment("first", "work/first/source-one")

_SECOND: dict[str, dict[str, Any]] = {
    "path": {"folder": "srv/second/deeper/source-two"},
    "timezone": {"timezone": "LINT-14"},
    "locale": {"locale": "tr_TR.ISO-8859-9"},
    "umask": {"umask": 0o002},
    "hash-seed": {"hash_seed": "424242"},
    "clock": {"clock_shift": DAYS_MIN * _DAY},
    "file-order": {"backward": True},
    "source-times": {"source_time": 1_678_012_345},
    "user": {"user": "seconduser", "user_number": 4_242},
    "host": {"host": "secondhost"},
    "home": {"home": "users/seconduser"},
    "processors": {"processors": 1},
    "process-numbers": {"process_numbers": 40},
    "kernel": {"old_kernel": True},
    "variables": {"variable": "second-value"},
    "variable-order": {"variables_backward": True},
}
VARIATIONS: tuple[str, ...] = tuple(_SECOND)
"""Names of the variations, in the order in which a bisect tries them."""

RESIDUAL = ("clock", "processors", "kernel", "process-numbers")
"""What a recipe cannot fix, and what therefore varies in the normalised pair too."""

CAUSE_OF = {
    "path": Cause.BUILD_PATH,
    "timezone": Cause.TIMEZONE,
    "locale": Cause.LOCALE,
    "umask": Cause.UMASK,
    "hash-seed": Cause.HASH_SEED,
    "clock": Cause.TIMESTAMP,
    "file-order": Cause.FILE_ORDER,
    "source-times": Cause.SOURCE_MTIME,
    "user": Cause.USER,
    "host": Cause.HOSTNAME,
    "home": Cause.HOME,
    "processors": Cause.CPU_COUNT,
    "process-numbers": Cause.PROCESS_ID,
    "kernel": Cause.KERNEL,
    "variables": Cause.ENVIRONMENT,
    "variable-order": Cause.ENVIRONMENT_ORDER,
    "repeat": Cause.RANDOM,
}
"""What a file differs by when one variation alone makes it differ; ``repeat`` varies nothing."""


def varied(
    environment: Environment,
    names: tuple[str, ...],
    label: str,
    settings: tuple[tuple[str, str], ...] = (),
    *,
    shift: int = 0,
) -> Environment:
    """Return the environment with the named variations taken from the second one.

    settings are further variables that the second one sets, if ``variables`` is among the names;
    shift is how far it moves the clock (`clock_shift`), 0 for DAYS_MIN.
    """
    changes: dict[str, Any] = {}
    for name in names:
        changes.update(_SECOND[name])
    if "variables" in names:
        changes["settings"] = settings
    if shift and "clock" in names:
        changes["clock_shift"] = shift
    return replace(environment, label=label, **changes)


def normalised(epoch: int, shift: int = 0) -> tuple[Environment, Environment]:
    """Return the recipe's pair: all is fixed but the clock and the processors.

    epoch is Unix time, raised to 1980-01-01 because zip cannot write an earlier time; shift is as
    for `varied`.
    """
    first = Environment(
        "normalised-first",
        "qfs/source",
        hash_seed="0",
        source_time=max(epoch, DOS_EPOCH),
        user="qfs",
        host="qfs",
        home="qfs/home",
        variable="",
        source_date_epoch=max(epoch, DOS_EPOCH),
        fixed_names=True,
    )
    return first, varied(first, RESIDUAL, "normalised-second", shift=shift)
