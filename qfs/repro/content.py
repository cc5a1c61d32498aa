"""Why two contents of one member differ, by the kind of file that it is."""

import re

from qfs.repro import elf
from qfs.repro.causes import Cause
from qfs.repro.difference import Side
from qfs.repro.moments import why_moments_differ
from qfs.repro.text import Why, why_texts_differ

_ENCODINGS = ("utf-8", "utf-16", "iso8859-9", "cp1252")
_STRINGS = re.compile(rb"[\x20-\x7e]{6,}")
_TEXT_MAX = 8 * 1024 * 1024


def explain(member: str, first: bytes, second: bytes, sides: tuple[Side, Side]) -> list[Why]:
    """Return the causes of two different contents, at least one."""
    if member.endswith(".dist-info/RECORD"):
        return _record(first, second)
    if member.endswith(".dist-info/top_level.txt"):
        lone = sorted(set(first.split()) ^ set(second.split()))
        if lone:
            names = b", ".join(lone).decode("utf-8", "replace")
            return [(Cause.MEMBER_SET, f"of one tree alone: {names}")]
    if member.endswith(".dist-info/WHEEL"):
        made = [re.search(rb"^Generator: (.*)$", data, re.MULTILINE) for data in (first, second)]
        if made[0] and made[1] and made[0].group() != made[1].group():
            return [(Cause.GENERATOR, f"{made[0].group(1)!r} and {made[1].group(1)!r}")]
        rests, tags = zip(*[_without_tags(data) for data in (first, second)], strict=True)
        if rests[0] == rests[1] and sorted(tags[0]) != sorted(tags[1]):
            return [(Cause.WHEEL_TAG, f"{', '.join(tags[0])} and {', '.join(tags[1])}")]
    if member.endswith(".pyc") or (_is_compiled(first) and _is_compiled(second)):
        return _pyc(first, second, sides)
    if first[:4] == second[:4] == b"\x7fELF":
        return elf.explain(first, second, sides)
    if b"\0" in first[:4096] or b"\0" in second[:4096] or len(first) > _TEXT_MAX:
        moment = why_moments_differ(first, second, sides)
        return [moment] if moment is not None else strings(first, second, sides)
    return _text(first, second, sides)


def _without_tags(data: bytes) -> tuple[list[bytes], list[str]]:
    """Return the lines of WHEEL that name no tag, and the tags."""
    lines = data.splitlines()
    tags = [line for line in lines if line.startswith(b"Tag:")]
    rest = [line for line in lines if line not in tags]
    return rest, [line[4:].strip().decode("utf-8", "replace") for line in tags]


def strings(first: bytes, second: bytes, sides: tuple[Side, Side]) -> list[Why]:
    """Explain two binary files through the printable strings that are in them."""
    ours, theirs = (
        "\n".join([found.decode("ascii") for found in _STRINGS.findall(data[:_TEXT_MAX])])
        for data in (first, second)
    )
    if ours != theirs:
        return why_texts_differ(ours, theirs, sides)
    if sorted(first) == sorted(second):
        return [(Cause.LINE_ORDER, "the same bytes in another order")]
    return [(Cause.UNKNOWN, f"binary, {len(first)} and {len(second)} bytes")]


def _text(first: bytes, second: bytes, sides: tuple[Side, Side]) -> list[Why]:
    ours, theirs = _decoded(first), _decoded(second)
    if ours is not None and theirs is not None:
        return why_texts_differ(ours, theirs, sides)
    for a in _ENCODINGS:
        for b in _ENCODINGS:
            try:
                same = a != b and first.decode(a) == second.decode(b)
            except UnicodeDecodeError:
                continue
            if same:
                return [(Cause.ENCODING, f"{a} and {b}")]
    return why_texts_differ(first.decode("latin-1"), second.decode("latin-1"), sides)


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _record(first: bytes, second: bytes) -> list[Why]:
    """RECORD (PEP 376, PEP 427): its hashes follow from the files; its order is its own."""
    ours, theirs = first.splitlines(), second.splitlines()
    names = [[line.rsplit(b",", 2)[0] for line in lines] for lines in (ours, theirs)]
    if sorted(names[0]) == sorted(names[1]) and names[0] != names[1]:
        return [(Cause.RECORD_ORDER, f"{len(names[0])} lines in another order")]
    changed = sum(a != b for a, b in zip(ours, theirs, strict=False))
    return [(Cause.RECORD_FOLLOWS, f"{changed} lines")]


def _is_compiled(data: bytes) -> bool:
    """Say whether it begins as CPython's bytecode does: magic, 12 bytes, a marshalled code."""
    return data[2:4] == b"\r\n" and data[16:17] in (b"c", b"\xe3")


def _pyc(first: bytes, second: bytes, sides: tuple[Side, Side]) -> list[Why]:
    """Compiled Python (PEP 552): 16 bytes of header, then a marshalled code object."""
    found: list[Why] = []
    if first[:16] != second[:16]:
        times = [int.from_bytes(data[8:12], "little") for data in (first, second)]
        found.append((Cause.PYC_MTIME, f"{times[0]} and {times[1]}"))
    if first[16:] != second[16:]:
        whys = strings(first[16:], second[16:], sides)
        paths = [why for why in whys if why[0] in (Cause.BUILD_PATH, Cause.TEMP_NAME, Cause.HOME)]
        found += [(Cause.PYC_PATH, evidence) for _, evidence in paths]
        if not paths:
            found.append((Cause.PYC, whys[0][1]))
    return found
