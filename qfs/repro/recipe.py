"""How a published wheel was built, as far as it shows: back-end, date, modes.

- ``Generator`` in WHEEL names the back-end and its version; ``bdist_wheel`` is setuptools before
  70.1 with the wheel package.
- One time on all entries is SOURCE_DATE_EPOCH; several are file times, kept from the sdist.
- Modes with write permission for the group show umask 002. RECORD is always 0664 in setuptools, so
  it is not asked.
- Source: PEP 427, and the back-ends' writers.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from qfs.repro.archive import open_zip, read_member
from qfs.repro.dates import seconds_of

_GENERATORS = {
    "bdist_wheel": "wheel",
    "setuptools": "setuptools",
    "hatchling": "hatchling",
    "flit": "flit-core",
    "poetry-core": "poetry-core",
    "pdm-backend": "pdm-backend",
    "uv": "uv-build",
    "meson": "meson-python",
    "maturin": "maturin",
    "scikit-build-core": "scikit-build-core",
}
_MADE = re.compile(r"^Generator:[ \t]*([\w.-]+)[ \t]*\(?([^\s()]*)\)?", re.MULTILINE)
_ZONE_MAX = 14 * 3_600
LAST_WITHOUT_OWN_WHEELS = "setuptools<70.1"
"""setuptools 70.1 took bdist_wheel in."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a wheel shows of its making."""

    generator: str
    """As WHEEL says it; empty if it does not."""
    pins: tuple[str, ...]
    """Requirements that pin the back-end."""
    epoch: int
    """The commonest time of its entries, Unix time as if in UTC."""
    one_time: bool
    """Whether all entries have that time, as SOURCE_DATE_EPOCH makes it."""
    newest: int
    """The latest time of its entries: of the build itself, unless they have but one time."""
    built: int
    """The commonest time in ``*.dist-info``: of its making, where a back-end writes file times."""
    umask: int
    pure: bool
    """Whether it runs everywhere: built without a compiler."""
    times: Mapping[str, int]
    """The time of each entry, as if in UTC."""

    def zone(self, times: Mapping[str, int]) -> int:
        """Return how many seconds east of UTC it was packed, given the times of its sources.

        0 unless most files that are in both show one and the same other zone.
        """
        ends: dict[str, list[int]] = {}
        for name, moment in times.items():
            ends.setdefault(name.rpartition("/")[2], []).append(moment)
        apart = Counter[int]()
        both = 0
        for name, moment in self.times.items():
            sources = ends.get(name.rpartition("/")[2], ())
            apart.update({moment - (source - source % 2) for source in sources})
            both += bool(sources)
        zones = [(count, zone) for zone, count in apart.items() if zone % 900 == 0]
        count, zone = max(zones, default=(0, 0), key=lambda each: (each[0], -abs(each[1])))
        return zone if abs(zone) <= _ZONE_MAX and count * 2 > both else 0


def infer(name: str, wheel: bytes) -> Recipe:
    """Return the recipe of a wheel; raises ArchiveError if it is no readable wheel."""
    archive = open_zip(wheel, name)
    entries = archive.infolist()
    made = pure = ""
    for entry in entries:
        if entry.filename.endswith(".dist-info/WHEEL") and entry.filename.count("/") == 1:
            text = read_member(archive, entry, name).decode("utf-8", "replace")
            match = _MADE.search(text)
            made = f"{match.group(1)} {match.group(2)}".strip() if match else ""
            pure = (
                "yes"
                if re.search(r"^Root-Is-Purelib:\s*true", text, re.MULTILINE | re.IGNORECASE)
                else ""
            )
    times = Counter([seconds_of(list(entry.date_time)) or 0 for entry in entries])
    epoch = times.most_common(1)[0][0] if times else 0
    made_then = Counter(
        [
            seconds_of(list(entry.date_time)) or 0
            for entry in entries
            if ".dist-info/" in entry.filename
        ]
    )
    asked = [entry for entry in entries if not entry.filename.endswith("/RECORD")]
    shared = [entry for entry in asked if entry.external_attr >> 16 & 0o020]
    return Recipe(
        generator=made,
        pins=_pins(made),
        epoch=epoch,
        one_time=len(times) == 1,
        newest=max(times, default=0),
        built=made_then.most_common(1)[0][0] if made_then else 0,
        umask=0o002 if len(shared) * 2 > len(asked) else 0o022,
        times={entry.filename: seconds_of(list(entry.date_time)) or 0 for entry in entries},
        pure=bool(pure) and name.endswith("-none-any.whl"),
    )


def pinned(requires: tuple[str, ...], pins: tuple[str, ...]) -> tuple[str, ...]:
    """Return build requirements in which the pins replace what they name."""
    named = [str(canonicalize_name(Requirement(pin).name)) for pin in pins]
    kept = [
        text for text in requires if str(canonicalize_name(Requirement(text).name)) not in named
    ]
    return (*kept, *pins)


def _pins(generator: str) -> tuple[str, ...]:
    name, _, version = generator.partition(" ")
    package = _GENERATORS.get(name)
    if package is None or not re.fullmatch(r"\d[\w.+]*", version):
        return ()
    pins = (f"{package}=={version}",)
    return (*pins, LAST_WITHOUT_OWN_WHEELS) if package == "wheel" else pins
