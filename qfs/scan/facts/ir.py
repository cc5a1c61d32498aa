"""The facts of a module: what extraction keeps of a tree, as plain nested tuples.

- Every tuple starts with a small integer that says what it is; ``extract`` writes, ``solve`` reads.
- Only None, bool, int, str, bytes and tuples occur, so that ``marshal`` can carry them.
- A position is (line, column, end line, end column); lines from 1, columns from 1.
- ``VERSION`` changes whenever the meaning of a fact does: it is part of every cache key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

VERSION: Final = 5

Fact: TypeAlias = tuple[Any, ...]
Pos: TypeAlias = tuple[int, int, int, int]

# Expressions.
CONST: Final = 0  # value, pos
FLOAT: Final = 1  # value as text, pos
NAME: Final = 2  # id, pos
ATTR: Final = 3  # object, name, pos
CALL: Final = 4  # callee, positional, ((name or None, value), ...), pos
LIST: Final = 5  # items, pos
TUPLE: Final = 6  # items, pos
SET: Final = 7  # items, pos
DICT: Final = 8  # ((key or None, value), ...), pos
BINARY: Final = 9  # operator, left, right, pos
UNARY: Final = 10  # operator, operand, pos
BOOL: Final = 11  # operands
COMPARE: Final = 12  # left, ((operator, right), ...), pos
INDEX: Final = 13  # object, index, pos
SLICE: Final = 14  # parts
IF_ELSE: Final = 15  # test, then, otherwise
LAMBDA: Final = 16  # function index, pos
COMP: Final = 17  # kind, results, ((target, iterable, conditions, asynchronous), ...), pos
TEXT: Final = 18  # ((value, conversion, spec, pos), ...), what it begins with, pos: an f-string
AWAIT: Final = 19  # value
YIELD: Final = 20  # value or None, pos
YIELD_FROM: Final = 21  # value, pos
WALRUS: Final = 22  # name, value
STAR: Final = 23  # value
EXPRESSIONS: Final = 24

# Statements.
EXPR: Final = 0  # value
ASSIGN: Final = 1  # targets, value, pos
AUGMENT: Final = 2  # target, operator, value, pos
ANNOTATE: Final = 3  # target, annotation, value or None, pos
RETURN: Final = 4  # value or None, pos
IF: Final = 5  # test, body, otherwise
FOR: Final = 6  # target, iterable, body, otherwise, pos
WHILE: Final = 7  # test, body, otherwise
TRY: Final = 8  # body, ((types, name, body, pos), ...), otherwise, final
WITH: Final = 9  # ((manager, target or None), ...), body, pos
RAISE: Final = 10  # value or None, cause or None, pos
DEF: Final = 11  # function index
CLASS: Final = 12  # class index
IMPORT: Final = 13  # ((module, alias or None), ...), pos
FROM: Final = 14  # module, level, ((name, alias), ...), pos
GLOBAL: Final = 15  # names, pos
ASSERT: Final = 16  # test, message, pos
DELETE: Final = 17  # targets
MATCH: Final = 18  # subject, (((names of all of it, of a part), values compared, guard, body), ...)
BREAK: Final = 19  # pos
CONTINUE: Final = 20  # pos
STATEMENTS: Final = 21


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function."""

    name: str
    kind: int
    """0 positional only, 1 either, 2 *args, 3 keyword only, 4 **kwargs."""
    annotation: Fact | None
    default: Fact | None


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """One ``def``, ``lambda`` or module body (index 0 of its module)."""

    name: str
    qualname: str
    pos: Pos
    parameters: tuple[Parameter, ...]
    returns: Fact | None
    decorators: tuple[Fact, ...]
    body: tuple[Fact, ...]
    asynchronous: bool
    generator: bool
    owner: int
    """Index of the class in whose body it stands, or -1."""
    outer: int
    """Index of the function in which it stands; 0 is the module."""
    bound: tuple[str, ...]
    """Names that the body binds, parameters included, declared globals excluded."""
    shared: tuple[str, ...]
    """Names declared ``global`` or ``nonlocal``."""
    captured: bool
    """Whether a function stands inside, which may read its names."""


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """One ``class``."""

    name: str
    qualname: str
    pos: Pos
    bases: tuple[Fact, ...]
    keywords: tuple[tuple[str, Fact], ...]
    decorators: tuple[Fact, ...]
    body: tuple[Fact, ...]
    outer: int
    """Index of the function in which it stands; 0 is the module."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A ``# qfs: allow[CODE, ...] reason="..."`` comment."""

    line: int
    """The line that it speaks of: its own, or the next one when it stands alone."""
    column: int
    codes: tuple[str, ...]
    reason: str
    until: str
    at: int
    """The line on which the comment itself stands."""


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """All that is kept of one file."""

    lines: int
    functions: tuple[FunctionFacts, ...]
    classes: tuple[ClassFacts, ...]
    allowances: tuple[Allowance, ...]


def parts(fact: Fact) -> Iterator[Fact]:
    """Yield a fact and every tuple within it, in no order that means anything."""
    waiting = [fact]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend([part for part in one if part.__class__ is tuple])


def paired(target: Fact, value: Fact) -> list[tuple[Fact, Fact]]:
    """Return which target an assignment gives which value: displays of one length part by part."""
    items = target[1] if target[0] in {TUPLE, LIST} else ()
    alike = value[0] in {TUPLE, LIST} and len(value[1]) == len(items) > 0
    if not alike or any(each[0] == STAR for each in (*items, *value[1])):
        return [(target, value)]
    return [pair for item, each in zip(items, value[1], strict=True) for pair in paired(item, each)]


def leaves(targets: Fact) -> Iterator[Fact]:
    """Yield the names, attributes and items that targets bind."""
    for each in targets:
        if each[0] in {TUPLE, LIST}:
            yield from leaves(each[1])
        elif each[0] == STAR:
            yield from leaves(each[1:2])
        else:
            yield each


def bound_names(*targets: Fact) -> list[str]:
    """Return the variables that targets bind."""
    return [each[1] for each in leaves(targets) if each[0] == NAME]


def is_position(part: Fact) -> bool:
    """Say whether a tuple within a fact is a position."""
    return len(part) == 4 and all(each.__class__ is int for each in part)


def last_line(fact: Fact) -> int:
    """Return the last line on which a statement has a part."""
    return max([int(part[2]) for part in parts(fact) if is_position(part)])


def packed(facts: ModuleFacts) -> Fact:
    """Return facts as plain tuples."""
    functions = [
        (
            each.name, each.qualname, each.pos,
            tuple([(p.name, p.kind, p.annotation, p.default) for p in each.parameters]),
            each.returns, each.decorators, each.body, each.asynchronous, each.generator,
            each.owner, each.outer, each.bound, each.shared, each.captured,
        )
        for each in facts.functions
    ]  # fmt: skip
    classes = [
        (c.name, c.qualname, c.pos, c.bases, c.keywords, c.decorators, c.body, c.outer)
        for c in facts.classes
    ]
    allowed = [(a.line, a.column, a.codes, a.reason, a.until, a.at) for a in facts.allowances]
    return (VERSION, facts.lines, tuple(functions), tuple(classes), tuple(allowed))


def unpacked(value: Fact) -> ModuleFacts:
    """Return the facts of plain tuples that ``packed`` made."""
    _version, lines, functions, classes, allowed = value
    return ModuleFacts(
        lines,
        tuple(
            [
                FunctionFacts(*(*each[:3], tuple([Parameter(*p) for p in each[3]]), *each[4:]))
                for each in functions
            ]
        ),
        tuple([ClassFacts(*each) for each in classes]),
        tuple([Allowance(*each) for each in allowed]),
    )
