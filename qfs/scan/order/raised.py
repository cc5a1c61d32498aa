"""What exceptions are given: it is read again as their ``args`` and their text.

- A cell for each built-in class of exceptions, for those that derive from it too; of what cannot
  differ between two runs, of plain texts and numbers, nothing is kept.
- Source: Python library reference, ``BaseException.args``.
"""

import builtins

from qfs.scan.domain.values import INSTANCE, KNOWN, NOTHING, PLAIN, Atom, Value, join
from qfs.scan.solver.dispatch import Arguments
from qfs.scan.solver.frame import Frame


def keep_given(frame: Frame, names: list[str], arguments: Arguments) -> None:
    """Note the arguments of exceptions of some classes."""
    value: Value = NOTHING
    for each in arguments.positional:
        value = join(value, tuple([atom for atom in each if atom[0] not in {PLAIN, KNOWN, "any"}]))
    if not value or frame.quiet:
        return
    for name in dict.fromkeys([base for each in names for base in _bases(each)]):
        frame.solver.write(("raised", name), value)


def _bases(name: str) -> list[str]:
    """Return the names of a built-in exception and of the exceptions it derives from."""
    kind = getattr(builtins, name.removeprefix("builtins."), None)
    if not isinstance(kind, type) or not issubclass(kind, BaseException):
        return []
    return [f"builtins.{each.__name__}" for each in kind.__mro__ if each is not object]


def outside_bases(frame: Frame, number: int) -> list[str]:
    """Return the names of the classes outside from which one of the program derives."""
    return [each for each in frame.mro(number) if isinstance(each, str)]


def given_to_exception(frame: Frame, atom: Atom) -> Value:
    """Return what an exception may have been given, as far as it matters."""
    names = outside_bases(frame, atom[1]) if atom[0] == INSTANCE else [atom[1]]
    out: Value = NOTHING
    for name in names:
        out = join(out, frame.solver.read(frame.node, ("raised", name)))
    return out
