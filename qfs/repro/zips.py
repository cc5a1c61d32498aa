"""Differences between two zip archives (wheels): directory, local headers, streams, contents."""

import struct
import zipfile
from typing import TYPE_CHECKING

from qfs.repro import names
from qfs.repro.archive import ArchiveError, open_zip, read_member
from qfs.repro.causes import Cause
from qfs.repro.dates import is_of_build, is_of_source, is_same_moment_elsewhere, seconds_of
from qfs.repro.difference import Side

if TYPE_CHECKING:
    from qfs.repro.compare import Comparer, Finding

_LOCAL = struct.Struct("<4s5H3L2H")  # APPNOTE.TXT §4.3.7


def differences(
    comparer: "Comparer", inner: str, first: bytes, second: bytes, depth: int
) -> "list[Finding]":
    """Return the differences; empty only if the layout alone differs in a way nobody named."""
    place = f"{comparer.artifact}!{inner}".rstrip("!")
    left, right = (open_zip(data, place, comparer.limits) for data in (first, second))
    ours = {entry.filename: entry for entry in left.infolist()}
    theirs = {entry.filename: entry for entry in right.infolist()}
    only_left = [name for name in ours if name not in theirs]
    only_right = [name for name in theirs if name not in ours]
    found = names.unmatched(
        comparer,
        inner,
        {name: read_member(left, ours[name], place) for name in only_left},
        {name: read_member(right, theirs[name], place) for name in only_right},
        depth,
    )
    common = [name for name in ours if name in theirs]
    reordered = common != [name for name in theirs if name in ours]
    if reordered:
        found.append((inner, Cause.ZIP_ORDER, _first_swap(common, theirs)))
    dated: dict[object, tuple[Cause, str]] = {}
    for name in common:
        a, b = ours[name], theirs[name]
        if a.date_time != b.date_time:
            both = (a.date_time, b.date_time)  # of most members the same
            if both not in dated:
                dated[both] = _dates(a, b, comparer.sides)
            found.append((inner + name, *dated[both]))
        found += [(inner + name, cause, why) for cause, why in _headers(a, b)]
        raw_a, raw_b = _raw(first, a, place), _raw(second, b, place)
        if raw_a != raw_b or a.compress_type != b.compress_type:
            content_a, content_b = read_member(left, a, place), read_member(right, b, place)
            if content_a == content_b:
                if a.compress_type == b.compress_type:
                    evidence = f"{a.compress_size} and {b.compress_size} bytes compressed"
                    found.append((inner + name, Cause.DEFLATE, evidence))
            elif not (
                reordered
                and name.endswith(".dist-info/RECORD")
                and _lists(content_a, ours)
                and _lists(content_b, theirs)
            ):
                found += comparer.files(inner + name, content_a, content_b, depth + 1)
    if left.comment != right.comment:
        found.append((inner, Cause.ZIP_COMMENT, f"{left.comment!r} and {right.comment!r}"))
    return found or [(inner, Cause.ZIP_LAYOUT, f"{len(first)} and {len(second)} bytes")]


def _dates(a: zipfile.ZipInfo, b: zipfile.ZipInfo, sides: tuple[Side, Side]) -> tuple[Cause, str]:
    cause = Cause.TIMEZONE if _is_local(a, b, sides) else Cause.ZIP_MTIME
    return cause, f"{_time(a)} and {_time(b)}"


def _headers(a: zipfile.ZipInfo, b: zipfile.ZipInfo) -> list[tuple[Cause, str]]:
    found: list[tuple[Cause, str]] = []
    if a.external_attr != b.external_attr:
        evidence = f"{a.external_attr >> 16:o} and {b.external_attr >> 16:o}"
        found.append((Cause.ZIP_MODE, evidence))
    if a.create_system != b.create_system:
        found.append((Cause.ZIP_HOST, f"{a.create_system} and {b.create_system}"))
    if a.compress_type != b.compress_type:
        found.append((Cause.ZIP_METHOD, f"{a.compress_type} and {b.compress_type}"))
    ours = (a.create_version, a.extract_version, a.flag_bits, a.internal_attr)
    theirs = (b.create_version, b.extract_version, b.flag_bits, b.internal_attr)
    if ours != theirs:
        found.append((Cause.ZIP_FLAGS, f"{ours} and {theirs}"))
    if a.extra != b.extra:
        found.append((Cause.ZIP_EXTRA, f"{a.extra.hex()[:40]} and {b.extra.hex()[:40]}"))
    if a.comment != b.comment:
        found.append((Cause.ZIP_COMMENT, f"{a.comment!r} and {b.comment!r}"))
    return found


def _lists(content: bytes, entries: dict[str, zipfile.ZipInfo]) -> bool:
    """Say whether a file is a RECORD in the order of the entries, which it then follows."""
    lines = content.decode("utf-8", "replace").splitlines()
    return [line.rsplit(",", 2)[0] for line in lines] == list(entries)


def _is_local(a: zipfile.ZipInfo, b: zipfile.ZipInfo, sides: tuple[Side, Side]) -> bool:
    """Say whether the times are one fixed moment, of neither build nor sources, in local time."""
    moments = [seconds_of(list(entry.date_time)) for entry in (a, b)]
    if moments[0] is None or moments[1] is None:
        return False
    spans = [(moment, moment) for moment in moments if moment is not None]
    near = [
        is_of_build(s, side) or is_of_source(s, side) for s, side in zip(spans, sides, strict=True)
    ]
    return not any(near) and is_same_moment_elsewhere(spans[0], spans[1])


def _raw(data: bytes, entry: zipfile.ZipInfo, place: str) -> memoryview:
    """Return the compressed bytes of an entry, found through its local header."""
    header = data[entry.header_offset : entry.header_offset + _LOCAL.size]
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise ArchiveError(f"{entry.filename!r} has no local header", place=place)
    fields = _LOCAL.unpack(header)
    start = entry.header_offset + _LOCAL.size + fields[9] + fields[10]
    if start + entry.compress_size > len(data):
        raise ArchiveError(f"{entry.filename!r} is cut off", place=place)
    return memoryview(data)[start : start + entry.compress_size]


def _time(entry: zipfile.ZipInfo) -> str:
    year, month, day, hour, minute, second = entry.date_time
    return f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"


def _first_swap(common: list[str], theirs: dict[str, zipfile.ZipInfo]) -> str:
    known = frozenset(common)
    other = [name for name in theirs if name in known]
    a, b = next((a, b) for a, b in zip(common, other, strict=True) if a != b)
    return f"first {a}, where the other has {b}"
