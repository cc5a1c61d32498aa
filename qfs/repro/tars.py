"""Differences between two gzip files: the header, the stream, and the tar archive inside."""

import tarfile
from typing import TYPE_CHECKING

from qfs.repro import names
from qfs.repro.archive import ArchiveError, GzipHeader, gunzip, gzip_header, open_tar
from qfs.repro.causes import Cause
from qfs.repro.dates import written
from qfs.repro.difference import Side
from qfs.repro.text import why_texts_differ

if TYPE_CHECKING:
    from qfs.repro.compare import Comparer, Finding

_KINDS = {tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "link", tarfile.DIRTYPE: "folder"}


def differences(
    comparer: "Comparer", inner: str, first: bytes, second: bytes, depth: int
) -> "list[Finding]":
    """Return the differences of two gzip files, and of the tar archives that they hold."""
    place = f"{comparer.artifact}!{inner}".rstrip("!")
    heads = gzip_header(first, place), gzip_header(second, place)
    found = [(inner.rstrip("!"), cause, why) for cause, why in _headers(*heads)]
    if first[heads[0].size : -8] == second[heads[1].size : -8]:
        return found
    left, right = gunzip(first, place, comparer.limits), gunzip(second, place, comparer.limits)
    if left == right:
        if any(cause is Cause.GZIP_HEADER for _, cause, _ in found):
            return found  # another level gives another stream of the same content
        evidence = f"{len(first)} and {len(second)} bytes compressed"
        return [*found, (inner.rstrip("!"), Cause.DEFLATE, evidence)]
    if left[257:262] == right[257:262] == b"ustar":
        return found + _archives(comparer, inner, left, right, depth)
    return found + comparer.files(f"{inner}content", left, right, depth + 1)


def _archives(
    comparer: "Comparer", inner: str, first: bytes, second: bytes, depth: int
) -> "list[Finding]":
    place = f"{comparer.artifact}!{inner}".rstrip("!")
    left, right = (
        open_tar(data, place, comparer.limits, [path for path in side.paths if path[:1] == "/"])
        for data, side in zip((first, second), comparer.sides, strict=True)
    )
    ours = {member.name: member for member in left.getmembers()}
    theirs = {member.name: member for member in right.getmembers()}
    found = names.unmatched(
        comparer,
        inner,
        {name: _content(first, ours[name]) for name in ours if name not in theirs},
        {name: _content(second, theirs[name]) for name in theirs if name not in ours},
        depth,
    )
    common = [name for name in ours if name in theirs]
    if common != [name for name in theirs if name in ours]:
        found.append((inner.rstrip("!"), Cause.TAR_ORDER, f"{len(common)} common members"))
    for name in common:
        a, b = ours[name], theirs[name]
        found += [(inner + name, cause, why) for cause, why in _members(a, b, comparer.sides)]
        content_a, content_b = _content(first, a), _content(second, b)
        if content_a != content_b:
            found += comparer.files(inner + name, content_a, content_b, depth + 1)
    if not found:
        evidence = f"{len(first)} and {len(second)} bytes of archive"
        found.append((inner.rstrip("!"), Cause.TAR_FORMAT, evidence))
    return found


def _headers(a: GzipHeader, b: GzipHeader) -> list[tuple[Cause, str]]:
    found: list[tuple[Cause, str]] = []
    if a.mtime != b.mtime:
        found.append((Cause.GZIP_MTIME, f"{written(int(a.mtime))} and {written(int(b.mtime))}"))
    if a.name != b.name:
        found.append((Cause.GZIP_NAME, f"{a.name!r} and {b.name!r}"))
    ours, theirs = (a.flags, a.level, a.system), (b.flags, b.level, b.system)
    if ours != theirs and a.name == b.name:
        found.append((Cause.GZIP_HEADER, f"{ours} and {theirs}"))
    return found


def _members(
    a: tarfile.TarInfo, b: tarfile.TarInfo, sides: tuple[Side, Side]
) -> list[tuple[Cause, str]]:
    found: list[tuple[Cause, str]] = []
    if a.mtime != b.mtime:
        found.append((Cause.TAR_MTIME, f"{written(int(a.mtime))} and {written(int(b.mtime))}"))
    if a.mode != b.mode:
        found.append((Cause.TAR_MODE, f"{a.mode:o} and {b.mode:o}"))
    ours, theirs = (a.uid, a.gid, a.uname, a.gname), (b.uid, b.gid, b.uname, b.gname)
    if ours != theirs:
        found.append((Cause.TAR_OWNER, f"{ours} and {theirs}"))
    evidence = f"{_kind(a)} and {_kind(b)}"
    if a.type != b.type:
        found.append((Cause.TAR_TYPE, evidence))
    elif a.linkname != b.linkname:
        whys = why_texts_differ(a.linkname, b.linkname, sides, name=True)
        causes = [Cause.TAR_TYPE if why[0] is Cause.UNKNOWN else why[0] for why in whys]
        found += [(cause, evidence) for cause in causes]
    return found


def _kind(member: tarfile.TarInfo) -> str:
    return f"{_KINDS.get(member.type, 'file')} {member.linkname}".strip()


def _content(data: bytes, member: tarfile.TarInfo) -> bytes:
    if not member.isreg():
        return b""
    if member.issparse():
        raise ArchiveError(f"the member {member.name!r} is sparse")
    return data[member.offset_data : member.offset_data + member.size]
