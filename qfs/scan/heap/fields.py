"""Fields that a generated constructor fills: dataclasses, attrs classes and named tuples.

- What ``__post_init__`` sets again does not stay what it was given.
- ``attr.s`` makes fields of assignments, where the others ask for annotations.
- Source: Python library reference, dataclasses; attrs documentation.
"""

from typing import Final

from qfs.scan.domain.values import ANY, ANYTHING, FUNCTION, INSTANCE, NOTHING, SEQUENCE, SET, Value
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Pos
from qfs.scan.heap.aliases import given_to
from qfs.scan.order.iteration import order_of, unordered
from qfs.scan.order.left import fields_of, keep
from qfs.scan.solver.dispatch import Arguments
from qfs.scan.solver.frame import Frame


def fill_fields(frame: Frame, number: int, arguments: Arguments, pos: Pos) -> None:
    """Let a dataclass's fields hold what its constructor was given, where types say nothing."""
    names: dict[str, Value] = {}
    defaults: dict[str, Value] = {}
    for at in reversed([base for base in frame.mro(number) if isinstance(base, int)]):
        klass = frame.solver.program.classes[at]
        defaults.update(klass.defaults)
        bare = not klass.fields and "dataclass" in klass.traits  # attr.s: x = attr.ib()
        names.update(_attributes(frame, at) if bare else klass.fields)
    later = _set_later(frame, number)
    for position, name in enumerate(names):
        value = arguments.at(position, name) or arguments.more
        if position >= len(arguments.positional) and name not in arguments.keywords:
            arguments.leaks(frame)
        if not value and unordered(defaults.get(name, NOTHING)) is not None:
            value = defaults[name]
        loose = any(atom[0] in {ANYTHING, SEQUENCE, "set", "dict"} for atom in names[name])
        if not value or not (loose or unordered(value) is not None):
            continue
        if name in later:
            frame.solver.write(("field", number, name), value)
        else:
            keep(frame, number, name, value, pos)
        positional = arguments.facts[2] if arguments.facts is not None else ()
        if position < len(positional):
            given_to(frame, positional[position], number, name)


def dumped(frame: Frame, holder: Value, method: str, pos: Pos) -> None:
    """Report the sets in a model's fields that it writes as lists of JSON."""
    for atom in holder:
        if atom[0] != INSTANCE or not any(at in _MODELS for at in frame.mro(atom[1])):
            continue
        for each in fields_of(frame, atom[1]):
            taint = order_of(frame, (each,), pos) if each[0] == SET else unordered((each,))
            if taint is not None:
                frame.leak(taint, "set-argument", f"is kept by {method}()")


_MODELS: Final = {"pydantic.BaseModel", "pydantic.main.BaseModel"}


def _attributes(frame: Frame, number: int) -> dict[str, Value]:
    """Return the attributes that ``attr.s`` makes fields of, in their order."""
    found: dict[str, Value] = {}
    for fact in frame.solver.program.classes[number].facts.body:
        if fact[0] == ir.ASSIGN and fact[2][0] == ir.CALL:
            found.update([(target[1], ANY) for target in fact[1] if target[0] == ir.NAME])
    return found


def _set_later(frame: Frame, number: int) -> frozenset[str]:
    """Return the fields that ``__post_init__`` sets: what they were given does not stay."""
    for each in frame.find(number, "__post_init__"):
        if each[0] == FUNCTION:
            facts = frame.solver.program.functions[each[1]].facts
            own = facts.parameters[0].name if facts.parameters else ""
            targets = [target for fact in facts.body if fact[0] == ir.ASSIGN for target in fact[1]]
            return frozenset(
                [
                    each[2]
                    for each in targets
                    if each[0] == ir.ATTR and each[1][:2] == (ir.NAME, own)
                ]
            )
    return frozenset()
