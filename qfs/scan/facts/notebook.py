"""Jupyter notebooks: their code cells as one Python text, each line where the file has it.

- A line of a cell keeps the number of the line of the ``.ipynb`` file in which it is written, so
  that a finding's place is one in that file; cells whose code is one JSON text go on from there.
- ``%magic``, ``!command`` and ``name?`` become the calls that IPython makes of them; a ``%%`` cell
  in another language becomes such a call whole.
- Source: nbformat 4; IPython, "Transforming code inputs".
"""

import ast
import json
import re
from typing import Any, Final

from qfs.scan.facts.reading import Unreadable

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_MAGIC: Final = re.compile(r"^(\s*)((?:[\w.]+\s*=\s*)?)([%!?])(.*)$")
_HELP: Final = re.compile(r"^(\s*)()([\w.]+)(\?+)\s*$")
# Cell magics whose body is Python in the notebook's own process.
_PYTHON: Final = ("time", "timeit", "capture", "prun")
_Line = tuple[int, str]


def python_of(data: bytes) -> bytes:
    """Return the code cells of a notebook as Python; raises Unreadable for what is no notebook."""
    try:
        text = data.decode("utf-8-sig")
        cells = _Reader(text).cells()
    except Unreadable:
        raise
    except UnicodeDecodeError as error:
        raise Unreadable(1, f"not a notebook: not utf-8 text: {error.reason}") from None
    except json.JSONDecodeError as error:
        raise Unreadable(error.lineno, f"not a notebook: {error.msg}") from None
    except (RecursionError, StopIteration, IndexError, ValueError):
        raise Unreadable(1, "not a notebook: no JSON that can be read") from None
    out: list[str] = []
    for cell in cells:
        for number, line in _plain(cell):
            out += [""] * (number - 1 - len(out))
            out.append(line)
    return ("\n".join(out) + "\n").encode("utf-8", "surrogatepass")


class _Reader:
    """Reads the JSON of a notebook, and remembers on which line each line of code stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.skip = json.JSONDecoder().raw_decode

    def cells(self) -> list[list[_Line]]:
        """Return the lines of each code cell."""
        found: list[list[_Line]] = []
        about: dict[str, Any] = {}
        at = self._space(0)
        if self.text[at : at + 1] != "{":
            raise Unreadable(1, "not a notebook: no JSON object")
        for name, place in self._pairs(at):
            if name == "cells":
                found = [code for cell in self._items(place) if (code := self._cell(cell))]
                about[name] = True
            else:
                about[name] = self.skip(self.text, place)[0]
        if about.get("nbformat") != 4 or "cells" not in about:
            raise Unreadable(1, "not a notebook of format 4: convert it with nbconvert")
        metadata = about.get("metadata")
        kernel = metadata.get("language_info") if isinstance(metadata, dict) else None
        language = kernel.get("name", "python") if isinstance(kernel, dict) else "python"
        if language not in ("python", "ipython"):
            raise Unreadable(1, f"a notebook in {language}, not Python")
        return found

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return at if found is None else found.end()

    def _pairs(self, at: int) -> list[tuple[str, int]]:
        """Return each key of the object at a place, and where its value starts."""
        out: list[tuple[str, int]] = []
        at = self._space(at + 1)
        while self.text[at] != "}":
            name, at = self.skip(self.text, at)
            at = self._space(self._space(at) + 1)
            out.append((name, at))
            at = self._space(self.skip(self.text, at)[1])
            at = self._space(at + 1) if self.text[at] == "," else at
        return out

    def _items(self, at: int) -> list[int]:
        """Return where each item of the array at a place starts."""
        out: list[int] = []
        if self.text[at] != "[":
            return out
        at = self._space(at + 1)
        while self.text[at] != "]":
            out.append(at)
            at = self._space(self.skip(self.text, at)[1])
            at = self._space(at + 1) if self.text[at] == "," else at
        return out

    def _cell(self, at: int) -> list[_Line]:
        """Return the lines of the cell at a place; none for one that is no code."""
        places = dict(self._pairs(at))
        if "source" not in places or self.skip(self.text, places.get("cell_type", at))[0] != "code":
            return []
        start = places["source"]
        places_of = [start] if self.text[start] == '"' else self._items(start)
        out: list[_Line] = []
        for place in places_of:
            number = self.text.count("\n", 0, place) + 1
            code = str(self.skip(self.text, place)[0])
            lines = code.removesuffix("\n").split("\n")
            out += [(number + below, line.removesuffix("\r")) for below, line in enumerate(lines)]
        return out


def _plain(cell: list[_Line]) -> list[_Line]:
    """Return a cell's lines as Python."""
    first = cell[0][1].strip()
    if first.startswith("%%"):
        call = f"get_ipython().run_cell_magic({first[2:]!r})"
        inside = first[2:].split()[:1]
        rest = _plain(cell[1:]) if cell[1:] and inside and inside[0] in _PYTHON else []
        return [(cell[0][0], call), *rest]
    try:
        ast.parse("\n".join([line for _number, line in cell]))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [(number, _magic(line)) for number, line in cell]
    return cell


def _magic(line: str) -> str:
    found = _MAGIC.match(line) or _HELP.match(line)
    if found is None:
        return line
    space, target, mark, rest = found.groups()
    return f"{space}{target}get_ipython().run_line_magic({(mark + rest).strip()!r})"
