"""Reading files: what is no Python is told, line and reason; what is, loses nothing."""

import marshal

import pytest

from qfs.scan.facts import ir
from qfs.scan.facts.extract import extract
from qfs.scan.facts.reading import Unreadable

REFUSED = [
    ("a syntax error", b"x = 1\ndef f(:\n", 2, "not Python"),
    ("a null byte", b"x = 1\n\0\n", 2, "null byte"),
    ("an unknown encoding", b"# coding: klingon\nx = 1\n", 1, "unknown encoding"),
    ("bytes that are no UTF-8", b"x = 1\ny = '\xff'\n", 2, "not utf-8 text"),
    ("an endless indent", b"if x:\n\ty\n        z\n", 3, "not Python"),
    ("nesting without end", b"(" * 4000 + b")" * 4000, 1, ""),
]


@pytest.mark.parametrize(("what", "data", "line", "why"), REFUSED, ids=[c[0] for c in REFUSED])
def test_a_file_that_python_refuses_is_unreadable(
    what: str, data: bytes, line: int, why: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        extract(data)
    assert caught.value.line == line
    assert why in caught.value.why


READ = [
    ("nothing", b"", 0),
    ("a byte order mark", b"\xef\xbb\xbfx = 1\n", 1),
    ("a declared encoding", "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"), 2),
    ("carriage returns", b"x = 1\r\ny = 2\r\n", 2),
    ("no newline at the end", b"x = 1", 1),
]


@pytest.mark.parametrize(("what", "data", "lines"), READ, ids=[case[0] for case in READ])
def test_a_file_that_python_reads_is_read(what: str, data: bytes, lines: int) -> None:
    assert extract(data).lines == lines


def test_facts_survive_being_packed() -> None:
    code = b"""
import time as t
@decorate(1)
class A(B, metaclass=M):
    x: int = 3
    async def f(self, a, /, b=1, *c, d: str = "", **e) -> None:
        async with a as (b, *c):
            return [x async for x in y if (z := x)]
try:
    match a:
        case {"k": v, **rest} if v: pass
        case A(x=1) | [_, *others]: yield_ = lambda: (yield)
except* E as e:
    raise X from e
finally:
    del a.b  # qfs: allow[QFS101, QFS102] reason="test" until=2030-01-31
"""
    facts = extract(code)
    packed = marshal.loads(marshal.dumps(ir.packed(facts)))
    assert ir.unpacked(packed) == facts
    assert facts.allowances[0].codes == ("QFS101", "QFS102")
    assert facts.allowances[0].until == "2030-01-31"


def test_an_allowance_in_a_text_is_none() -> None:
    assert extract(b'x = "# qfs: allow[QFS101] reason=\\"no\\""\n').allowances == ()


def test_an_allowance_that_stands_alone_speaks_of_the_next_line_of_code() -> None:
    facts = extract(b'# qfs: allow[QFS101] reason="why"\n# more\n\nx = 1\n')
    assert [each.line for each in facts.allowances] == [4]
