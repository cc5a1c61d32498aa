"""The sentences that a world must keep: each machine's own, and what ties two machines together.

- They read every row: `qfs ledger check`, snapshots and a replay that verifies ask for them.
- By themselves, so that a replay need not wait for what begins and shows ledgers.
"""

from qfs.app.machines import MACHINES
from qfs.kernel import Machines, World
from qfs.reactions.escrow import the_escrow_covers_what_is_locked


def sentences(world: World, machines: Machines = MACHINES) -> list[tuple[str, bool]]:
    """Return each state invariant of each machine, as ``machine.name``, and whether it holds.

    Behind them what ties two machines together, under the reactions' name.
    """
    found_ = [
        (f"{name}.{invariant.name}", invariant.holds(kept))
        for name, kept in sorted(world.states.items())
        for invariant in machines[name, world.versions[name]].state_invariants
    ]
    if "holds" in world.states:
        name = the_escrow_covers_what_is_locked.__name__
        found_.append((f"escrow.{name}", the_escrow_covers_what_is_locked(world)))
    return found_
