"""Unpacks an sdist that nobody vouches for: regular files and inner links, below one folder.

- Names and sizes are checked before anything is written; nothing lands outside the folder.
- Keeps the times and modes of its files, which some back-ends copy into the wheel; modes as the
  filter `data` of tarfile leaves them.
- Source: PEP 625, PEP 706, PEP 721.
"""

from pathlib import Path

from qfs.errors import InputError
from qfs.repro.archive import Limits, gunzip, open_tar
from qfs.shell.building_source import Source

LIMITS = Limits(total=1024**3, members=100_000)
"""1_073_741_824 bytes, which no sdist on the index needs to unpack to."""


def unpack(name: str, data: bytes, to: Path) -> Source:
    """Write the files of an sdist into a folder; returns them, with the time of each.

    Raises ArchiveError for an archive that is corrupt, unsafe or too large, InputError for one
    that is no sdist.
    """
    raw = gunzip(data, name, LIMITS)
    files: list[tuple[str, bool, str | None]] = []
    times: dict[str, int] = {}
    modes: dict[str, int] = {}
    roots: set[str] = set()
    for member in open_tar(raw, name, LIMITS).getmembers():
        top, _, rest = member.name.removeprefix("./").partition("/")
        roots.add(top)
        if not rest:
            continue
        if rest in times:
            raise InputError(f"the member {member.name!r} is there twice", place=name)
        if member.issym():
            files.append((rest, False, member.linkname))
        elif member.isreg():
            path = to / rest
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw[member.offset_data : member.offset_data + member.size])
            files.append((rest, bool(member.mode & 0o100), None))
            times[rest] = int(member.mtime)
            modes[rest] = 0o600 | member.mode & (0o755 if member.mode & 0o100 else 0o644)
        elif not member.isdir():
            raise InputError(f"the member {member.name!r} is no file", place=name)
    if len(roots) != 1 or not files:
        raise InputError("no sdist: its files do not lie below one folder", place=name)
    return Source(to, tuple(sorted(files, key=lambda file: file[0])), times, modes)
