"""One node, evaluated: parameters in, body read, result out."""

from qfs.scan.domain.values import ANY, NONE, NOTHING, Value, join, sequence
from qfs.scan.objects.annotations import annotated
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.nodes import Node
from qfs.scan.solver.solve import Solver
from qfs.scan.syntax.crowds import call_all
from qfs.scan.syntax.shapes import look
from qfs.scan.syntax.statements import run


def evaluate_node(solver: Solver, node: Node) -> Value:
    """Read a function's body with a node's arguments; return what it returns."""
    frame = Frame(solver, node)
    if node.crowd is not None:
        return call_all(frame, node.crowd, node.crowd.pos)
    facts = node.function.facts
    ends = run(frame, facts.body)
    look(frame)
    if node.function.outer is None:
        return NONE
    result = frame.returned
    if facts.generator:
        element = frame.yielded or (NOTHING if ends else ANY)
        return sequence(element, "gen", frame.yield_taint)
    if ends and not _stub(facts.body):
        result = join(result, NONE)
    owner = node.function.owner
    if not facts.body and owner is not None and "protocol" in owner.traits:
        frame.rest("callback", node.function.label)
    if not facts.body and facts.returns is not None:
        result = _declared(frame)
    if facts.asynchronous:
        return sequence(result, "coro")
    return result or NOTHING


def _stub(body: tuple[object, ...]) -> bool:
    return not body


def _declared(frame: Frame) -> Value:
    """Return what a stub promises: the body of a protocol's method says nothing."""
    return annotated(frame, frame.function.facts.returns)
