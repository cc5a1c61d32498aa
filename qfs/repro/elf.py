"""Differences between two ELF files (compiled extensions), section by section.

- Reads the section table alone; a file that is not well-formed is compared by its strings.
- Source: Tool Interface Standard ELF 1.2; System V gABI chapter 4.
"""

import struct

from qfs.repro.causes import Cause
from qfs.repro.difference import Side
from qfs.repro.text import Why, why_texts_differ

_BUILD_ID = ".note.gnu.build-id"
_STRINGS = frozenset((".rodata", ".data", ".data.rel.ro", ".comment", ".dynstr"))
_SYMBOLS = frozenset((".symtab", ".strtab", ".shstrtab", ".gnu_debuglink"))
_NO_BITS = 8  # SHT_NOBITS: .bss has a size and no bytes


def explain(first: bytes, second: bytes, sides: tuple[Side, Side]) -> list[Why]:
    """Return the causes of two different ELF files, at least one."""
    ours, theirs = sections(first), sections(second)
    if not ours or not theirs:
        return [(Cause.ELF, "the section table is not readable")]
    strings: list[Why] = []
    others: list[Why] = []
    debug: list[str] = []
    symbols: list[str] = []
    for name in sorted(ours.keys() & theirs.keys()):
        data, other = ours[name], theirs[name]
        if other == data:
            continue
        if name == _BUILD_ID:
            evidence = f"{data[-20:].hex()} and {other[-20:].hex()}"
            others.append((Cause.ELF_BUILD_ID, evidence))
        elif name.startswith((".debug", ".zdebug")):
            debug.append(name)
        elif name in _SYMBOLS:
            symbols.append(name)
        elif name in _STRINGS:
            strings += _strings(name, data, other, sides)
        else:
            others.append((Cause.ELF, f"section {name}: {len(data)} and {len(other)} bytes"))
    lone = sorted(ours.keys() ^ theirs.keys())
    if lone:
        others.append((Cause.ELF, f"sections of one build alone: {', '.join(lone)}"))
    named = [why for why in strings if why[0] is not Cause.ELF]
    if debug:
        named.append((Cause.ELF_DEBUG, ", ".join(debug + symbols)))
    if named:
        # Strings of another length move code, unwinding tables and symbols: those only follow.
        unnamed = [why for why in strings if why[0] is Cause.ELF]
        return named + unnamed
    if symbols and not others and not strings:
        return [(Cause.ELF_DEBUG, ", ".join(symbols))]
    found = [*strings, *others] or [(Cause.ELF, "headers or padding")]
    if [cause for cause, _ in found] == [Cause.ELF_BUILD_ID]:
        return [(Cause.BUILD_ID, found[0][1])]  # follows from nothing that is still in the file
    return found


def sections(data: bytes) -> dict[str, bytes]:
    """Return the sections by name; nothing if the file is not well-formed."""
    try:
        wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
        at = 40 if wide else 32
        (table,) = struct.unpack_from(order + ("Q" if wide else "I"), data, at)
        size, count, names = struct.unpack_from(order + "3H", data, 58 if wide else 46)
        layout = struct.Struct(order + ("2I4Q2I2Q" if wide else "10I"))
        heads = [layout.unpack_from(data, table + i * size) for i in range(count)]
        text = data[heads[names][4] : heads[names][4] + heads[names][5]]
    except (struct.error, IndexError):
        return {}
    out: dict[str, bytes] = {}
    for head in heads:
        name = text[head[0] : text.find(b"\0", head[0])].decode("latin-1")
        if name:
            out[name] = b"" if head[1] == _NO_BITS else data[head[4] : head[4] + head[5]]
    return out


def _strings(name: str, data: bytes, other: bytes, sides: tuple[Side, Side]) -> list[Why]:
    texts = [
        "\n".join([part.decode("latin-1") for part in block.split(b"\0") if len(part) >= 4])
        for block in (data, other)
    ]
    if texts[0] == texts[1]:
        return [(Cause.ELF, f"section {name}: {len(data)} and {len(other)} bytes")]
    return [
        (Cause.ELF if cause is Cause.UNKNOWN else cause, f"section {name}: {evidence}")
        for cause, evidence in why_texts_differ(texts[0], texts[1], sides)
    ]
