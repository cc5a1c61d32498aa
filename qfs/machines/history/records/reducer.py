"""The decisions of the machine records, what they change, and the sentences that stay true.

The order of checks (a refusal is the first that fails): for opening, that it is the founding, that
nothing is open, the format; for a record, that the history is open, the stream, the data.
"""

from hashlib import sha256

from qfs.canon import Digest, digest_bytes
from qfs.kernel import Context, Decision, DeltaInvariant, Reducer, StateInvariant
from qfs.machines.history.records.commands import COMMANDS, Command, Open
from qfs.machines.history.records.events import EFFECTS, EVENTS, Event, Opened, Recorded, Refusal
from qfs.machines.history.records.rows import Row
from qfs.machines.history.records.state import NO_STREAM, State, Stream, genesis

FORMAT_MAX = 64
STREAM_MAX = 1024

Answer = Decision[Event, State] | Refusal


def decide(state: State, command: Command, context: Context) -> Answer:
    """Answer one command; the order of checks is the module's."""
    if isinstance(command, Open):
        if context.seq != 0:
            return Refusal.NOT_AT_FOUNDING
        if state.format:
            return Refusal.ALREADY_OPEN
        if not 1 <= len(command.format) <= FORMAT_MAX:
            return Refusal.FORMAT_MALFORMED
        return Decision((Opened(command.format),))
    if not state.format:
        return Refusal.NOT_OPEN
    if len(command.stream) > STREAM_MAX:
        return Refusal.STREAM_TOO_LONG
    if not command.data:
        return Refusal.NO_DATA
    row = Row(command.stream, Digest(sha256(command.data).digest()), command.fields)
    return Decision((Recorded(context.seq, row),))


def evolve(state: State, event: Event) -> State:
    """Return the state after an event; never refuses."""
    if isinstance(event, Opened):
        return State(event.format, state.recent, state.streams, state.count)
    row = event.row
    recent = state.recent.add(event.seq, row)
    stream = state.streams.get(row.stream) or NO_STREAM
    head = digest_bytes("qfs/records/stream/1", stream.head + recent.digests[-1])
    streams = state.streams.set(row.stream, Stream(stream.count + 1, head))
    return State(state.format, recent, streams, state.count + 1)


def _a_record_lengthens_one_stream_by_one(before: State, event: Event, after: State) -> bool:
    if isinstance(event, Opened):
        return (after.count, after.streams) == (before.count, before.streams)
    name = event.row.stream
    counted = (before.streams.get(name) or NO_STREAM).count
    return (
        after.count == before.count + 1 and after.streams.get(name, NO_STREAM).count == counted + 1
    )


def _the_streams_hold_every_record(state: State) -> bool:
    return sum([stream.count for _, stream in state.streams.items()]) == state.count


def _the_newest_rows_are_the_last_records(state: State) -> bool:
    return state.recent.first + len(state.recent.rows) == state.count


def cost(command: Command) -> int:
    """Return a unit a field, and one for the stream."""
    return 1 if isinstance(command, Open) else 1 + len(command.fields)


MACHINE: Reducer[State, Command, Event] = Reducer(
    name="records",
    version=1,
    genesis=genesis,
    decide=decide,
    evolve=evolve,
    commands=COMMANDS,
    events=EVENTS,
    refusals=Refusal,
    effects=EFFECTS,
    invariants=(
        DeltaInvariant(
            "a_record_lengthens_one_stream_by_one", _a_record_lengthens_one_stream_by_one
        ),
    ),
    state_invariants=(
        StateInvariant("the_streams_hold_every_record", _the_streams_hold_every_record),
        StateInvariant(
            "the_newest_rows_are_the_last_records", _the_newest_rows_are_the_last_records
        ),
    ),
    cost=cost,
)
