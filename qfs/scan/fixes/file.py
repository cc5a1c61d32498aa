"""A file that is being mended: its bytes and tree, and what an edit of it is.

- Positions are a finding's: lines and columns from 1, columns in bytes of UTF-8.
- A mending is edits that are made together or not at all, and the imports that they need.
"""

import ast
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from qfs.scan.facts.ir import Pos

_BLOCKS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.For, ast.AsyncFor, ast.While)
_Origin: TypeAlias = tuple[str | None, str] | None
"""The module from which a name is imported, and its name there; None for any other binding."""
_AROUND: Final = (*_BLOCKS, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A finding to mend."""

    rule: str
    pos: Pos
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes to put in the place of others."""

    start: int
    end: int
    new: bytes


@dataclass(frozen=True, slots=True)
class Mending:
    """What mends one finding."""

    edits: tuple[Edit, ...]
    imports: tuple[tuple[str, str], ...] = ()
    """Module and name of each ``from module import name`` that the edits need."""


class File:
    """A file's bytes, as UTF-8, and tree, and the way from a position to an offset."""

    def __init__(self, data: bytes, lines: Sequence[int]) -> None:
        self.data = data
        self.lines = sorted(lines)
        """Where the findings begin."""
        self.tree = ast.parse(data.decode())  # never the encoding that its first lines name
        self.starts = [0]
        self.purposes: dict[str, None] = {}
        """What chance was asked for in mendings made so far."""
        self._nodes: dict[Pos, list[ast.expr]] = {}
        self._statements: dict[Pos, ast.stmt] = {}
        self._blocks: list[tuple[int, int, ast.AST]] = []
        self._bound: dict[str, dict[_Origin, None]] | None = None
        for line in data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return the offsets of a node's first byte and of the byte after its last."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return (
            self.starts[node.lineno - 1] + node.col_offset,
            self.starts[end_line - 1] + end_column,
        )

    def source(self, node: ast.expr) -> str:
        """Return a node's text."""
        start, end = self.span(node)
        return self.data[start:end].decode()

    def at(self, pos: Pos, kind: type[ast.expr] | tuple[type[ast.expr], ...]) -> ast.expr | None:
        """Return the node of a kind that stands exactly there."""
        if not self._nodes:
            for node in _near(self.tree, self.lines):
                if isinstance(node, ast.expr):
                    self._nodes.setdefault(_place(node), []).append(node)
        return next((node for node in self._nodes.get(pos, ()) if isinstance(node, kind)), None)

    def statement(self, pos: Pos) -> ast.stmt | None:
        """Return the innermost statement that stands exactly there."""
        if not self._statements:
            for node in ast.walk(self.tree):
                if isinstance(node, ast.stmt):
                    self._statements[_place(node)] = node
        return self._statements.get(pos)

    def around(self, node: ast.expr) -> list[ast.AST]:
        """Return the functions, loops and comprehensions around a node, innermost first."""
        if not self._blocks:
            self._blocks = [
                (self.starts[first.lineno - 1] + first.col_offset,
                 self.starts[(each.end_lineno or 1) - 1] + (each.end_col_offset or 0), each)
                for each in _near(self.tree, self.lines)
                if isinstance(each, _AROUND)
                for first in (each.body[0] if isinstance(each, _BLOCKS) else each,)
            ]  # fmt: skip
        start, end = self.span(node)
        found = [block for block in self._blocks if block[0] <= start and end <= block[1]]
        return [block[2] for block in sorted(found, key=lambda block: block[1] - block[0])]

    def is_free(self, name: str, module: str) -> bool:
        """Say whether a name is bound nowhere in the file, unless it is imported from a module."""
        if self.data.isascii() and name.encode() not in self.data:
            return True
        if self._bound is None:
            self._bound = {}
            for node in ast.walk(self.tree):
                for bound, origin in _bindings(node):
                    self._bound.setdefault(bound, {})[origin] = None
        return all(origin == (module, name) for origin in self._bound.get(name, ()))


def _place(node: ast.expr | ast.stmt) -> Pos:
    ends = (node.end_lineno or 0, (node.end_col_offset or 0) + 1)
    return (node.lineno, node.col_offset + 1, *ends)


def _bindings(node: ast.AST) -> list[tuple[str, _Origin]]:
    """Return the names that a node itself binds, and from which module each is imported as what."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            return [(name, None)]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [(name, None)]
        case ast.ExceptHandler(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return [(name, None)]
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [(name, None)]
        case ast.Import(names=names):
            return [(each.asname or each.name, None) for each in names]
        case ast.ImportFrom(names=names, module=source):
            return [(each.asname or each.name, (source, each.name)) for each in names]
    return []


def _near(tree: ast.Module, lines: Sequence[int]) -> Iterator[ast.AST]:
    """Return the nodes of a tree, level by level, without statements that hold none of the lines.

    lines are in order.
    """
    level: list[ast.AST] = [tree]
    while level:
        yield from level
        level = [
            child
            for node in level
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, ast.stmt) or _holds(child, lines)
        ]


def _holds(node: ast.stmt, lines: Sequence[int]) -> bool:
    """Say whether one of some lines is the statement's, decorators included."""
    first = node.lineno
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        first = min([first, *[each.lineno for each in node.decorator_list]])
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= (node.end_lineno or first)
