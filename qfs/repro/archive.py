"""Reading archives that nobody vouches for.

- Sizes are bounded before anything is unpacked; names that leave the archive are refused.
- Source: APPNOTE.TXT 6.3.10 §4.3 (zip), RFC 1952 (gzip), POSIX.1-2017 pax (tar).
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from qfs.errors import InputError

if TYPE_CHECKING:
    import tarfile

ZIP_MAGIC = b"PK\x03\x04"
GZIP_MAGIC = b"\x1f\x8b"
_USUAL_BYTES = 64 * 1024**2  # 67_108_864
_USUAL_GROWTH = 20
"""How much longer than its gzip file a tar archive of sources usually is, at most."""
_SLICE = 16 * 1024  # 16_384 bytes, which unpack to 17 MB at most: deflate's 1032 to 1


class ArchiveError(InputError):
    """An archive that is corrupt, unsafe to unpack, or larger than the limits allow."""

    code = "QFS-ARCHIVE"


class Limits(NamedTuple):
    """How much an archive may unpack to."""

    total: int = 2 * 1024**3  # 2_147_483_648 bytes
    """Bytes of all members together."""
    members: int = 200_000


DEFAULT_LIMITS = Limits()


class GzipHeader(NamedTuple):
    """RFC 1952 §2.3."""

    flags: int
    mtime: int
    level: int
    system: int
    name: bytes
    size: int
    """Bytes of the header, where the deflate stream begins."""


def check_name(name: str, place: str) -> None:
    """Refuse a member name that would land outside the folder it is unpacked into."""
    parts = name.replace("\\", "/").split("/")
    if not name or name.startswith(("/", "\\")) or ".." in parts or "\0" in name or ":" in parts[0]:
        raise ArchiveError(
            f"the member name {name!r} leads outside the archive",
            place=place,
            way_out="do not unpack this file; build it anew with names relative to its root",
        )


def open_zip(data: bytes, place: str, limits: Limits = DEFAULT_LIMITS) -> zipfile.ZipFile:
    """Return the zip archive; raises ArchiveError if it is corrupt, unsafe or too large."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        raise ArchiveError(f"no readable zip archive ({error})", place=place) from error
    entries = archive.infolist()
    if len(entries) > limits.members:
        raise ArchiveError(f"{len(entries)} members, more than {limits.members}", place=place)
    total = sum(entry.file_size for entry in entries)
    if total > limits.total:
        raise ArchiveError(
            f"it unpacks to {total} bytes, more than {limits.total}",
            place=place,
            way_out="a file that small packages do not need: look at it before trusting it",
        )
    seen: set[str] = set()
    for entry in entries:
        check_name(entry.filename, place)
        if entry.filename in seen:
            raise ArchiveError(f"the member {entry.filename!r} is there twice", place=place)
        if entry.flag_bits & 1:
            raise ArchiveError(f"the member {entry.filename!r} is encrypted", place=place)
        seen.add(entry.filename)
    return archive


def read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: str) -> bytes:
    """Return a member's content; raises ArchiveError if it is not what the directory says."""
    try:
        with archive.open(entry) as stream:
            data = stream.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise ArchiveError(f"{entry.filename!r} is corrupt ({error})", place=place) from error
    except (OSError, RuntimeError, struct.error) as error:
        raise ArchiveError(f"{entry.filename!r} is unreadable ({error})", place=place) from error
    if len(data) != entry.file_size:
        raise ArchiveError(f"{entry.filename!r} is not as long as it says", place=place)
    return data


def gzip_header(data: bytes, place: str) -> GzipHeader:
    """Return the first gzip header; raises ArchiveError if there is none."""
    if len(data) < 18 or data[:2] != GZIP_MAGIC or data[2] != 8:
        raise ArchiveError("no gzip file", place=place)
    flags, (mtime,), at = data[3], struct.unpack("<I", data[4:8]), 10
    name = b""
    if flags & 4:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for bit in (8, 16):
        if flags & bit:
            end = data.find(b"\0", at)
            if end < 0:
                raise ArchiveError("the gzip header has no end", place=place)
            name = data[at:end] if bit == 8 else name
            at = end + 1
    at += 2 if flags & 2 else 0
    return GzipHeader(flags, mtime, data[8], data[9], name, at)


def gunzip(data: bytes, place: str, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the content of a gzip file of one or more members, at most ``limits.total`` bytes.

    What grows more than usual is measured first, so that a bomb is refused without the memory for
    what is in it.
    """
    usual = max(_USUAL_BYTES, _USUAL_GROWTH * len(data))
    out = _contents(data, place, min(usual, limits.total))
    if out is None and usual < limits.total and _fits(data, place, limits.total):
        out = _contents(data, place, limits.total)
    if out is None:
        raise ArchiveError(
            f"it unpacks to more than {limits.total} bytes",
            place=place,
            way_out="a file that small packages do not need: look at it before trusting it",
        )
    return out[0] if len(out) == 1 else b"".join(out)


def _contents(data: bytes, place: str, most: int) -> list[bytes] | None:
    """Return the contents of a gzip file's members; None if they are longer than most together."""
    out: list[bytes] = []
    left, rest = most, data
    while rest:
        unpacker = zlib.decompressobj(31)
        try:
            piece = unpacker.decompress(rest, left + 1)
        except zlib.error as error:
            raise ArchiveError(f"corrupt gzip data ({error})", place=place) from error
        if len(piece) > left:
            return None
        if not unpacker.eof:
            raise ArchiveError("truncated gzip data", place=place)
        out.append(piece)
        left -= len(piece)
        rest = unpacker.unused_data.lstrip(b"\0")
    return out


def _fits(data: bytes, place: str, most: int) -> bool:
    """Say whether a gzip file unpacks to at most so many bytes; keeps none of them."""
    left = most
    unpacker = zlib.decompressobj(31)
    for at in range(0, len(data), _SLICE):
        rest = data[at : at + _SLICE]
        while rest:
            try:
                left -= len(unpacker.decompress(rest))
            except zlib.error as error:
                raise ArchiveError(f"corrupt gzip data ({error})", place=place) from error
            if left < 0:
                return False
            rest = unpacker.unused_data.lstrip(b"\0")
            if unpacker.eof:
                unpacker = zlib.decompressobj(31)
    return True


def open_tar(
    data: bytes, place: str, limits: Limits = DEFAULT_LIMITS, folders: Sequence[str] = ()
) -> "tarfile.TarFile":
    """Return an uncompressed tar archive; raises ArchiveError if it is corrupt or unsafe.

    Symbolic links into folders, those of the build that wrote it, are let through: they are never
    followed, and a comparison shall name them.
    """
    import tarfile  # noqa: PLC0415 (a wheel need not wait for it: starting is most of a comparison)

    try:
        archive = tarfile.TarFile(fileobj=io.BytesIO(data), mode="r")
        members = archive.getmembers()
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise ArchiveError(f"no readable tar archive ({error})", place=place) from error
    if len(members) > limits.members:
        raise ArchiveError(f"{len(members)} members, more than {limits.members}", place=place)
    for member in members:
        check_name(member.name, place)
        if member.isdev() or member.isfifo():
            raise ArchiveError(f"the member {member.name!r} is a device", place=place)
        own = member.issym() and member.linkname.startswith(tuple(folders))
        if (member.issym() or member.islnk()) and not own:
            _check_link(member, place)
        if member.offset_data + member.size > len(data) and member.isreg():
            raise ArchiveError(f"the member {member.name!r} is cut off", place=place)
    return archive


def _check_link(member: "tarfile.TarInfo", place: str) -> None:
    """Refuse a link whose target lies outside the archive."""
    base = member.name.split("/")[:-1] if member.issym() else []
    here = list(base)
    for part in member.linkname.split("/"):
        if part == "..":
            if not here:
                break
            here.pop()
        elif part not in ("", "."):
            here.append(part)
    else:
        if not member.linkname.startswith("/"):
            return
    raise ArchiveError(
        f"the link {member.name!r} -> {member.linkname!r} leads outside the archive", place=place
    )
