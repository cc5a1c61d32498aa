"""What the ledger remembers.

- Accounts are fixed 128-byte records behind ``accounts.Accounts``, the keys of the last 65,536
  packets stand in ``used_keys.UsedKeys``: both are Stores, committed and in every snapshot.
- A state is a value: an older one stays readable, and going back to it undoes what came after.
"""

from dataclasses import dataclass

from qfs.crypto.ports import KeyId
from qfs.errors import ContractError
from qfs.kernel import Context, Table
from qfs.ledger import rows, used_keys
from qfs.ledger.accounts import Account, Accounts
from qfs.ledger.used_keys import UsedKeys

ACCOUNT_MAX = (1 << 64) - 1
NONCE_MAX = rows.NONCE_MAX
KEY_BYTES = used_keys.KEY_BYTES
"""Length of an idempotency key."""
KEY_PACKETS = rows.KEY_PACKETS
"""A key used in packet n is refused in packets n .. n + KEY_PACKETS - 1."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One balance's change in a transaction."""

    account: int
    token: int
    """Place in TOKENS."""
    change: int
    """Minor units, not 0; negative debits the account."""


@dataclass(frozen=True, slots=True)
class State:
    """The whole state; a value."""

    accounts: Accounts
    """By account id."""
    delegations: Table[tuple[int, bytes], bytes]
    """(account, key id) -> the owner who delegated: it counts only while that key owns the account,
    so that an account handed over is debited by nobody whom its new owner has not named."""
    used: UsedKeys
    """Idempotency keys, and the packets that used them."""


def genesis() -> State:
    """Return the state before any command: no account, no token in it.

    Each call makes its own stores: two ledgers never share one.
    """
    return State(
        accounts=Accounts.none(),
        delegations=Table.of(tuple[int, bytes], bytes),
        used=UsedKeys.none(),
    )


def account_of(state: State, account: int) -> Account:
    """Return an account that is known to be open; raises ContractError for any other id."""
    found = state.accounts.get(account)
    if found is None:
        raise ContractError(f"account {account} is not open")
    return found


def may_debit(
    delegations: Table[tuple[int, bytes], bytes],
    account: int,
    owner: bytes,
    signers: tuple[KeyId, ...],
) -> bool:
    """Say whether one of the signers owns an account, or is delegated to it by who does."""
    for signer in signers:
        if signer == owner or delegations.get((account, bytes(signer))) == owner:
            return True
    return False


def signers_of(context: Context) -> tuple[KeyId, ...]:
    """Return who signed: the one who asks, and whoever cosigned."""
    return (context.actor, *context.cosigners)
