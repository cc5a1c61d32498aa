"""What the ledger remembers.

- An account is id, nonce, owner and one balance a token: 8 + 8 + 32 + 5 * 16 = 128 bytes packed.
- Used keys stand twice: by key, for the question, and in a queue by age, so that forgetting one
  costs the same whatever the number kept.
- A key is refused by its age, never by its presence: the queue may lag behind.
"""

from dataclasses import dataclass

from qfs.crypto.ports import KeyId
from qfs.errors import ContractError
from qfs.kernel import Table
from qfs.ledger.tokens import TOKENS

ACCOUNT_MAX = (1 << 64) - 1
NONCE_MAX = (1 << 64) - 1
KEY_BYTES = 16
"""Length of an idempotency key."""
KEY_PACKETS = 65_536
"""A key used in packet n is refused in packets n .. n + KEY_PACKETS - 1."""

NO_BALANCES: tuple[int, ...] = (0,) * len(TOKENS)


@dataclass(frozen=True, slots=True)
class Account:
    """One account."""

    owner: KeyId
    nonce: int
    """The nonce that its next transaction carries; 0 .. NONCE_MAX."""
    balances: tuple[int, ...] = NO_BALANCES
    """Minor units, in the order of TOKENS; each 0 .. 2**124 - 1."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One balance's change in a transaction."""

    account: int
    token: int
    """Place in TOKENS."""
    change: int
    """Minor units, not 0; negative debits the account."""


@dataclass(frozen=True, slots=True)
class UsedKey:
    """An idempotency key, and the packet that used it."""

    key: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class State:
    """The whole state; a value."""

    accounts: Table[int, Account]
    """By account id."""
    delegations: Table[tuple[int, bytes], bytes]
    """(account, key id) -> the owner who delegated: it counts only while that key owns the account,
    so that an account handed over is debited by nobody whom its new owner has not named."""
    used: Table[bytes, int]
    """Idempotency key -> sequence number of the packet that last used it."""
    queue: Table[int, UsedKey]
    """The used keys by age: entries oldest .. newest - 1."""
    oldest: int
    newest: int


def genesis() -> State:
    """Return the state before any command: no account, no token in it.

    Each call makes its own tables: two ledgers never share one.
    """
    return State(
        accounts=Table.of(int, Account),
        delegations=Table.of(tuple[int, bytes], bytes),
        used=Table.of(bytes, int),
        queue=Table.of(int, UsedKey),
        oldest=0,
        newest=0,
    )


def account_of(state: State, account: int) -> Account:
    """Return an account that is known to be open; raises ContractError for any other id."""
    found = state.accounts.get(account)
    if found is None:
        raise ContractError(f"account {account} is not open")
    return found


def may_debit(state: State, account: int, actor: KeyId) -> bool:
    """Say whether a key owns an open account, or is delegated to it by the key that does."""
    owner = account_of(state, account).owner
    return actor == owner or state.delegations.get((account, bytes(actor))) == owner
