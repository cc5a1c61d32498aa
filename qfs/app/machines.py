"""The registry of machines: one line each; old versions stay, so old logs replay."""

from typing import Any

from qfs import keys, ledger
from qfs.kernel.contract import Machine, Reaction
from qfs.machines.history.records import reducer as records
from qfs.machines.settlement.holds import reducer as holds
from qfs.machines.trust.notary import reducer as notary
from qfs.machines.trust.program import reducer as program
from qfs.reactions import escrow

MACHINES: dict[tuple[str, int], Machine[Any, Any, Any]] = {
    (holds.MACHINE.name, holds.MACHINE.version): holds.MACHINE,
    (keys.MACHINE.name, keys.MACHINE.version): keys.MACHINE,
    (ledger.MACHINE.name, ledger.MACHINE.version): ledger.MACHINE,
    (notary.MACHINE.name, notary.MACHINE.version): notary.MACHINE,
    (program.MACHINE.name, program.MACHINE.version): program.MACHINE,
    (records.MACHINE.name, records.MACHINE.version): records.MACHINE,
}

REACTIONS: tuple[Reaction, ...] = (*escrow.REACTIONS,)
"""The links between machines, one line each."""
