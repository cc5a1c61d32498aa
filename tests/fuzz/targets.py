"""What is fuzzed: decoders, each with what it may answer and what must hold of what it takes.

- A target takes any bytes and returns whether they were taken. Anything raised that is not the
  decoder's documented error is a finding.
- What is taken must come out again byte for byte: a decoder with two inputs for one value is a
  finding as well.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from qfs import canon, packet
from qfs.canon import ZERO_DIGEST
from qfs.errors import CanonError, InputError, ProofError
from qfs.halt import HaltRecord
from qfs.kernel import Genesis
from qfs.kernel.proofs import WorldProof, read_proof, verify_packet_proof, verify_world_proof
from qfs.ledger.proofs import AccountProof, verify_account
from qfs.repro.statements import Statement
from qfs.shell import keystore
from qfs.trail import Checkpoint, Entry, tiles
from qfs.trail.note import Note
from qfs.trail.proof import TrailProof

Target = Callable[[bytes], bool]


def cbor(data: bytes) -> bool:
    """The reader of canonical bytes."""
    try:
        value = canon.decode(data)
    except CanonError:
        return False
    assert canon.encode(value) == data
    return True


def envelope(data: bytes) -> bool:
    """The reader of packets, their payloads included."""
    try:
        signed = packet.decode(data)
    except CanonError:
        return False
    if signed.place is not None:
        again = packet.encode_batched(signed.body, signed.signature, signed.place)
        with suppress(ProofError):  # a path of another length than its place has
            signed.place.message(signed.id)
    else:
        again = packet.encode(signed.body, signed.signature, signed.cosignatures)
    assert again == data
    assert signed.packet.to_bytes() == signed.body
    try:
        action = packet.action_of(signed.packet.kind, signed.packet.payload)
    except CanonError:
        return True
    assert packet.payload_of(action) == (signed.packet.kind, signed.packet.payload)
    return True


def checkpoint(data: bytes) -> bool:
    """The readers of checkpoints, bare and signed."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        point = Checkpoint.from_text(text)
    except CanonError:
        return False
    assert Checkpoint.from_text(point.to_text()) == point
    try:
        note = Note.from_text(text)
    except CanonError:
        return True
    assert note.to_text() == text
    return True


def proof(data: bytes) -> bool:
    """The reader and the checker of proofs of trail entries, in text."""
    try:
        found = TrailProof.from_text(data.decode("utf-8", "surrogateescape"))
    except CanonError:
        return False
    assert found.to_text().encode("utf-8", "surrogateescape") == data
    with suppress(ProofError):
        found.check()
    return True


def state_proof(data: bytes) -> bool:
    """The readers and checkers of proofs under a state root: of rows, packets, accounts."""
    try:
        account = AccountProof.from_bytes(data)
    except CanonError:
        pass
    else:
        assert account.to_bytes() == data
        with suppress(ProofError):
            verify_account(ZERO_DIGEST, account)
        return True
    try:
        found = read_proof(data)
    except CanonError:
        return False
    assert found.to_bytes() == data
    with suppress(ProofError):  # a root that the proof itself leads to, so that every step is taken
        root = found.covered.root()
        if isinstance(found, WorldProof):
            verify_world_proof(root, found)
        else:
            verify_packet_proof(root, found)
    return True


def entry(data: bytes) -> bool:
    """The readers of trail entries and of their bundles."""
    for count in (1, 2):
        try:
            stored = tiles.read_bundle(data, count)
        except ProofError:
            continue
        assert b"".join(len(one).to_bytes(2, "big") + one for one in stored) == data
    try:
        found = Entry.from_bytes(data)
    except CanonError:
        return False
    assert found.to_bytes() == data
    return True


def records(data: bytes) -> bool:
    """The readers of halt records and genesis records."""
    taken = 0
    for read in (HaltRecord.from_bytes, Genesis.from_bytes):
        try:
            found = read(data)
        except CanonError:
            continue
        assert found.to_bytes() == data
        taken += 1
    return taken > 0


def pem(data: bytes) -> bool:
    """The readers of key files: private and public."""
    try:
        private = keystore.private_of(Path("key.pem"), data)
    except InputError:
        try:
            public = keystore.public_of(Path("key.pub.pem"), data)
        except InputError:
            return False
        assert len(public.id) == 32
        return True
    assert len(private.public.id) == 32
    return True


def statement(data: bytes) -> bool:
    """The reader of signed statements' payloads."""
    try:
        found = Statement.from_bytes(data)
    except InputError:
        return False
    return Statement.from_bytes(found.to_bytes()) == found


TARGETS: dict[str, Target] = {
    one.__name__: one
    for one in (cbor, checkpoint, entry, envelope, pem, proof, records, state_proof, statement)
}
