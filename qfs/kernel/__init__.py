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
    Difference,
    Machine,
    Reducer,
    StateInvariant,
    Store,
    no_migration,
)
from qfs.kernel.table import Table
from qfs.kernel.trie import Proof, Step, verify_proof

__all__ = [
    "Action",
    "Admitted",
    "Chance",
    "Context",
    "Decision",
    "DeltaInvariant",
    "Difference",
    "Machine",
    "Order",
    "Proof",
    "Reducer",
    "Resume",
    "StateInvariant",
    "Step",
    "Store",
    "Table",
    "Tick",
    "Transactions",
    "Upgrade",
    "no_migration",
    "verify_proof",
]
