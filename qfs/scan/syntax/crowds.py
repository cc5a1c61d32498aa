"""Calls of what may be many functions, classes or objects: looked at once for all who call.

- A crowd is the node of such a call: what is called and passed there is joined over the contexts,
  and each of them is called once with that, not once a context whenever one is looked at again.
- What the callees return is the crowd's result; what they did to containers that they were handed
  each caller puts back itself: a cell holds which nodes were called.
"""

from qfs.scan.domain.values import NOTHING, Value, join
from qfs.scan.facts.ir import Pos
from qfs.scan.heap.grown import hand_back
from qfs.scan.solver.dispatch import CALLED, CROWDED, Arguments
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.nodes import Crowd


def call_crowd(frame: Frame, functions: Value, arguments: Arguments, pos: Pos) -> Value:
    """Return what calling one of many functions gives."""
    solver = frame.solver
    order = frame.orders[-1][0] if frame.orders else frame.node.order
    positional, words = arguments.positional, arguments.keywords
    star = arguments.star
    form = (
        len(positional), arguments.fewest, tuple(words), star is None, arguments.star_taint,
        arguments.double, arguments.named,
    )  # fmt: skip
    maker = frame.node.arguments.get("", NOTHING)  # a closure keeps who made it
    node = solver.crowd(frame.function, (pos, order is None, maker, form), form, order)
    given = [*positional, *words.values(), star or NOTHING, arguments.more]
    solver.gather(node, functions, given)
    if frame.quiet:
        node.readers[frame.node.number] = True
        frame.node.called.setdefault(node.number, node.result)
        return node.result
    used = not arguments.unused
    result = solver.call(frame.node, node, pos, certain=False, used=used)
    if arguments.facts is not None:
        for _tag, number, bound in solver.read(frame.node, ("crowd", node.number)):
            hand_back(frame, solver.nodes[number], arguments.facts, bound, pos)
    return result


def call_all(frame: Frame, crowd: Crowd, pos: Pos) -> Value:
    """Call each function of a crowd; return what any of them gives."""
    many, fewest, words, starless, taint, double, named = crowd.form
    given = crowd.given
    arguments = Arguments(
        given[:many],
        dict(zip(words, given[many:], strict=False)),
        star=None if starless else given[-2],
        star_taint=taint,
        double=double,
        named=named,
        more=given[-1],
        fewest=fewest,
    )
    out: Value = NOTHING
    for atom in crowd.callee:
        out = join(out, CALLED[atom[0]](frame, atom, arguments, pos, certain=True))
    frame.solver.put(("crowd", frame.node.number), tuple(crowd.changing))
    return out


CROWDED.append(call_crowd)
