"""The places of findings as editors count them, and the fixes that findings have.

- What is said of a file's findings follows from its bytes and from them: it is kept in the cache.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TypeAlias

from qfs.app.audit_report import Finding, Replacement
from qfs.scan.facts.reading import Unreadable, recoded
from qfs.scan.fixes.edits import FIXABLE, SAFE, mendings_for
from qfs.scan.fixes.file import Mending, Wanted
from qfs.shell.facts_cache import FactsCache
from qfs.shell.sources import NOTEBOOK, engine_digest

_Edit: TypeAlias = tuple[int, int, int, int, str]
_Mark: TypeAlias = tuple[tuple[int, int] | None, bool, tuple[_Edit, ...]]
"""Columns as editors count them where they differ, whether there is a fix, and the safe one."""


def marked(
    findings: Sequence[Finding], sources: Mapping[str, bytes], cache: FactsCache | None = None
) -> list[Finding]:
    """Return the findings with their columns as editors count, and with the fix of each.

    sources holds the bytes of each path.
    """
    plain = {path: data.isascii() for path, data in sources.items()}
    by_path: dict[str, list[int]] = {}
    for at, each in enumerate(findings):
        if each.path in plain and (each.rule in FIXABLE or not plain[each.path]):
            by_path.setdefault(each.path, []).append(at)
    keys: dict[str, str] = {}
    if cache is not None and by_path:
        engine = engine_digest()
        for path, places in by_path.items():
            keys[path] = _key(engine, path, sources[path], [findings[at] for at in places])
    known = cache.get(list(keys.values())) if cache is not None else {}
    fresh: dict[str, list[_Mark]] = {}
    out = list(findings)
    for path, places in by_path.items():
        key = keys.get(path, "")
        marks = known.get(key)
        if marks is None:
            marks = fresh[key] = _marks(path, sources[path], [findings[at] for at in places])
        for at, (columns, fix, edits) in zip(places, marks, strict=True):
            if columns is not None or fix:
                made = tuple([Replacement(*edit) for edit in edits])
                out[at] = replace(out[at], columns=columns, fix=fix, edits=made)
    if cache is not None:
        cache.put(fresh)
    return out


def _key(engine: str, path: str, data: bytes, findings: Sequence[Finding]) -> str:
    asked = [(each.rule, *_place(each), each.message) for each in findings]
    about = f"marks {engine} {path.endswith(NOTEBOOK)} {asked!r}"
    return sha256(about.encode("utf-8", "surrogateescape") + sha256(data).digest()).hexdigest()


def _place(finding: Finding) -> tuple[int, int, int, int]:
    return (finding.line, finding.column, finding.end_line, finding.end_column)


def _marks(path: str, data: bytes, findings: Sequence[Finding]) -> list[_Mark]:
    """Return the marks of a file's findings."""
    columns: list[tuple[int, int] | None] = [None] * len(findings)
    if not data.isascii():
        try:
            data, _encode = recoded(data)
        except Unreadable:
            return [(None, False, ())] * len(findings)
        lines = data.split(b"\n")
        columns = [_columns(each, lines) for each in findings]
    fixable = [at for at, each in enumerate(findings) if each.rule in FIXABLE]
    mendings: dict[int, Mending | None] = {}
    if fixable and not path.endswith(NOTEBOOK):
        asked = [
            Wanted(findings[at].rule, _place(findings[at]), findings[at].message) for at in fixable
        ]
        mendings = dict(zip(fixable, mendings_for(data, asked, unsafe=True), strict=True))
    out: list[_Mark] = []
    for at, each in enumerate(findings):
        mending = mendings.get(at)
        safe = mending is not None and each.rule in SAFE
        edits = _replacements(mending, data) if mending is not None and safe else ()
        out.append((columns[at], mending is not None, edits))
    return out


def _columns(finding: Finding, lines: Sequence[bytes]) -> tuple[int, int]:
    return (
        _units(lines, finding.line, finding.column - 1) + 1,
        _units(lines, finding.end_line, finding.end_column - 1) + 1,
    )


def _units(lines: Sequence[bytes], line: int, count: int) -> int:
    """Return how many UTF-16 code units the first bytes of a line are."""
    text = lines[line - 1][:count] if line <= len(lines) else b""
    return len(text.decode("utf-8", "ignore").encode("utf-16-le")) // 2


def _replacements(mending: Mending, data: bytes) -> tuple[_Edit, ...]:
    out: list[_Edit] = []
    for edit in mending.edits:
        ends = []
        for place in (edit.start, edit.end):
            line = data.count(b"\n", 0, place)
            start = data.rfind(b"\n", 0, place) + 1
            text = data[start:place].decode("utf-8", "ignore")
            ends += [line + 1, len(text.encode("utf-16-le")) // 2 + 1]
        out.append((ends[0], ends[1], ends[2], ends[3], edit.new.decode()))
    return tuple(out)
