"""Mending findings: small edits of bytes that keep everything else as it was.

- Safe: sorted(...) around a set of text or bytes, sort_keys=True, mtime=0, tz=.
- Unsafe, since it changes results: / becomes //, a float literal becomes Fixed("...").
- Edits of one file are made together; of two that overlap the later one waits for the next run.
- Whoever applies them audits again: a finding that stays was not mended.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qfs.scan.ir import Pos

_WRAPPED = {
    "list", "tuple", "join", "enumerate", "iter", "map", "zip", "dict", "fromkeys", "str", "repr",
    "dumps", "extend", "next", "chain", "reduce", "sum", "update",
}  # fmt: skip


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


class _File:
    """A file's bytes and tree, and the way from a position to an offset."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.tree = ast.parse(data.decode())  # never the encoding that its first lines name
        self.starts = [0]
        for line in data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return the offsets of a node's first byte and of the byte after its last."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return (
            self.starts[node.lineno - 1] + node.col_offset,
            self.starts[end_line - 1] + end_column,
        )

    def at(self, pos: Pos, kind: type[ast.expr] | tuple[type[ast.expr], ...]) -> ast.expr | None:
        """Return the node of a kind that stands exactly there."""
        for node in ast.walk(self.tree):
            if isinstance(node, kind) and isinstance(node, ast.expr):
                place = (node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset)
                if place == (pos[0], pos[1], pos[2], pos[3] - 1):
                    return node
        return None


def edits_for(data: bytes, wanted: Sequence[Wanted], *, unsafe: bool) -> list[Edit | None]:
    """Return the edit that mends each finding, or None where there is none."""
    try:
        file = _File(data)
    except (SyntaxError, ValueError, RecursionError):
        return [None for _each in wanted]
    out: list[Edit | None] = []
    for each in wanted:
        make = _SAFE.get(each.rule) or (_UNSAFE.get(each.rule) if unsafe else None)
        out.append(make(file, each) if make is not None else None)
    return out


def apply(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return the bytes with every edit made that overlaps no earlier one."""
    out: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        if edit.start < at:
            continue
        out += [data[at : edit.start], edit.new]
        at = edit.end
    return b"".join([*out, data[at:]])


def with_import(data: bytes, module: str, name: str) -> bytes:
    """Return a file that also imports a name, in the place where its imports stand."""
    # LibCST takes longer to import than a warm audit takes: only a structural fix pays for it.
    import libcst  # noqa: PLC0415
    from libcst.codemod import CodemodContext  # noqa: PLC0415
    from libcst.codemod.visitors import AddImportsVisitor  # noqa: PLC0415

    tree = libcst.parse_module(data)
    context = CodemodContext()
    AddImportsVisitor.add_needed_import(context, module, name)
    return AddImportsVisitor(context).transform_module(tree).bytes


def _sorted(file: _File, wanted: Wanted) -> Edit | None:
    """Put sorted(...) around the set whose order leaks; only where its elements compare."""
    if not any(f"a set of {kind} " in wanted.text for kind in ("str", "bytes", "int or str")):
        return None
    node = file.at(wanted.pos, ast.expr)
    if node is None:
        return None
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name not in _WRAPPED or not node.args:
            return None
        argument = node.args[-1] if name == "map" else node.args[0]
        if name in {"next", "str", "repr", "zip", "reduce", "sum"}:
            return None
        if name == "list" and len(node.args) == 1:
            start, end = file.span(node.func)
            return Edit(start, end, b"sorted")
        return _around(file, argument)
    return _around(file, node) if isinstance(node, (ast.Set, ast.Name, ast.Attribute)) else None


def _around(file: _File, node: ast.expr) -> Edit | None:
    if isinstance(node, (ast.Starred, ast.GeneratorExp, ast.Yield, ast.Await)):
        return None
    start, end = file.span(node)
    return Edit(start, end, b"sorted(" + file.data[start:end] + b")")


def _keyword(text: bytes) -> Callable[[_File, Wanted], Edit | None]:
    def make(file: _File, wanted: Wanted) -> Edit | None:
        node = file.at(wanted.pos, ast.Call)
        if not isinstance(node, ast.Call) or any(word.arg is None for word in node.keywords):
            return None
        name = text.partition(b"=")[0].decode()
        for word in node.keywords:
            if word.arg == name:
                start, end = file.span(word.value)
                return Edit(start, end, text.partition(b"=")[2])
        _start, end = file.span(node)
        before = file.data[: end - 1].rstrip()
        comma = b"" if before.endswith((b"(", b",")) else b", "
        return Edit(end - 1, end - 1, comma + text)

    return make


def _mtime(file: _File, wanted: Wanted) -> Edit | None:
    if not wanted.text.startswith("gzip."):
        return None
    return _keyword(b"mtime=0")(file, wanted)


def _zone(file: _File, wanted: Wanted) -> Edit | None:
    node = file.at(wanted.pos, ast.Call)
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return None
    if ast.unparse(node.func) != "datetime.datetime.fromtimestamp":
        return None
    return _keyword(b"tz=datetime.timezone.utc")(file, wanted)


def _floor(file: _File, wanted: Wanted) -> Edit | None:
    node = file.at(wanted.pos, ast.BinOp)
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return None
    _start, left_end = file.span(node.left)
    right_start, _end = file.span(node.right)
    middle = file.data[left_end:right_start]
    slash = middle.find(b"/")
    if slash < 0 or b"#" in middle:
        return None
    return Edit(left_end + slash, left_end + slash + 1, b"//")


def _fixed(file: _File, wanted: Wanted) -> Edit | None:
    node = file.at(wanted.pos, ast.Constant)
    if not isinstance(node, ast.Constant) or not isinstance(node.value, float):
        return None
    start, end = file.span(node)
    text = file.data[start:end].replace(b"_", b"")
    if any(sign in text.lower() for sign in (b"e", b"j")):
        return None
    return Edit(start, end, b'Fixed("' + text + b'")')


_SAFE: dict[str, Callable[[_File, Wanted], Edit | None]] = {
    "QFS105": _mtime,
    "QFS401": _sorted,
    "QFS402": _sorted,
    "QFS403": _sorted,
    "QFS405": _sorted,
    "QFS406": _sorted,
    "QFS606": _zone,
    "QFS905": _keyword(b"sort_keys=True"),
}
_UNSAFE: dict[str, Callable[[_File, Wanted], Edit | None]] = {
    "QFS501": _fixed,
    "QFS502": _floor,
}
FIXABLE = frozenset((*_SAFE, *_UNSAFE))
