"""From the bytes of one file to its facts: CPython's ``ast`` and one class-keyed dispatch.

- The tree is dropped as soon as its facts stand; nothing later needs it.
- Code under ``if TYPE_CHECKING`` and under ``if __name__ == "__main__"`` is no part of any run
  that an importer sees, so it leaves no facts.
- Long texts are cut: no rule looks at more than their first 200 characters.
"""

import ast
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from qfs.scan.facts import ir
from qfs.scan.facts.ir import ClassFacts, Fact, FunctionFacts, ModuleFacts, Parameter, Pos
from qfs.scan.facts.newer import in_older_words
from qfs.scan.facts.reading import Unreadable, allowances, decode

_TEXT_MAX: Final = 200
_OPERATORS: Final[dict[type, str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^",
    ast.BitAnd: "&", ast.MatMult: "@", ast.Not: "not", ast.USub: "neg", ast.UAdd: "pos",
    ast.Invert: "~", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">",
    ast.GtE: ">=", ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


def extract(data: bytes) -> ModuleFacts:
    """Return the facts of one file's bytes; raises Unreadable for what Python would refuse."""
    text = decode(data)
    try:
        tree = _parsed(text)
    except SyntaxError as error:
        raise Unreadable(error.lineno or 1, f"not Python: {error.msg}") from None
    except ValueError as error:
        raise Unreadable(1, f"not Python: {error}") from None
    except (RecursionError, MemoryError):
        raise Unreadable(1, "nested too deeply to be read") from None
    lines = text.count("\n") + (not text.endswith("\n") and bool(text))
    writer = _Writer()
    try:
        writer.module(tree, lines)
    except RecursionError:
        raise Unreadable(1, "nested too deeply to be read") from None
    found = allowances(text) if "qfs:" in text else ()
    functions = [made for made in writer.functions if made is not None]
    classes = [made for made in writer.classes if made is not None]
    return ModuleFacts(lines, tuple(functions), tuple(classes), found)


def _parsed(text: str) -> ast.Module:
    """Return the tree of a text, of one in newer syntax too; raises SyntaxError and ValueError."""
    try:
        return ast.parse(text)
    except SyntaxError:
        older = in_older_words(text)
        if older is None:
            raise
        with suppress(SyntaxError):
            return ast.parse(older)
        raise


class _Scope:
    """What is known of the function whose body is being written."""

    def __init__(self, index: int, qualname: str, owner: int) -> None:
        self.index = index
        self.qualname = qualname
        self.owner = owner
        self.bound: dict[str, None] = {}
        self.shared: dict[str, None] = {}
        self.generator = False
        self.captured = False


def _pos(node: Any) -> Pos:
    return (
        node.lineno,
        node.col_offset + 1,
        node.end_lineno or node.lineno,
        (node.end_col_offset or node.col_offset) + 1,
    )


class _Writer:
    """Writes facts; one method a kind of node, found by the node's class."""

    def __init__(self) -> None:
        self.functions: list[FunctionFacts | None] = []
        self.classes: list[ClassFacts | None] = []
        self.scope = _Scope(0, "", -1)
        self.prefix = ""

    def module(self, tree: ast.Module, lines: int) -> None:
        """Write the module's body as function 0."""
        self.functions.append(None)
        body = self.block(tree.body)
        self.functions[0] = FunctionFacts(
            "<module>", "<module>", (1, 1, max(lines, 1), 1), (), None, (), body,
            False, False, -1, 0, tuple(self.scope.bound), (), True,
        )  # fmt: skip

    def expr(self, node: ast.expr) -> Fact:
        """Return the fact of an expression."""
        return _EXPRESSIONS[node.__class__](self, node)

    def maybe(self, node: ast.expr | None) -> Fact | None:
        """Return the fact of an expression that may be missing."""
        return None if node is None else _EXPRESSIONS[node.__class__](self, node)

    def many(self, nodes: Sequence[ast.expr]) -> tuple[Fact, ...]:
        """Return the facts of several expressions."""
        return tuple([_EXPRESSIONS[node.__class__](self, node) for node in nodes])

    def block(self, body: Sequence[ast.stmt]) -> tuple[Fact, ...]:
        """Return the facts of a body."""
        out: list[Fact] = []
        for node in body:
            fact = _STATEMENTS[node.__class__](self, node)
            if fact is not None:
                out.append(fact)
        return tuple(out)

    def function(self, node: Any, name: str, body: Callable[[], tuple[Fact, ...]]) -> int:
        """Write a def or a lambda; return its index."""
        arguments = node.args
        decorators = self.many(getattr(node, "decorator_list", ()))
        parameters = self.parameters(arguments)
        returns = self.maybe(getattr(node, "returns", None))
        outer, prefix = self.scope, self.prefix
        outer.captured = True
        index = len(self.functions)
        self.functions.append(None)
        qualname = f"{prefix}{name}"
        self.scope = scope = _Scope(index, qualname, outer.owner)
        owner, scope.owner = outer.owner, -1
        self.prefix = f"{qualname}.<locals>."
        for parameter in parameters:
            scope.bound[parameter.name] = None
        facts = body()
        self.scope, self.prefix = outer, prefix
        self.functions[index] = FunctionFacts(
            name, qualname, _pos(node), parameters, returns, decorators, facts,
            isinstance(node, ast.AsyncFunctionDef), scope.generator, owner, outer.index,
            tuple([bound for bound in scope.bound if bound not in scope.shared]),
            tuple(scope.shared), scope.captured,
        )  # fmt: skip
        return index

    def parameters(self, node: ast.arguments) -> tuple[Parameter, ...]:
        """Return the parameters in the order in which a call fills them."""
        plain = [(0, each) for each in node.posonlyargs] + [(1, each) for each in node.args]
        first_default = len(plain) - len(node.defaults)
        out: list[Parameter] = []
        for at, (kind, each) in enumerate(plain):
            default = node.defaults[at - first_default] if at >= first_default else None
            out.append(Parameter(each.arg, kind, self.maybe(each.annotation), self.maybe(default)))
        if node.vararg:
            out.append(Parameter(node.vararg.arg, 2, self.maybe(node.vararg.annotation), None))
        for each, only in zip(node.kwonlyargs, node.kw_defaults, strict=True):
            out.append(Parameter(each.arg, 3, self.maybe(each.annotation), self.maybe(only)))
        if node.kwarg:
            out.append(Parameter(node.kwarg.arg, 4, self.maybe(node.kwarg.annotation), None))
        return tuple(out)

    # Expressions -----------------------------------------------------------------------------

    def constant(self, node: ast.Constant) -> Fact:
        value = node.value
        if isinstance(value, (float, complex)):
            return (ir.FLOAT, repr(value), _pos(node))
        if isinstance(value, (str, bytes)) and len(value) > _TEXT_MAX:
            value = value[:_TEXT_MAX]
        if value is ...:
            value = None
        if isinstance(value, int) and value.bit_length() > 512:
            value = 1 << 512
        return (ir.CONST, value, _pos(node))

    def name(self, node: ast.Name) -> Fact:
        if node.ctx.__class__ is not ast.Load:
            self.scope.bound[node.id] = None
        return (ir.NAME, sys.intern(node.id), _pos(node))

    def attribute(self, node: ast.Attribute) -> Fact:
        return (ir.ATTR, self.expr(node.value), sys.intern(node.attr), _pos(node))

    def call(self, node: ast.Call) -> Fact:
        words = tuple([(word.arg, self.expr(word.value)) for word in node.keywords])
        return (ir.CALL, self.expr(node.func), self.many(node.args), words, _pos(node))

    def list_(self, node: ast.List) -> Fact:
        return (ir.LIST, self.many(node.elts), _pos(node))

    def tuple_(self, node: ast.Tuple) -> Fact:
        return (ir.TUPLE, self.many(node.elts), _pos(node))

    def set_(self, node: ast.Set) -> Fact:
        return (ir.SET, self.many(node.elts), _pos(node))

    def dict_(self, node: ast.Dict) -> Fact:
        pairs = zip(node.keys, node.values, strict=True)
        return (ir.DICT, tuple([(self.maybe(k), self.expr(v)) for k, v in pairs]), _pos(node))

    def binary(self, node: ast.BinOp) -> Fact:
        operator = _OPERATORS[node.op.__class__]
        return (ir.BINARY, operator, self.expr(node.left), self.expr(node.right), _pos(node))

    def unary(self, node: ast.UnaryOp) -> Fact:
        return (ir.UNARY, _OPERATORS[node.op.__class__], self.expr(node.operand), _pos(node))

    def bool_(self, node: ast.BoolOp) -> Fact:
        return (ir.BOOL, self.many(node.values), "and" if isinstance(node.op, ast.And) else "or")

    def compare(self, node: ast.Compare) -> Fact:
        pairs = zip(node.ops, node.comparators, strict=True)
        rest = tuple([(_OPERATORS[op.__class__], self.expr(right)) for op, right in pairs])
        return (ir.COMPARE, self.expr(node.left), rest, _pos(node))

    def subscript(self, node: ast.Subscript) -> Fact:
        return (ir.INDEX, self.expr(node.value), self.expr(node.slice), _pos(node))

    def slice_(self, node: ast.Slice) -> Fact:
        parts = [part for part in (node.lower, node.upper, node.step) if part is not None]
        return (ir.SLICE, self.many(parts))

    def if_else(self, node: ast.IfExp) -> Fact:
        return (ir.IF_ELSE, self.expr(node.test), self.expr(node.body), self.expr(node.orelse))

    def lambda_(self, node: ast.Lambda) -> Fact:
        def body() -> tuple[Fact, ...]:
            return ((ir.RETURN, self.expr(node.body), _pos(node.body)),)

        return (ir.LAMBDA, self.function(node, "<lambda>", body), _pos(node))

    def comprehension(self, node: Any) -> Fact:
        kind = _COMPREHENSIONS[node.__class__]
        parts = tuple(
            [
                (self.expr(g.target), self.expr(g.iter), self.many(g.ifs), bool(g.is_async))
                for g in node.generators
            ]
        )
        results = (node.key, node.value) if kind == "dict" else (node.elt,)
        return (ir.COMP, kind, self.many(results), parts, _pos(node))

    def text(self, node: ast.JoinedStr) -> Fact:
        parts: list[Fact] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                spec = self.spec(part.format_spec)
                # Before 3.12 a part's own place is that of the whole text.
                parts.append((self.expr(part.value), part.conversion, spec, _pos(part.value)))
        first = node.values[0] if node.values else None
        begins = first.value if isinstance(first, ast.Constant) else ""
        return (ir.TEXT, tuple(parts), begins, _pos(node))

    def spec(self, node: ast.expr | None) -> str:
        """Return the constant part of a format specification."""
        if not isinstance(node, ast.JoinedStr):
            return ""
        return "".join(
            [part.value for part in node.values if isinstance(part, ast.Constant)]  # type: ignore[misc]
        )

    def formatted(self, node: ast.FormattedValue) -> Fact:
        part = (
            self.expr(node.value),
            node.conversion,
            self.spec(node.format_spec),
            _pos(node.value),
        )
        return (ir.TEXT, (part,), "", _pos(node))

    def await_(self, node: ast.Await) -> Fact:
        return (ir.AWAIT, self.expr(node.value))

    def yield_(self, node: ast.Yield) -> Fact:
        self.scope.generator = True
        return (ir.YIELD, self.maybe(node.value), _pos(node))

    def yield_from(self, node: ast.YieldFrom) -> Fact:
        self.scope.generator = True
        return (ir.YIELD_FROM, self.expr(node.value), _pos(node))

    def walrus(self, node: ast.NamedExpr) -> Fact:
        self.scope.bound[node.target.id] = None
        return (ir.WALRUS, node.target.id, self.expr(node.value))

    def star(self, node: ast.Starred) -> Fact:
        return (ir.STAR, self.expr(node.value))

    # Statements ------------------------------------------------------------------------------

    def expression(self, node: ast.Expr) -> Fact | None:
        if isinstance(node.value, ast.Constant):
            return None
        return (ir.EXPR, self.expr(node.value))

    def assign(self, node: ast.Assign) -> Fact:
        value = self.expr(node.value)
        return (ir.ASSIGN, self.many(node.targets), value, _pos(node))

    def augment(self, node: ast.AugAssign) -> Fact:
        operator = _OPERATORS[node.op.__class__]
        return (ir.AUGMENT, self.expr(node.target), operator, self.expr(node.value), _pos(node))

    def annotate(self, node: ast.AnnAssign) -> Fact:
        value = self.maybe(node.value)
        note = self.expr(node.annotation)
        return (ir.ANNOTATE, self.expr(node.target), note, value, _pos(node))

    def return_(self, node: ast.Return) -> Fact:
        return (ir.RETURN, self.maybe(node.value), _pos(node))

    def if_(self, node: ast.If) -> Fact:
        if _never_when_imported(node.test):
            return (ir.IF, (ir.CONST, False, _pos(node.test)), (), self.block(node.orelse))
        return (ir.IF, self.expr(node.test), self.block(node.body), self.block(node.orelse))

    def for_(self, node: ast.For | ast.AsyncFor) -> Fact:
        iterable = self.expr(node.iter)
        target = self.expr(node.target)
        body, rest = self.block(node.body), self.block(node.orelse)
        return (ir.FOR, target, iterable, body, rest, _pos(node.iter))

    def while_(self, node: ast.While) -> Fact:
        return (ir.WHILE, self.expr(node.test), self.block(node.body), self.block(node.orelse))

    def try_(self, node: Any) -> Fact:
        body = self.block(node.body)
        handlers: list[Fact] = []
        for each in node.handlers:
            if each.name:
                self.scope.bound[each.name] = None
            caught = self.maybe(each.type)
            handlers.append((caught, each.name, self.block(each.body), _pos(each)))
        return (ir.TRY, body, tuple(handlers), self.block(node.orelse), self.block(node.finalbody))

    def with_(self, node: ast.With | ast.AsyncWith) -> Fact:
        items = tuple(
            [(self.expr(item.context_expr), self.maybe(item.optional_vars)) for item in node.items]
        )
        return (ir.WITH, items, self.block(node.body), _pos(node))

    def raise_(self, node: ast.Raise) -> Fact:
        return (ir.RAISE, self.maybe(node.exc), self.maybe(node.cause), _pos(node))

    def def_(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Fact:
        self.scope.bound[node.name] = None
        return (ir.DEF, self.function(node, node.name, lambda: self.block(node.body)))

    def class_(self, node: ast.ClassDef) -> Fact:
        self.scope.bound[node.name] = None
        bases = self.many(node.bases)
        words = tuple([(word.arg or "**", self.expr(word.value)) for word in node.keywords])
        decorators = self.many(node.decorator_list)
        index = len(self.classes)
        self.classes.append(None)
        outer, prefix = self.scope, self.prefix
        qualname = f"{prefix}{node.name}"
        # A class body binds names of its own, but its functions see the enclosing function's.
        self.scope = _Scope(outer.index, qualname, index)
        self.prefix = f"{qualname}."
        body = self.block(node.body)
        outer.captured = outer.captured or self.scope.captured
        self.scope, self.prefix = outer, prefix
        self.classes[index] = ClassFacts(
            node.name, qualname, _pos(node), bases, words, decorators, body, outer.index
        )
        return (ir.CLASS, index)

    def import_(self, node: ast.Import) -> Fact:
        for alias in node.names:
            self.scope.bound[alias.asname or alias.name.partition(".")[0]] = None
        return (ir.IMPORT, tuple([(a.name, a.asname) for a in node.names]), _pos(node))

    def from_(self, node: ast.ImportFrom) -> Fact:
        for alias in node.names:
            if alias.name != "*":
                self.scope.bound[alias.asname or alias.name] = None
        names = tuple([(a.name, a.asname or a.name) for a in node.names])
        return (ir.FROM, node.module or "", node.level, names, _pos(node))

    def global_(self, node: ast.Global | ast.Nonlocal) -> Fact:
        for name in node.names:
            self.scope.shared[name] = None
        return (ir.GLOBAL, tuple(node.names), _pos(node))

    def assert_(self, node: ast.Assert) -> Fact:
        return (ir.ASSERT, self.expr(node.test), self.maybe(node.msg), _pos(node))

    def delete(self, node: ast.Delete) -> Fact:
        return (ir.DELETE, self.many(node.targets))

    def match(self, node: ast.Match) -> Fact:
        subject = self.expr(node.subject)
        cases: list[Fact] = []
        for case in node.cases:
            whole: list[str] = []
            parts: list[str] = []
            values: list[Fact] = []
            self.pattern(case.pattern, whole, parts, values)
            guard = self.maybe(case.guard)
            names = (tuple(whole), tuple(parts))
            cases.append((names, tuple(values), guard, self.block(case.body)))
        return (ir.MATCH, subject, tuple(cases))

    def pattern(
        self, node: ast.pattern, whole: list[str], parts: list[str], values: list[Fact]
    ) -> None:
        """Collect the names that a pattern binds and the values that it compares with."""
        for each in ast.walk(node):
            name = getattr(each, "name", None) or getattr(each, "rest", None)
            if isinstance(each, (ast.MatchAs, ast.MatchStar, ast.MatchMapping)) and name:
                (whole if each is node else parts).append(name)
                self.scope.bound[name] = None
            elif isinstance(each, ast.MatchClass):
                values.append(self.expr(each.cls))
            elif isinstance(each, ast.MatchValue):
                values.append(self.expr(each.value))

    def break_(self, node: ast.Break) -> Fact:
        return (ir.BREAK, _pos(node))

    def continue_(self, node: ast.Continue) -> Fact:
        return (ir.CONTINUE, _pos(node))

    def nothing(self, _node: ast.stmt) -> None:
        return None

    def alias_type(self, node: Any) -> Fact:
        self.scope.bound[node.name.id] = None
        return (
            ir.ASSIGN,
            ((ir.NAME, node.name.id, _pos(node)),),
            self.expr(node.value),
            _pos(node),
        )


def _never_when_imported(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name):
        return test.left.id == "__name__" and isinstance(test.ops[0], ast.Eq)
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


_COMPREHENSIONS: Final[dict[type, str]] = {
    ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict", ast.GeneratorExp: "iter",
}  # fmt: skip

_EXPRESSIONS: Final[dict[type, Callable[[_Writer, Any], Fact]]] = {
    ast.Constant: _Writer.constant, ast.Name: _Writer.name, ast.Attribute: _Writer.attribute,
    ast.Call: _Writer.call, ast.List: _Writer.list_, ast.Tuple: _Writer.tuple_,
    ast.Set: _Writer.set_, ast.Dict: _Writer.dict_, ast.BinOp: _Writer.binary,
    ast.UnaryOp: _Writer.unary, ast.BoolOp: _Writer.bool_, ast.Compare: _Writer.compare,
    ast.Subscript: _Writer.subscript, ast.Slice: _Writer.slice_, ast.IfExp: _Writer.if_else,
    ast.Lambda: _Writer.lambda_, ast.ListComp: _Writer.comprehension,
    ast.SetComp: _Writer.comprehension, ast.DictComp: _Writer.comprehension,
    ast.GeneratorExp: _Writer.comprehension, ast.JoinedStr: _Writer.text,
    ast.FormattedValue: _Writer.formatted, ast.Await: _Writer.await_, ast.Yield: _Writer.yield_,
    ast.YieldFrom: _Writer.yield_from, ast.NamedExpr: _Writer.walrus, ast.Starred: _Writer.star,
}  # fmt: skip

_STATEMENTS: Final[dict[type, Callable[[_Writer, Any], Fact | None]]] = {
    ast.Expr: _Writer.expression, ast.Assign: _Writer.assign, ast.AugAssign: _Writer.augment,
    ast.AnnAssign: _Writer.annotate, ast.Return: _Writer.return_, ast.If: _Writer.if_,
    ast.For: _Writer.for_, ast.AsyncFor: _Writer.for_, ast.While: _Writer.while_,
    ast.Try: _Writer.try_, ast.TryStar: _Writer.try_, ast.With: _Writer.with_,
    ast.AsyncWith: _Writer.with_, ast.Raise: _Writer.raise_, ast.FunctionDef: _Writer.def_,
    ast.AsyncFunctionDef: _Writer.def_, ast.ClassDef: _Writer.class_, ast.Import: _Writer.import_,
    ast.ImportFrom: _Writer.from_, ast.Global: _Writer.global_, ast.Nonlocal: _Writer.global_,
    ast.Assert: _Writer.assert_, ast.Delete: _Writer.delete, ast.Match: _Writer.match,
    ast.Break: _Writer.break_, ast.Pass: _Writer.nothing, ast.Continue: _Writer.continue_,
}  # fmt: skip
if sys.version_info >= (3, 12):
    _STATEMENTS[ast.TypeAlias] = _Writer.alias_type
