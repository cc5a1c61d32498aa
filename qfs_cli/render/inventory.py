"""An inventory as a table for a terminal, Markdown, CSV or JSON: the same rows each time."""

import csv
import io
import json
from dataclasses import asdict

from qfs.app.inventory import VERDICTS, Inventory, InventoryFile

COLUMNS = (
    "path", "sha256", "bytes", "lines", "functions", "complexity", "determinism", "floats",
    "past events", "unguarded", "post-quantum", "classical", "coverage",
)  # fmt: skip
_DIGITS = 12
"""Of a digest, where people read it."""
_ON_THE_RIGHT = frozenset(COLUMNS[2:6] + COLUMNS[7:10] + COLUMNS[12:])


def render_text(found: Inventory) -> str:
    """Return a table with columns of equal width, and what it sums up to."""
    rows = [COLUMNS, *[_cells(each, _DIGITS) for each in found.files]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            [
                cell.rjust(width) if name in _ON_THE_RIGHT else cell.ljust(width)
                for cell, width, name in zip(row, widths, COLUMNS, strict=True)
            ]
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, *_missing(found), _sum(found)]) + "\n"


def render_markdown(found: Inventory) -> str:
    """Return a page with the table."""
    lines = ["# qfs inventory", "", f"{_sum(found)}.", ""]
    lines += [f"- {each}" for each in _missing(found)] + [""] * bool(found.errors)
    head = [f"| {' | '.join(COLUMNS)} |", f"|{' --- |' * len(COLUMNS)}"]
    rows = [
        f"| {' | '.join([cell.replace('|', chr(92) + '|') for cell in _cells(each, _DIGITS)])} |"
        for each in found.files
    ]
    return "\n".join([*lines, *head, *rows]) + "\n"


def render_csv(found: Inventory) -> str:
    """Return RFC 4180's form, with whole digests; why a file was not read stands in its row."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([_cells(each, 64) for each in found.files])
    for each in found.errors:
        row = dict.fromkeys(COLUMNS, "")
        row |= {"path": each.path, "determinism": f"not read: {each.message}"}
        writer.writerow(row.values())
    return out.getvalue()


def render_json(found: Inventory) -> str:
    """Return ``qfs.inventory/1``."""
    content = {
        "schema": "qfs.inventory/1",
        "files": [asdict(each) for each in found.files],
        "errors": [asdict(each) for each in found.errors],
        "summary": {
            "files": len(found.files),
            "lines": sum([each.lines for each in found.files]),
            "functions": found.functions,
            "proved": found.proved,
        },
    }
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _cells(row: InventoryFile, digits: int) -> tuple[str, ...]:
    verdicts = [f"{row.verdicts[each]} {each}" for each in VERDICTS if row.verdicts[each]]
    return (
        row.path,
        row.sha256[:digits],
        str(row.size),
        str(row.lines),
        str(row.functions),
        str(row.complexity),
        ", ".join(verdicts) or "clean",
        str(row.floats),
        str(row.past_events),
        str(row.unguarded),
        " ".join(row.post_quantum) or "-",
        " ".join(row.classical) or "-",
        "-" if row.coverage is None else f"{row.coverage} %",
    )


def _missing(found: Inventory) -> list[str]:
    return [f"not listed: {each.path}:{each.line}: {each.message}" for each in found.errors]


def _sum(found: Inventory) -> str:
    lines = sum([each.lines for each in found.files])
    clean = sum([each.is_clean for each in found.files])
    return (
        f"{len(found.files)} files, {lines} lines; {clean} files clean;"
        f" {found.proved} of {found.functions} reached functions proved"
    )
