"""The kernel: one contract for every state machine, and what drives them; it knows none by name.

- A state is a value: a refused transaction keeps the old references, nothing is undone by hand.
- `Table` is what states are made of; its root is canonical, whatever its history.
- What a machine may know is its Context; what it may do is answer with a Decision or a refusal.
"""

from qfs.kernel.admitted import Action, Admitted, Order, Resume, Tick, Transactions, Upgrade
from qfs.kernel.chance import Chance
from qfs.kernel.contract import (
    Context,
    Decision,
    DeltaInvariant,
    Denial,
    Difference,
    Machine,
    Reaction,
    Reducer,
    StateInvariant,
    Store,
    machine_principal,
    no_migration,
)
from qfs.kernel.genesis import Genesis
from qfs.kernel.outbox import EffectId, Outcome, Pending, Settle, Settled
from qfs.kernel.receipt import Receipt, Refused, TransactionRefusal, UpgradeRefusal
from qfs.kernel.step import MAX_REACTION_DEPTH, Executed, apply, found
from qfs.kernel.table import Table
from qfs.kernel.trie import Proof, Step, verify_proof
from qfs.kernel.world import Machines, World, diverge, restore_world

__all__ = [
    "MAX_REACTION_DEPTH",
    "Action",
    "Admitted",
    "Chance",
    "Context",
    "Decision",
    "DeltaInvariant",
    "Denial",
    "Difference",
    "EffectId",
    "Executed",
    "Genesis",
    "Machine",
    "Machines",
    "Order",
    "Outcome",
    "Pending",
    "Proof",
    "Reaction",
    "Receipt",
    "Reducer",
    "Refused",
    "Resume",
    "Settle",
    "Settled",
    "StateInvariant",
    "Step",
    "Store",
    "Table",
    "Tick",
    "TransactionRefusal",
    "Transactions",
    "Upgrade",
    "UpgradeRefusal",
    "World",
    "apply",
    "diverge",
    "found",
    "machine_principal",
    "no_migration",
    "restore_world",
    "verify_proof",
]
