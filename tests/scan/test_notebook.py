"""Notebooks as Python: lines keep their places in the file, magics become calls, others are no."""

import ast
import json

import pytest

from qfs.scan.facts.notebook import python_of
from qfs.scan.facts.reading import Unreadable

MARKDOWN = {"cell_type": "markdown", "metadata": {}, "source": ["import os\n", "# text"]}


def code(*lines: str, outputs: list[object] | None = None) -> dict[str, object]:
    return {
        "cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": outputs or [],
        "source": list(lines),
    }  # fmt: skip


def notebook(*cells: object, **more: object) -> bytes:
    return json.dumps(
        {"cells": list(cells), "metadata": {}, "nbformat": 4, **more}, indent=1
    ).encode()


def test_each_line_stands_where_the_file_has_it() -> None:
    said = [{"name": "stdout", "output_type": "stream", "text": ["x = 1\n", "y = 2"]}]
    data = notebook(MARKDOWN, code("x = 1\n", "y = 2", outputs=said), code("print('é', x)"))
    inside = data.decode().splitlines()
    for number, line in enumerate(python_of(data).decode().splitlines()):
        if line:
            assert json.dumps(line)[1:-1] in inside[number]
    kept = [line for line in python_of(data).decode().splitlines() if line]
    assert kept == ["x = 1", "y = 2", "print('é', x)"]
    assert inside[python_of(data).decode().splitlines().index("x = 1") - 1].strip() == '"source": ['


LINES = [
    ("a line magic", ["%matplotlib inline\n", "x = 1"], ["x = 1"]),
    ("a command", ["!ls\n", "files = !ls *.py\n", "x = 1"], ["x = 1"]),
    ("help", ["len?\n", "x = 1"], ["x = 1"]),
    ("a remainder, which is no magic", ["x = (7\n", "     % 4)"], ["x = (7", "     % 4)"]),
    ("a timed cell", ["%%time\n", "x = 1"], ["x = 1"]),
    ("a cell in a shell", ["%%bash\n", "rm -rf x"], []),
    ("code as one text", ["x = 1\ny = 2\n"], ["x = 1", "y = 2"]),
]


@pytest.mark.parametrize(("what", "lines", "kept"), LINES, ids=[case[0] for case in LINES])
def test_what_ipython_adds_becomes_calls(what: str, lines: list[str], kept: list[str]) -> None:
    text = python_of(notebook(code(*lines))).decode()
    ast.parse(text)
    found = [line for line in text.splitlines() if line and "get_ipython()" not in line]
    assert found == kept


REFUSED = [
    ("no JSON", b"x = 1\n", "no JSON"),
    ("cut off", notebook(code("x = 1"))[:-30], "not a notebook"),
    ("an array", b"[]", "no JSON object"),
    ("no cells", b'{"nbformat": 4}', "format 4"),
    ("an older format", notebook(code("x = 1"), nbformat=3), "nbconvert"),
    ("another language", notebook(metadata={"language_info": {"name": "R"}}), "in R, not Python"),
    ("other bytes", b"\xff\xfe{}", "utf-8"),
    ("deep nesting", b'{"cells": ' + b"[" * 100_000, "not a notebook"),
]


@pytest.mark.parametrize(("what", "data", "why"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_is_no_notebook_is_refused(what: str, data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        python_of(data)
