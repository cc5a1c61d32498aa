"""`qfs trail note`: show certificates and a signed checkpoint to a ledger, in one packet.

- What is noted is a document's SHA-256 and who showed it (the machine ``notary``); from then on
  every replica's trail has it.
- A certificate is verified with the certifier's public key before; a checkpoint must be the
  trail's as it stands, and comes first in the packet: its entry would shift it.
"""

import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from qfs import gate, packet
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS
from qfs.app.inbound import Door, Received, opened_for_writing, received_of
from qfs.app.keys import passphrase_of
from qfs.app.signed_statements import read_statement
from qfs.app.snapshots import Finder
from qfs.app.trail import derive_trail, read_note
from qfs.canon import Digest
from qfs.errors import UsageError
from qfs.kernel import Order, Transactions, World
from qfs.machines.trust.notary import COMMANDS, MACHINE, Command, NoteCertificate, NoteCheckpoint
from qfs.shell import keystore, providers
from qfs.shell.files import read_limited
from qfs.shell.keystore import PrivateKey
from qfs.trail.checkpoint import MAX_CHECKPOINT_BYTES

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class NoteRequest:
    """What is shown to which ledger, and who shows it."""

    directory: Path
    key: Path
    """Private key that signs the packet."""
    passphrase_file: Path | None = None
    checkpoint: Path | None = None
    """A signed checkpoint of the ledger's trail."""
    certificates: tuple[Path, ...] = ()
    certifier: Path | None = None
    """Public key that signed the certificates."""
    provider: str = providers.DEFAULT


@dataclass(frozen=True, slots=True)
class NoteReport:
    """What became of the packet."""

    documents: tuple[str, ...]
    received: Received
    seq: int
    state_root: Digest

    @property
    def exit_code(self) -> int:
        """1 when the gate or the notary refused."""
        refused = self.received.refusal is not None or any(self.received.answers)
        return EXIT_FINDINGS if refused else EXIT_CLEAN

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return (document, answer); the answer is empty for a yes."""
        if self.received.refusal is not None:
            return tuple([(name, self.received.refusal) for name in self.documents])
        return tuple(zip(self.documents, self.received.answers, strict=True))

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.trail.note/1",
            "documents": [{"place": name, "answer": answer} for name, answer in self.rows()],
            "seq": self.seq,
            "state_root": self.state_root.hex(),
        }


def note(request: NoteRequest) -> NoteReport:
    """Show documents to a ledger.

    Raises InputError for files that are not what they claim, UsageError for nothing to show or a
    checkpoint that is not the trail's, ProofError for a certificate that the certifier did not
    sign; halts as opening the ledger does.
    """
    named = _named(request)
    key = keystore.read_private(request.key, passphrase_of(request.passphrase_file))
    verifier = providers.verifier(request.provider)
    opened = opened_for_writing(request.directory, verifier, Finder(request.directory))
    with opened.writer:
        door = Door(request.directory, opened, verifier, strict=False)
        orders = [Order(MACHINE.name, COMMANDS.pack(command)) for _, command in named]
        data = signed_packet(opened.world, key, orders)
        received = received_of(str(request.directory), door.take(data))
    documents = tuple([str(path) for path, _ in named])
    return NoteReport(documents, received, door.world.seq, door.world.root)


def _named(request: NoteRequest) -> list[tuple[Path, Command]]:
    if request.certificates and request.certifier is None:
        raise UsageError("whose certificates?", way_out="give --public-key FILE")
    named: list[tuple[Path, Command]] = []
    if request.checkpoint is not None:
        named.append((request.checkpoint, _checkpoint(request, request.checkpoint)))
    for path in request.certificates:
        if request.certifier is not None:
            envelope, _ = read_statement(path, request.certifier)
            named.append((path, NoteCertificate(Digest(sha256(envelope).digest()))))
    if not named:
        raise UsageError("nothing to note", way_out="give --checkpoint or --certificate FILE")
    return named


def _checkpoint(request: NoteRequest, path: Path) -> NoteCheckpoint:
    point = read_note(path).checkpoint
    now = derive_trail(request.directory, request.provider).trail.checkpoint()
    if point != now:
        raise UsageError(
            f"not the checkpoint of this trail as it stands, which has {now.size} entries",
            place=str(path),
            way_out="take it anew: qfs trail checkpoint --key FILE",
        )
    document = sha256(read_limited(path, MAX_CHECKPOINT_BYTES)).digest()
    return NoteCheckpoint(Digest(document), point.size, point.root)


def signed_packet(world: World, key: PrivateKey, orders: list[Order]) -> bytes:
    """Return the envelope of a world's next packet: each order a transaction of its own."""
    now_us = time.time_ns() // 1_000
    latest = world.time_us + gate.MAX_STEP_US  # a tick carries the ledger the rest of the way
    body = packet.draft(
        ledger=world.ledger,
        seq=world.seq + 1,
        time_us=max(world.time_us, now_us if world.seq == 0 else min(now_us, latest)),
        seed=secrets.token_bytes(SEED_BYTES),
        previous=world.head,
        key=key.public.id,
        action=Transactions(tuple([(order,) for order in orders])),
    ).to_bytes()
    message = packet.signing_message(body)
    return packet.encode(body, key.signer().sign(message, packet.CONTEXT))
