"""The places of findings as editors count them, and the fixes that findings have."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qfs.app.audit_report import Finding, Replacement
from qfs.scan.fixes import FIXABLE, mendings_for
from qfs.scan.fixes_file import Mending, Wanted
from qfs.scan.reading import Unreadable, recoded
from qfs.shell.sources import NOTEBOOK


def marked(findings: Sequence[Finding], sources: Mapping[str, bytes]) -> list[Finding]:
    """Return the findings with their columns as editors count, and with the fix of each.

    sources holds the bytes of each path.
    """
    by_path: dict[str, list[int]] = {}
    for at, each in enumerate(findings):
        if each.path in sources:
            by_path.setdefault(each.path, []).append(at)
    out = list(findings)
    for path, places in by_path.items():
        data = sources[path]
        if not data.isascii():
            try:
                data, _encode = recoded(data)
            except Unreadable:
                continue
            for at in places:
                out[at] = replace(out[at], columns=_columns(out[at], data))
        fixable = [at for at in places if out[at].rule in FIXABLE]
        if fixable and not path.endswith(NOTEBOOK):
            asked = [
                Wanted(
                    out[at].rule,
                    (out[at].line, out[at].column, out[at].end_line, out[at].end_column),
                    out[at].message,
                )
                for at in fixable
            ]
            safe = mendings_for(data, asked, unsafe=False)
            for at, mending, sure in zip(
                fixable, mendings_for(data, asked, unsafe=True), safe, strict=True
            ):
                if mending is not None:
                    edits = () if sure is None else _replacements(sure, data)
                    out[at] = replace(out[at], fix=True, edits=edits)
    return out


def _columns(finding: Finding, data: bytes) -> tuple[int, int]:
    lines = data.split(b"\n")
    return (
        _units(lines, finding.line, finding.column - 1) + 1,
        _units(lines, finding.end_line, finding.end_column - 1) + 1,
    )


def _units(lines: Sequence[bytes], line: int, count: int) -> int:
    """Return how many UTF-16 code units the first bytes of a line are."""
    text = lines[line - 1][:count] if line <= len(lines) else b""
    return len(text.decode("utf-8", "ignore").encode("utf-16-le")) // 2


def _replacements(mending: Mending, data: bytes) -> tuple[Replacement, ...]:
    out = []
    for edit in mending.edits:
        ends = []
        for place in (edit.start, edit.end):
            line = data.count(b"\n", 0, place)
            start = data.rfind(b"\n", 0, place) + 1
            text = data[start:place].decode("utf-8", "ignore")
            ends += [line + 1, len(text.encode("utf-16-le")) // 2 + 1]
        out.append(Replacement(ends[0], ends[1], ends[2], ends[3], edit.new.decode()))
    return tuple(out)
