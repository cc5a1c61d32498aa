"""Mending clocks and chance in a function that is handed a Context: the packet has both.

- ``time.time()`` and ``datetime.now()`` become the packet's time, ``random`` and ``secrets`` its
  chance, under a purpose of their own. All of it changes results.
- A function is handed a context when it has a parameter ``context`` or ``ctx``, or one annotated
  with a name that ends in ``Context``, or stands in such a function.
- No chance in a loop: each turn would draw the same.
- Source: ``qfs.kernel.Context``.
"""

import ast
from typing import Final

from qfs.scan.fixes.file import Edit, File, Mending, Wanted

_LOOPS: Final = (
    ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def clock(file: File, wanted: Wanted) -> Mending | None:
    """Put the packet's time in the place of a clock's."""
    node = file.at(wanted.pos, ast.Call)
    if not isinstance(node, ast.Call):
        return None
    context, _function = _context(file, node)
    if not context:
        return None
    name = wanted.text.partition(":")[0]
    if name == "time.time_ns" and not node.args:
        return _whole(file, node, f"({context}.time_us * 1000)")
    if name == "time.time" and not node.args:
        return _whole(file, node, f"({context}.time_us // 1_000_000)")
    return _date(file, node, name, context)


def _date(file: File, node: ast.Call, name: str, context: str) -> Mending | None:
    """Make a date or time out of the packet's microseconds, exactly."""
    if not isinstance(node.func, ast.Attribute):
        return None
    given = [*node.args, *[word.value for word in node.keywords]]
    aware = len(given) == 1 and "utc" in file.source(given[0]).lower()
    known = {
        "datetime.datetime.now": not given or aware,
        "datetime.datetime.utcnow": not given,
        "datetime.datetime.today": not given,
        "datetime.date.today": not given,
    }
    if not known.get(name):
        return None
    made = file.source(node.func.value)
    prefix = made.rpartition(".")[0]
    dot = f"{prefix}." if prefix else ""
    needed = [] if prefix else ["timedelta", *["timezone"] * aware]
    if any(not file.is_free(each, "datetime") for each in needed):
        return None
    zone = f", tzinfo={dot}timezone.utc" if aware else ""
    text = f"({made}(1970, 1, 1{zone}) + {dot}timedelta(microseconds={context}.time_us))"
    return _whole(file, node, text, tuple([("datetime", each) for each in needed]))


def chance(file: File, wanted: Wanted) -> Mending | None:
    """Put the packet's chance in the place of the process's."""
    node = file.at(wanted.pos, ast.Call)
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    context, function = _context(file, node)
    if not context or function is None:
        return None
    for each in file.around(node):
        if isinstance(each, _LOOPS):
            return None
        if each is function:
            break
    drawn = _drawn(file, node, wanted.text.partition(":")[0])
    if drawn is None:
        return None
    before, asked, after = drawn
    purpose = _purpose(file, f"{function.name} {file.source(node)}")
    return _whole(file, node, f"{before}{context}.chance({purpose}).{asked}{after}")


def _drawn(file: File, node: ast.Call, name: str) -> tuple[str, str, str] | None:
    """Return what stands before, what is asked of the chance, and what stands after it."""
    given = [file.source(each) for each in node.args]
    kinds = [type(each) for each in node.args]
    match name.rpartition(".")[2], given:
        case "randrange" | "randbelow", [bound]:
            return "", f"below({bound})", ""
        case "randint", [low, high] if kinds[0] in (ast.Constant, ast.Name):
            return f"({low} + ", f"below({high} - {low} + 1)", ")"
        case "choice", [things] if kinds[0] in (ast.Name, ast.Attribute):
            return f"{things}[", f"below(len({things}))", "]"
        case "getrandbits", [bits] if bits.isdigit() and int(bits) <= 64:
            return "", f"below(1 << {bits})", ""
        case "randbytes" | "urandom" | "token_bytes", [count]:
            return "", f"take({count})", ""
    return None


def _purpose(file: File, words: str) -> str:
    """Return a text that no other chance of the file is asked for."""
    plain = "".join([each if each.isalnum() or each in " ._()," else "_" for each in words])[:80]
    number, found = 1, plain
    while found in file.purposes or f'chance("{found}")'.encode() in file.data:
        number += 1
        found = f"{plain} {number}"
    file.purposes[found] = None
    return f'"{found}"'


def _whole(
    file: File, node: ast.Call, text: str, imports: tuple[tuple[str, str], ...] = ()
) -> Mending:
    start, end = file.span(node)
    return Mending((Edit(start, end, text.encode()),), imports)


def _context(
    file: File, node: ast.Call
) -> tuple[str, ast.FunctionDef | ast.AsyncFunctionDef] | tuple[str, None]:
    """Return the context's name in the function around a node, and that function."""
    for each in file.around(node):
        if isinstance(each, _FUNCTIONS):
            every = (*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs)
            for parameter in every:
                said = "" if parameter.annotation is None else file.source(parameter.annotation)
                if said.strip("\"'").endswith("Context") or (
                    not said and parameter.arg in {"context", "ctx"}
                ):
                    return parameter.arg, each
    return "", None
