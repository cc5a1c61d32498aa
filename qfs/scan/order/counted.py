"""``for i, _ in enumerate(xs)``: loops that use the numbers alone, for which any order will do."""

from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.order.alive import spent
from qfs.scan.solver.frame import Frame, mentions


def counts(frame: Frame, target: Fact, iterable: Fact, inside: Fact, loop: Fact) -> Pos | None:
    """Return where ``enumerate(...)`` stands if nothing reads its elements, or None.

    inside is all that the loop reads in a round; loop is empty for that of a comprehension.
    """
    if iterable[0] != ir.CALL or iterable[1][:2] != (ir.NAME, "enumerate"):
        return None
    element = target
    if target[0] == ir.TUPLE and len(target[1]) == 2 and target[1][0][0] == ir.NAME:
        element = target[1][1]
    if element[0] != ir.NAME or mentions(inside, frozenset((element[1],))):
        return None
    if loop and not spent(frame, loop, element[1], element=True):
        return None
    line, column, end_line, end_column = iterable[4]
    return (line, column, end_line, end_column)
