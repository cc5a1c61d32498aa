"""Mending findings: small edits of bytes that keep everything else as it was.

- Safe: sorted(...) around a set of text or bytes, sort_keys=True, mtime=0, tz=.
- Unsafe: sorted(...) around a set of whatever, which may not compare.
- Unsafe, since it changes results: / becomes a named division, a float literal Fixed("..."), a
  clock the packet's time, chance the packet's chance (``qfs.scan.fixes.packet``).
- Edits of one file are made together; a mending that overlaps an earlier one waits for another run.
- Whoever applies them audits again: a finding that stays was not mended.
"""

import ast
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from qfs.scan.facts.ir import Pos
from qfs.scan.fixes.file import Edit, File, Mending, Wanted
from qfs.scan.fixes.packet import chance, clock

_WRAPPED: Final = {
    "list", "tuple", "join", "enumerate", "iter", "map", "zip", "dict", "fromkeys", "str", "repr",
    "dumps", "extend", "next", "chain", "reduce", "sum", "update",
}  # fmt: skip
_PLACES_MAX: Final = 18  # of Fixed
_DIVIDES: Final = (("qfs.certmath", "div"), ("qfs.certmath", "Rounding"))


def mendings_for(data: bytes, wanted: Sequence[Wanted], *, unsafe: bool) -> list[Mending | None]:
    """Return what mends each finding, or None where nothing does; data is UTF-8."""
    try:
        file = File(data, [each.pos[0] for each in wanted])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [None for _each in wanted]
    out: list[Mending | None] = []
    for each in wanted:
        made = _SAFE[each.rule](file, each) if each.rule in _SAFE else None
        if made is None and unsafe and each.rule in _UNSAFE:
            made = _UNSAFE[each.rule](file, each)
        out.append(made)
    left = [
        each.pos for each, made in zip(wanted, out, strict=True)
        if made is None and each.rule in _OF_SETS
    ]  # fmt: skip
    for at, each in enumerate(wanted):
        if each.rule == "QFS905" and any(_within(pos, each.pos) for pos in left):
            out[at] = None  # sorted keys would not mend what a set leaves in the text
    return out


def _within(inner: Pos, outer: Pos) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def apply(data: bytes, mendings: Sequence[Mending | None]) -> tuple[bytes, list[bool]]:
    """Return the bytes with every mending made that overlaps no earlier one, and which were."""
    taken: list[Edit] = []
    made: list[bool] = []
    imports: dict[tuple[str, str], None] = {}
    for mending in mendings:
        fits = mending is not None and not any(
            _clash(edit, other) for edit in mending.edits for other in taken
        )
        made.append(fits)
        if fits and mending is not None:
            taken += mending.edits
            imports.update(dict.fromkeys(mending.imports))
    out: list[bytes] = []
    at = 0
    for edit in sorted(taken, key=lambda each: (each.start, each.end)):
        out += [data[at : edit.start], edit.new]
        at = edit.end
    new = b"".join([*out, data[at:]])
    for module, name in imports:
        new = with_import(new, module, name)
    return new, made


def _clash(edit: Edit, other: Edit) -> bool:
    """Say whether two edits cannot both be made: they overlap, or differ at the same point."""
    if edit.start == edit.end == other.start == other.end:
        return edit.new != other.new
    return edit.start < other.end and other.start < edit.end


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


def _sorted(file: File, wanted: Wanted) -> Mending | None:
    """Put sorted(...) around the set whose order leaks; only where its elements compare."""
    compare = any(f"a set of {kind} " in wanted.text for kind in ("str", "bytes", "int or str"))
    return _sorted_anyway(file, wanted) if compare else None


def _sorted_anyway(file: File, wanted: Wanted) -> Mending | None:
    """Put sorted(...) around the set whose order leaks; elements that do not compare raise."""
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
            return Mending((Edit(start, end, b"sorted"),))
        return _around(file, argument)
    return _around(file, node) if isinstance(node, (ast.Set, ast.Name, ast.Attribute)) else None


def _around(file: File, node: ast.expr) -> Mending | None:
    if isinstance(node, (ast.Starred, ast.GeneratorExp, ast.Yield, ast.Await)):
        return None
    start, end = file.span(node)
    return Mending((Edit(start, start, b"sorted("), Edit(end, end, b")")))


def _keyword(text: bytes) -> Callable[[File, Wanted], Mending | None]:
    def make(file: File, wanted: Wanted) -> Mending | None:
        node = file.at(wanted.pos, ast.Call)
        if not isinstance(node, ast.Call) or any(word.arg is None for word in node.keywords):
            return None
        name = text.partition(b"=")[0].decode()
        for word in node.keywords:
            if word.arg == name:
                start, end = file.span(word.value)
                return Mending((Edit(start, end, text.partition(b"=")[2]),))
        _start, end = file.span(node)
        before = file.data[: end - 1].rstrip()
        comma = b"" if before.endswith((b"(", b",")) else b", "
        return Mending((Edit(end - 1, end - 1, comma + text),))

    return make


def _mtime(file: File, wanted: Wanted) -> Mending | None:
    if not wanted.text.startswith("gzip."):
        return None
    return _keyword(b"mtime=0")(file, wanted)


def _zone(file: File, wanted: Wanted) -> Mending | None:
    node = file.at(wanted.pos, ast.Call)
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return None
    if ast.unparse(node.func) != "datetime.datetime.fromtimestamp":
        return None
    return _keyword(b"tz=datetime.timezone.utc")(file, wanted)


def _division(file: File, wanted: Wanted) -> Mending | None:
    """Make a / b into div(a, b, Rounding.ROUND_HALF_EVEN), which rounds once, at the 18th place."""
    if not file.is_free("div", "qfs.certmath") or not file.is_free("Rounding", "qfs.certmath"):
        return None
    node = file.at(wanted.pos, ast.BinOp)
    if node is None:
        return _divided(file, wanted)
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return None
    start, end = file.span(node)
    _start, left_end = file.span(node.left)
    right_start, _end = file.span(node.right)
    middle = file.data[left_end:right_start]
    slash = middle.find(b"/")
    if slash < 0 or b"#" in middle:
        return None
    place = left_end + slash
    while place > left_end and file.data[place - 1 : place] == b" ":
        place -= 1
    return Mending(
        (
            Edit(start, start, b"div("),
            Edit(place, left_end + slash + 1, b","),
            Edit(end, end, b", Rounding.ROUND_HALF_EVEN)"),
        ),
        _DIVIDES,
    )


def _divided(file: File, wanted: Wanted) -> Mending | None:
    """Make x /= y into x = div(x, y, Rounding.ROUND_HALF_EVEN), where x is a name or attribute.

    An item is left alone: its index would be evaluated twice.
    """
    node = file.statement(wanted.pos)
    if not isinstance(node, ast.AugAssign) or not isinstance(node.op, ast.Div):
        return None
    target: ast.expr = node.target
    while isinstance(target, ast.Attribute):
        target = target.value
    start, target_end = file.span(node.target)
    end = file.starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
    sign, _, value = file.data[target_end:end].partition(b"/=")
    if not isinstance(target, ast.Name) or sign.strip() or b"#" in value:
        return None
    name = file.data[start:target_end]
    place = end - len(value.lstrip())
    return Mending(
        (
            Edit(target_end + len(sign), place, b"= div(" + name + b", "),
            Edit(end, end, b", Rounding.ROUND_HALF_EVEN)"),
        ),
        _DIVIDES,
    )


def _fixed(file: File, wanted: Wanted) -> Mending | None:
    """Make a float literal into Fixed("..."), digit for digit; not one that Fixed cannot hold."""
    node = file.at(wanted.pos, ast.Constant)
    if not isinstance(node, ast.Constant) or not isinstance(node.value, float):
        return None
    start, end = file.span(node)
    number = Decimal(file.data[start:end].decode().replace("_", ""))
    text = f"{number:f}"
    if len(text.partition(".")[2]) > _PLACES_MAX or not file.is_free("Fixed", "qfs.certmath"):
        return None
    edit = Edit(start, end, b'Fixed("' + text.encode() + b'")')
    return Mending((edit,), (("qfs.certmath", "Fixed"),))


_SAFE: Final[dict[str, Callable[[File, Wanted], Mending | None]]] = {
    "QFS105": _mtime,
    "QFS401": _sorted,
    "QFS402": _sorted,
    "QFS403": _sorted,
    "QFS405": _sorted,
    "QFS406": _sorted,
    "QFS606": _zone,
    "QFS905": _keyword(b"sort_keys=True"),
}
_OF_SETS: Final = ("QFS401", "QFS402", "QFS403", "QFS405", "QFS406")
_UNSAFE: Final[dict[str, Callable[[File, Wanted], Mending | None]]] = {
    **dict.fromkeys(_OF_SETS, _sorted_anyway),
    "QFS101": clock,
    "QFS201": chance,
    "QFS203": chance,
    "QFS501": _fixed,
    "QFS502": _division,
}
SAFE: Final = frozenset(_SAFE)
FIXABLE: Final = frozenset((*_SAFE, *_UNSAFE))
