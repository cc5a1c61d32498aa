"""The machine records: what another program recorded, in its order, byte for byte.

- A record is the bytes that the other program wrote, the stream to which they belong, and their
  fields as texts. The machine reads neither bytes nor fields: whoever imports them says what they
  are, and the format is named once, at the founding.
- The state holds each stream's length and hash chain, and the records of the newest packet field by
  field: so two histories that part differ in a key that names the first record and field, and the
  memory needed is that of the streams, never that of the history.
- A record is never changed and never refused for what is in it.
- Source: RFC 9162 §1 (a log of what was asserted, for others to judge).
"""

from qfs.machines.history.records.commands import COMMANDS, Command, Open, Record
from qfs.machines.history.records.events import EVENTS, Event, Opened, Recorded, Refusal
from qfs.machines.history.records.reducer import MACHINE
from qfs.machines.history.records.rows import Row, Rows
from qfs.machines.history.records.state import State, Stream

__all__ = [
    "COMMANDS",
    "EVENTS",
    "MACHINE",
    "Command",
    "Event",
    "Open",
    "Opened",
    "Record",
    "Recorded",
    "Refusal",
    "Row",
    "Rows",
    "State",
    "Stream",
]
