"""Tables as Parquet files, by pyarrow: the extra ``parquet``.

- Whole numbers are unsigned 64-bit columns, everything else is text; amounts stay exact.
- The same rows give the same bytes with the same pyarrow: no time and no path is in the file.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from qfs.errors import EnvironmentFault
from qfs.shell.exports import Row


def check_installed() -> None:
    """Raise EnvironmentFault unless pyarrow is there."""
    _module("pyarrow")


def file_of(header: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Return the bytes of a Parquet file that holds the rows."""
    arrow, writer = _module("pyarrow"), _module("pyarrow.parquet")
    columns = {}
    for place, name in enumerate(header):
        cells = [row[place] for row in rows]
        whole = bool(cells) and all(type(cell) is int for cell in cells)
        columns[name] = arrow.array(cells, arrow.uint64() if whole else arrow.string())
    sink = arrow.BufferOutputStream()
    writer.write_table(arrow.table(columns), sink, compression="snappy")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise EnvironmentFault(
            "pyarrow is not installed", place=name, way_out="pip install 'qfs-toolchain[parquet]'"
        ) from None
