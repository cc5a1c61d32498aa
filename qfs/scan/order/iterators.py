"""What the functions of ``itertools`` give, and in which order.

- What cuts or groups what it goes through keeps the order; what pairs elements with later ones
  puts it into each pair.
- Source: Python library reference, itertools.
"""

from typing import Final

from qfs.scan.domain.values import ANY, KNOWN, NOTHING, Value, join, sequence
from qfs.scan.facts.ir import Pos
from qfs.scan.order.iteration import elements
from qfs.scan.solver.dispatch import Arguments
from qfs.scan.solver.frame import Frame

_CUTS: Final = {
    "islice", "takewhile", "dropwhile", "accumulate", "groupby", "pairwise", "batched",
    "zip_longest", "compress",
}  # fmt: skip
_IN_ORDER: Final = {"combinations", "combinations_with_replacement", "pairwise", "batched"}
_TUPLES: Final = {*_IN_ORDER, "product", "permutations", "zip_longest", "groupby"}
"""What gives tuples, and of these what gives the elements of one in the order of the whole."""


def of_itertools(frame: Frame, name: str, arguments: Arguments, pos: Pos) -> Value:
    """Return what a function of ``itertools`` gives; what it cuts is reported."""
    element: Value = NOTHING
    taint = None
    for value in arguments.all():
        if all(
            atom[0] in {"plain", KNOWN} and atom[1] in {"int", "bool", "none"} for atom in value
        ):
            continue
        inner, inner_taint = elements(frame, value, pos)
        element = join(element, inner)
        taint = taint or inner_taint
    short = name.rpartition(".")[2]
    taint = taint or arguments.star_taint
    if taint is not None and short in _CUTS:
        frame.leak(taint, "set-pick", f"decides what {short}() gives")
    if short == "repeat":
        return sequence(arguments.first() or ANY, "lazy")
    if short == "tee":
        return sequence(sequence(element or ANY, "lazy", taint), "tuple")
    if short == "count":
        return sequence((("plain", "int"),), "lazy")
    if short in _TUPLES:
        inside = taint._replace(grade="unknown") if taint is not None else None
        element = sequence(element or ANY, "tuple", inside if short in _IN_ORDER else None)
    if short in {"from_iterable", "starmap"}:
        element, inner_taint = elements(frame, element, pos)
        taint = taint or inner_taint
    return sequence(element or ANY, "lazy", taint)
