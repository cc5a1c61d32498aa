"""What can have happened in the ledger, and why it says no.

- ``Moved`` is every movement of tokens: fees are among its legs, so that what it did needs no
  ``TokenSpec`` to tell.
- A Refusal's value is its number for ever: the result code of a row in a batch. 0 is acceptance.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from qfs.canon import Registry
from qfs.crypto.ports import KeyId
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
    LEG_COUNT = 8
    """A transaction with no leg, or more than 64."""
    KEY_MALFORMED = 9
    """An idempotency key that is not 16 bytes."""
    UNKNOWN_TOKEN = 10
    """A token number outside TOKENS."""
    AMOUNT_OUT_OF_RANGE = 11
    """An amount that is zero, negative, or above 2**124 - 1."""
    DUPLICATE_LEG = 12
    """Two legs for one account and token; a transfer to oneself is one."""
    UNKNOWN_ACCOUNT = 13
    """No such account is open."""
    NOT_AUTHORISED = 14
    """The packet's key neither owns the account nor is delegated to it, where it must."""
    ROLE_REQUIRED = 15
    """The token moves by role, and the packet's key does not hold it."""
    SUPPLY_IS_FIXED = 16
    """The token is never issued or burned after genesis."""
    KEY_ALREADY_USED = 17
    """The idempotency key was used in the last 65,536 packets."""
    WRONG_NONCE = 18
    """The nonce is not the account's next one."""
    NONCE_EXHAUSTED = 19
    """The account has used its 2**64 - 1 nonces."""
    EXCEEDS_BALANCE = 20
    """A balance would be negative."""
    BALANCE_OUT_OF_RANGE = 21
    """A balance would exceed 2**124 - 1."""
    NOT_CONSERVED = 22
    """The legs of a token do not sum to zero."""
    FEE_NOT_PAID = 23
    """The fee account receives less than the fee due."""


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


Event: TypeAlias = Founded | AccountOpened | Assigned | Delegated | Undelegated | Moved

EVENTS = (
    Registry("ledger event")
    .add(1, 1, Founded)
    .add(2, 1, AccountOpened)
    .add(3, 1, Assigned)
    .add(4, 1, Delegated)
    .add(5, 1, Undelegated)
    .add(6, 1, Moved)
)
