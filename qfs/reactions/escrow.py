"""Escrow: what the machine holds locks stands in an account of the ledger, until it is given on.

- The escrow account belongs to the machine holds itself: no key can debit it, so that only these
  reactions move what is in it. A proposal asks the ledger to say so, and is refused if it is not.
- A lock takes in the name of the packet's signer: the ledger checks that the key may debit the
  account. Paying out and giving back are asked in the machine's own name.
- Each movement is in the transaction of its event: if the ledger refuses one, the hold has not
  taken the step either. ``the_escrow_covers_what_is_locked`` ties the two states together.
- Only tokens that move freely and pay no fee are held: giving back must always be possible.
"""

from qfs.canon import digest
from qfs.kernel import Context, Order, Reaction, World, machine_principal
from qfs.ledger import COMMANDS, TOKENS, Assign, Leg, OpenAccount, Transact
from qfs.ledger.state import ACCOUNT_MAX, KEY_BYTES
from qfs.ledger.state import State as Ledger
from qfs.ledger.tokens import Movement
from qfs.machines.settlement.holds.events import Committed, Event, Locked, Proposed, RolledBack
from qfs.machines.settlement.holds.state import State as Holds
from qfs.machines.settlement.holds.state import live, refunds

HOLDS = "holds"
LEDGER = "ledger"
ESCROW = ACCOUNT_MAX
"""Account in which all that is locked stands."""
OWNER = machine_principal(HOLDS)
HELD = tuple(
    [
        number
        for number, spec in enumerate(TOKENS)
        if spec.movement is Movement.FREE and not spec.fee_rate
    ]
)
"""Tokens that may be held; an asset's number is its token's."""
OPENING = Order(LEDGER, COMMANDS.pack(OpenAccount(ESCROW, OWNER)))
"""The founding order that opens the escrow account."""


def confirm(event: Event, _context: Context) -> tuple[Order, ...]:
    """Ask the ledger whether the escrow account is the machine's own: only its owner assigns it."""
    if isinstance(event, Proposed):
        return (Order(LEDGER, COMMANDS.pack(Assign(ESCROW, OWNER))),)
    return ()


def take(event: Event, _context: Context) -> tuple[Order, ...]:
    """Ask the ledger to move what a lock takes into escrow."""
    if not isinstance(event, Locked):
        return ()
    legs = (
        Leg(event.account, event.asset, -event.amount),
        Leg(ESCROW, event.asset, event.amount),
    )
    key = _key("take", event.hold, event.fence, event.account, event.asset)
    return (Order(LEDGER, COMMANDS.pack(Transact(event.account, event.nonce, key, legs))),)


def give(event: Event, _context: Context) -> tuple[Order, ...]:
    """Ask the ledger to pay out, or to give back, what stands in escrow."""
    if not isinstance(event, Committed | RolledBack) or not event.legs:
        return ()
    sums: dict[int, int] = {}
    for leg in event.legs:
        sums[leg.asset] = sums.get(leg.asset, 0) + leg.change
    out = [Leg(ESCROW, asset, -total) for asset, total in sorted(sums.items())]
    legs = (*out, *[Leg(leg.account, leg.asset, leg.change) for leg in event.legs])
    key = _key("give", event.hold, event.fence, event.release, 0)
    return (Order(LEDGER, COMMANDS.pack(Transact(ESCROW, event.release, key, legs))),)


def the_escrow_covers_what_is_locked(world: World) -> bool:
    """Say whether the escrow covers what live holds have locked; anybody may add to it."""
    holds, ledger = world.states.get(HOLDS), world.states.get(LEDGER)
    if not isinstance(holds, Holds) or not isinstance(ledger, Ledger):
        return True
    sums = [0] * len(TOKENS)
    for leg in [leg for hold in live(holds) for leg in refunds(hold)]:
        sums[leg.asset] += leg.change
    escrow = ledger.accounts.get(ESCROW)
    held = [0] * len(TOKENS) if escrow is None else escrow.balances
    return all(balance >= due for balance, due in zip(held, sums, strict=True))


def _key(what: str, hold: bytes, fence: int, one: int, other: int) -> bytes:
    return digest("qfs/escrow-key/1", [what, hold, fence, one, other])[:KEY_BYTES]


REACTIONS: tuple[Reaction, ...] = (
    Reaction("escrow-confirm", HOLDS, confirm, as_machine=True),
    Reaction("escrow-give", HOLDS, give, as_machine=True),
    Reaction("escrow-take", HOLDS, take),
)
