"""Proofs of accounts for people who have nothing but a world's root.

- An account that is open: the world's root leads to the digest of the field ``accounts``; that
  covers the number of accounts, the root of the records and the root of the ids. The ids' tree says
  at which index the id stands, the records' tree what the record there is.
- Of an id that is not open, the ids' tree shows the page in which it would stand.
- ``verify_account`` recomputes every digest on the way; it needs no ledger, log or key.
"""

from dataclasses import dataclass

from qfs.canon import Digest, Registry, decode, encode
from qfs.errors import CanonError, ProofError
from qfs.kernel import Proof, World, trie, verify_proof
from qfs.kernel.proofs import FieldProof, prove_field, verify_field
from qfs.ledger.accounts import Account, accounts_root, pages_of, record_of
from qfs.ledger.pages import PAGE_BYTES, PAGE_RECORDS, RECORD_BYTES, height, root_from
from qfs.ledger.rows import CELLS
from qfs.ledger.state import State

MACHINE = "ledger"
FIELD = "accounts"


@dataclass(frozen=True, slots=True)
class PageProof:
    """That a page of records stands under the records' root."""

    page: bytes
    """2,048 bytes: 16 records, filled up with zeros."""
    siblings: tuple[bytes, ...]
    """From the page up: the 15 digests beside it in each node."""


@dataclass(frozen=True, slots=True)
class AccountProof:
    """What a world says of one account id."""

    world: FieldProof
    """The way from the world's root to the accounts' digest."""
    records: Digest
    """Root of the records' tree."""
    ids: Digest
    """Root of the ids' tree."""
    place: Proof
    """The id's index, or its absence."""
    page: PageProof | None
    """The page that holds the record; None for an id that is not open."""

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        return encode(_PROOFS.pack(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> "AccountProof":
        """Return the proof; raises CanonError for any other bytes."""
        made: AccountProof = _PROOFS.unpack(decode(data))
        return made


_PROOFS = Registry("proof").add(3, 1, AccountProof)
"""Kinds 1 and 2 are the kernel's."""


def prove_account(world: World, account: int) -> AccountProof:
    """Return the proof of what a world says of an account id, against world.root.

    Raises UsageError for a world without a ledger.
    """
    way = prove_field(world, MACHINE, FIELD)
    state: State = world.states[MACHINE]
    core = state.accounts.newest()
    core.flush()
    place = core.places.get(account)
    index = None if place < 0 else place // CELLS
    page: PageProof | None = None
    if index is not None:
        number = index // PAGE_RECORDS
        records = bytes(core.columns.raw()[number * PAGE_BYTES : (number + 1) * PAGE_BYTES])
        page = PageProof(records, tuple(core.tree.siblings(number)))
    return AccountProof(
        way,
        Digest(core.tree.root()),
        Digest(trie.root_of(core.trie)),
        trie.prove(core.trie, encode(account), None if index is None else encode(index)),
        page,
    )


def verify_account(root: Digest, proof: AccountProof) -> tuple[int, Account | None]:
    """Return the account's id, and the account, None where none is open, under a world's root.

    Raises ProofError, saying which step fails, when the proof does not lead to the root.
    """
    if (proof.world.machine, proof.world.field) != (MACHINE, FIELD):
        raise ProofError(f"a proof about {proof.world.machine}.{proof.world.field}")
    known = verify_field(root, proof.world)
    count = verify_proof(proof.ids, proof.place)
    if accounts_root(count, proof.records, proof.ids) != known:
        raise ProofError("the trees of accounts do not lead to the accounts' digest")
    account = decode(proof.place.key)
    if type(account) is not int:
        raise ProofError("the proof names no account")
    index = None if proof.place.value is None else decode(proof.place.value)
    if index is None or proof.page is None:
        if index is not None or proof.page is not None:
            raise ProofError("a record without its place, or a place without its record")
        return account, None
    if type(index) is not int or not 0 <= index < count:
        raise ProofError("the account's place is none")
    pages = pages_of(count)
    if len(proof.page.siblings) != height(pages):
        raise ProofError(f"{len(proof.page.siblings)} nodes over {pages} pages")
    number, row = divmod(index, PAGE_RECORDS)
    if root_from(proof.page.page, number, proof.page.siblings) != proof.records:
        raise ProofError("the page does not lead to the records' root")
    at = row * RECORD_BYTES
    try:
        found, held = record_of(proof.page.page[at : at + RECORD_BYTES])
    except CanonError as error:
        raise ProofError(f"the record is none: {error}") from None
    if found != account:
        raise ProofError(f"the record at the account's place is account {found}")
    return account, held
