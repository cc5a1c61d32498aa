"""What one may ask of the ledger.

- ``Transfer``, ``Issue`` and ``Burn`` are short forms of ``Transact``; all four carry an
  idempotency key and the nonce of the account that they start from.
- ``Batch`` is many ``Transact``s in columns, each answered by itself.
- Shapes are fixed-width when packed: ids and nonces 8 bytes, keys 16, changes 16 with a sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias, assert_never

from qfs.canon import ArrayKind, Registry, TypedArray
from qfs.crypto.ports import KeyId
from qfs.ledger.state import Leg


@dataclass(frozen=True, slots=True)
class Found:
    """Open the ledger's own accounts and issue the fixed supplies; in genesis only, once."""

    owner: KeyId
    """Owner of the issuance accounts, the fee account and the treasury."""
    delegates: tuple[KeyId, ...]
    """Further keys that may debit all of them."""


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """Open an account; any admitted key may, for any owner."""

    account: int
    """FIRST_FREE_ACCOUNT .. 2**64 - 1."""
    owner: KeyId


@dataclass(frozen=True, slots=True)
class Assign:
    """Hand an account to another owner; its owner alone may (after a key rotation, say).

    The old owner's delegations fall silent.
    """

    account: int
    owner: KeyId


@dataclass(frozen=True, slots=True)
class Delegate:
    """Let another key debit an account; its owner alone may."""

    account: int
    key_id: KeyId


@dataclass(frozen=True, slots=True)
class Undelegate:
    """Take a delegation back; the account's owner alone may."""

    account: int
    key_id: KeyId


@dataclass(frozen=True, slots=True)
class Issue:
    """Bring units of a token into circulation: a transfer from its issuance account."""

    token: int
    credit: int
    amount: int
    """Minor units, 1 .. 2**124 - 1."""
    nonce: int
    """Of the issuance account."""
    key: bytes
    """16 bytes, fresh."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move units of a token from one account to another; the payer pays the fee on top."""

    debit: int
    credit: int
    token: int
    amount: int
    """Minor units that the credited account receives, 1 .. 2**124 - 1."""
    nonce: int
    """Of the debited account."""
    key: bytes


@dataclass(frozen=True, slots=True)
class Burn:
    """Take units out of circulation: a transfer back to the token's issuance account."""

    debit: int
    token: int
    amount: int
    """Minor units, 1 .. 2**124 - 1."""
    nonce: int
    """Of the debited account."""
    key: bytes


@dataclass(frozen=True, slots=True)
class Transact:
    """Change 1 to 64 balances at once, or none of them."""

    account: int
    """Whose nonce it uses; the packet's key must be allowed to debit it."""
    nonce: int
    key: bytes
    legs: tuple[Leg, ...]
    """At most one an account and token; they sum to zero a token; a due fee is among them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Many transactions, judged in order, each by itself; the receipt has a code for each.

    Columns: a row is a transaction, and its legs are the next ``counts[row]`` of the leg columns.
    """

    accounts: TypedArray
    """U64 a row: whose nonce it uses."""
    nonces: TypedArray
    """U64 a row."""
    keys: bytes
    """16 bytes a row."""
    counts: bytes
    """One byte a row: how many legs it has."""
    leg_accounts: TypedArray
    """U64 a leg."""
    leg_tokens: bytes
    """One byte a leg."""
    leg_changes: bytes
    """16 bytes a leg: minor units, two's complement, little-endian."""

    @classmethod
    def of(cls, rows: Sequence[Transact]) -> "Batch":
        """Return the batch of transactions whose fields fit its columns.

        Raises CanonError or OverflowError for an id, nonce, count or change that does not fit.
        """
        legs = [leg for row in rows for leg in row.legs]
        return cls(
            TypedArray.of(ArrayKind.U64, [row.account for row in rows]),
            TypedArray.of(ArrayKind.U64, [row.nonce for row in rows]),
            b"".join([row.key for row in rows]),
            b"".join([len(row.legs).to_bytes(1, "little") for row in rows]),
            TypedArray.of(ArrayKind.U64, [leg.account for leg in legs]),
            b"".join([leg.token.to_bytes(1, "little") for leg in legs]),
            b"".join([leg.change.to_bytes(16, "little", signed=True) for leg in legs]),
        )

    def rows(self) -> list[Transact]:
        """Return the transactions of a well-formed batch."""
        columns = zip(self.leg_accounts.to_list(), self.leg_tokens, count(0, 16), strict=False)
        legs = [
            Leg(
                account,
                token,
                int.from_bytes(self.leg_changes[at : at + 16], "little", signed=True),
            )
            for account, token, at in columns
        ]
        made: list[Transact] = []
        end = 0
        for row, (account, nonce) in enumerate(
            zip(self.accounts.to_list(), self.nonces.to_list(), strict=True)
        ):
            at = end
            end += self.counts[row]
            key = self.keys[16 * row : 16 * row + 16]
            made.append(Transact(account, nonce, key, tuple(legs[at:end])))
        return made


Move: TypeAlias = Issue | Transfer | Burn | Transact
Command: TypeAlias = Found | OpenAccount | Assign | Delegate | Undelegate | Move | Batch


def cost(command: Command) -> int:
    """Return the units of a command: the rows that it reads and writes.

    A movement has a row a leg, its nonce and its key; a batch costs what its rows do.
    """
    match command:
        case Found():
            return 7 * (1 + len(command.delegates))
        case Transact():
            return len(command.legs) + 2
        case Batch():
            return len(command.leg_tokens) + 2 * len(command.counts)
        case Transfer():
            return 5  # the fee's leg counts, due or not
        case Issue() | Burn():
            return 4
        case OpenAccount() | Assign() | Delegate() | Undelegate():
            return 1
    assert_never(command)


COMMANDS = (
    Registry("ledger command")
    .add(1, 1, Found)
    .add(2, 1, OpenAccount)
    .add(3, 1, Assign)
    .add(4, 1, Delegate)
    .add(5, 1, Undelegate)
    .add(6, 1, Issue)
    .add(7, 1, Transfer)
    .add(8, 1, Burn)
    .add(9, 1, Transact)
    .add(10, 1, Batch)
)
