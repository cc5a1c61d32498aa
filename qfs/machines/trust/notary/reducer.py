"""The notary's decisions, what they change, and the sentences that stay true.

The order of checks (a refusal is the first that fails): digests, the size, whether the document is
new.
"""

from qfs.canon import DIGEST_BYTES
from qfs.kernel import Context, Decision, DeltaInvariant, Reducer, StateInvariant
from qfs.machines.trust.notary.commands import COMMANDS, Command, NoteCheckpoint
from qfs.machines.trust.notary.events import EFFECTS, EVENTS, Event, Noted, Refusal
from qfs.machines.trust.notary.state import SIZE_MAX, Kind, Row, State, genesis

Answer = Decision[Event, State] | Refusal


def decide(state: State, command: Command, context: Context) -> Answer:
    """Answer one command; the order of checks is the module's."""
    if len(command.document) != DIGEST_BYTES:
        return Refusal.DIGEST_MALFORMED
    kind = Kind.CERTIFICATE
    if isinstance(command, NoteCheckpoint):
        kind = Kind.CHECKPOINT
        if len(command.root) != DIGEST_BYTES:
            return Refusal.DIGEST_MALFORMED
        if not 0 <= command.size <= SIZE_MAX:
            return Refusal.SIZE_OUT_OF_RANGE
    if command.document in state.documents:
        return Refusal.ALREADY_NOTED
    return Decision((Noted(command.document, Row(kind, context.actor, context.seq)),))


def evolve(state: State, event: Event) -> State:
    """Return the state after an event; never refuses."""
    return State(state.documents.set(event.document, event.row))


def _a_note_is_never_changed(before: State, event: Event, after: State) -> bool:
    new = event.document not in before.documents
    return new and after.documents.get(event.document) == event.row


def _every_document_is_a_digest(state: State) -> bool:
    return all(
        len(document) == DIGEST_BYTES
        for document in state.documents.keys()  # noqa: SIM118 (a Table iterates only when asked)
    )


MACHINE: Reducer[State, Command, Event] = Reducer(
    name="notary",
    version=1,
    genesis=genesis,
    decide=decide,
    evolve=evolve,
    commands=COMMANDS,
    events=EVENTS,
    refusals=Refusal,
    effects=EFFECTS,
    invariants=(DeltaInvariant("a_note_is_never_changed", _a_note_is_never_changed),),
    state_invariants=(StateInvariant("every_document_is_a_digest", _every_document_is_a_digest),),
)
