"""What can have happened in the ledger, and why it says no.

- ``Moved`` is every movement of tokens: fees are among its legs, so that what it did needs no
  ``TokenSpec`` to tell.
- A Refusal's value is its number for ever: the result code of a row in a batch. 0 is acceptance.
- ``Spent`` and ``BatchSpent`` are what a refused transaction leaves: no balance, but the nonces and
  keys of the movements whose authority, key and nonce were good.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from qfs.canon import Registry
from qfs.crypto.ports import KeyId
from qfs.ledger import codes
from qfs.ledger.commands import Batch
from qfs.ledger.state import Leg


class Refusal(Enum):
    """Why the ledger says no."""

    NOT_GENESIS = 1
    """A founding order outside genesis."""
    ALREADY_FOUNDED = 2
    """A second founding order."""
    ACCOUNT_OUT_OF_RANGE = 3
    """The id to open is one of the ledger's own, or beyond 8 bytes."""
    ACCOUNT_EXISTS = 4
    """The account to open is open already."""
    KEY_ID_MALFORMED = 5
    """An owner or delegate that is not 32 bytes, or that is NOBODY."""
    ALREADY_DELEGATED = 6
    """The key is delegated to the account already."""
    NOT_DELEGATED = 7
    """There is no such delegation to take back."""
    LEG_COUNT = codes.LEG_COUNT
    """A transaction with no leg, or more than 64."""
    KEY_MALFORMED = 9
    """An idempotency key that is not 16 bytes."""
    UNKNOWN_TOKEN = codes.UNKNOWN_TOKEN
    """A token number outside TOKENS."""
    AMOUNT_OUT_OF_RANGE = codes.AMOUNT_OUT_OF_RANGE
    """An amount that is zero, negative, or above 2**124 - 1."""
    DUPLICATE_LEG = codes.DUPLICATE_LEG
    """Two legs for one account and token; a transfer to oneself is one."""
    UNKNOWN_ACCOUNT = codes.UNKNOWN_ACCOUNT
    """No such account is open."""
    NOT_AUTHORISED = codes.NOT_AUTHORISED
    """The packet's key neither owns the account nor is delegated to it, where it must."""
    ROLE_REQUIRED = codes.ROLE_REQUIRED
    """The token moves by role, and the packet's key does not hold it."""
    SUPPLY_IS_FIXED = codes.SUPPLY_IS_FIXED
    """The token is never issued or burned after genesis."""
    KEY_ALREADY_USED = codes.KEY_ALREADY_USED
    """The idempotency key was used in the last 65,536 packets."""
    WRONG_NONCE = codes.WRONG_NONCE
    """The nonce is not the account's next one."""
    NONCE_EXHAUSTED = codes.NONCE_EXHAUSTED
    """The account has used its 2**64 - 1 nonces."""
    EXCEEDS_BALANCE = codes.EXCEEDS_BALANCE
    """A balance would be negative."""
    BALANCE_OUT_OF_RANGE = codes.BALANCE_OUT_OF_RANGE
    """A balance would exceed 2**124 - 1."""
    NOT_CONSERVED = codes.NOT_CONSERVED
    """The legs of a token do not sum to zero."""
    FEE_NOT_PAID = codes.FEE_NOT_PAID
    """The fee account receives less than the fee due."""
    BATCH_MALFORMED = 24
    """A batch whose columns are of other kinds, or whose lengths disagree, or without a row."""


SPENDING = tuple([refusal.name for refusal in Refusal if codes.is_spent(refusal.value)])
"""Names of the refusals that use up the movement's key and nonce."""


@dataclass(frozen=True, slots=True)
class Founded:
    """The ledger's own accounts are open, and the fixed supplies are in the treasury."""

    owner: KeyId
    delegates: tuple[KeyId, ...]


@dataclass(frozen=True, slots=True)
class AccountOpened:
    """An account is open, with no balance."""

    account: int
    owner: KeyId


@dataclass(frozen=True, slots=True)
class Assigned:
    """An account has another owner; what its owner before delegated is silent."""

    account: int
    owner: KeyId


@dataclass(frozen=True, slots=True)
class Delegated:
    """A key may debit an account, while the owner who said so owns it."""

    account: int
    key_id: KeyId
    owner: KeyId


@dataclass(frozen=True, slots=True)
class Undelegated:
    """A key may no longer debit an account."""

    account: int
    key_id: KeyId


@dataclass(frozen=True, slots=True)
class Moved:
    """Balances changed, all of them or none; a key and a nonce are used up."""

    account: int
    key: bytes
    seq: int
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """A movement was refused; its key and its account's nonce are used up."""

    account: int
    key: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class BatchMoved:
    """The accepted rows of a batch happened; others used up their key and nonce, or nothing."""

    batch: Batch
    seq: int
    codes: bytes
    """One a row: 0 for yes, a Refusal's value for no."""


@dataclass(frozen=True, slots=True)
class BatchSpent:
    """A batch was undone with its transaction; what its rows had used up is used up."""

    batch: Batch
    seq: int
    codes: bytes
    """As the rows had been answered."""


Event: TypeAlias = (
    Founded
    | AccountOpened
    | Assigned
    | Delegated
    | Undelegated
    | Moved
    | Spent
    | BatchMoved
    | BatchSpent
)

EVENTS = (
    Registry("ledger event")
    .add(1, 1, Founded)
    .add(2, 1, AccountOpened)
    .add(3, 1, Assigned)
    .add(4, 1, Delegated)
    .add(5, 1, Undelegated)
    .add(6, 1, Moved)
    .add(7, 1, Spent)
    .add(8, 1, BatchMoved)
    .add(9, 1, BatchSpent)
)
