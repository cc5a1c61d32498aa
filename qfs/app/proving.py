"""`qfs ledger prove | verify-proof`: an account or a packet, for whoever has only the state root.

- A proof is canonical bytes; it needs no ledger, log or key to be checked, and nothing secret is
  in it. That no such account is open, or that there is no such packet yet, is proved as well.
- A packet's proof also shows the state root before it: older roots follow from the newest.
- A proof that does not lead to the root is a no (exit code 1); bytes that are no proof are an error
  (exit code 2).
"""

from dataclasses import dataclass
from pathlib import Path

from qfs.app.worlds import derive_all, read_world
from qfs.canon import DIGEST_BYTES, Digest
from qfs.errors import CanonError, InputError, ProofError, RecordError, UsageError
from qfs.kernel import World
from qfs.kernel.proofs import AnyProof, PacketProof, prove_packet, read_proof, verify_packet_proof
from qfs.ledger import TOKENS, Account, proofs, written
from qfs.ledger.proofs import AccountProof
from qfs.ledger.state import ACCOUNT_MAX
from qfs.shell import log, providers
from qfs.shell.exports import write_new

MAX_PROOF_BYTES = 1 << 20  # 1_048_576: a proof at a billion accounts has about 6 kB
SEQ_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class ProofReport:
    """What a proof says."""

    verified: bool
    """Whether the proof leads to the root."""
    why_not: str
    account: int | None
    """None in a proof that is not verified: nothing in it can be believed."""
    seq: int | None
    """The packet after which it held."""
    state_root: Digest
    open: bool
    """Whether the account is open."""
    owner: str
    nonce: int
    balances: tuple[tuple[str, str], ...]
    """(symbol, amount), in the order of the tokens; empty when it is not open."""
    size: int
    """Bytes of the proof."""

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.proof/1",
            "verified": self.verified,
            "why_not": self.why_not,
            "account": self.account,
            "packets": self.seq,
            "state_root": self.state_root.hex(),
            "open": self.open,
            "owner": self.owner,
            "nonce": self.nonce,
            "balances": dict(self.balances),
            "bytes": self.size,
        }


@dataclass(frozen=True, slots=True)
class PacketReport:
    """What a packet's proof says."""

    verified: bool
    """Whether the proof leads to the root."""
    why_not: str
    packet: int | None
    """Its sequence number; None in a proof that is not verified."""
    there: bool
    """Whether the ledger has the packet."""
    identity: Digest | None
    """SHA-256 of its body; the ledger's id for genesis; None for a packet that is not there."""
    root_before: Digest | None
    """State root before it; None as above."""
    packets: int | None
    """The packet after which the proof was made."""
    state_root: Digest
    size: int
    """Bytes of the proof."""

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.packet-proof/1",
            "verified": self.verified,
            "why_not": self.why_not,
            "packet": self.packet,
            "there": self.there,
            "id": None if self.identity is None else self.identity.hex(),
            "root_before": None if self.root_before is None else self.root_before.hex(),
            "packets": self.packets,
            "state_root": self.state_root.hex(),
            "bytes": self.size,
        }


def prove_one(
    directory: Path, account: int | None, packet: int | None, output: Path
) -> ProofReport | PacketReport:
    """Write the proof of an account or of a packet; raises UsageError unless one is named."""
    if account is not None and packet is None:
        return prove_account(directory, account, output)
    if packet is not None and account is None:
        return prove_packet_of(directory, packet, output)
    raise UsageError("one of ACCOUNT and --packet", way_out="name an account, or a packet")


def prove_account(
    directory: Path, account: int, output: Path, provider: str = providers.DEFAULT
) -> ProofReport | PacketReport:
    """Write the proof of what an account holds now, and return what it says.

    Raises UsageError for an id out of range, InputError when the output exists or cannot be made;
    halts when the ledger cannot be re-derived.
    """
    if not 0 <= account <= ACCOUNT_MAX:
        raise UsageError(f"account {account}", way_out="give 0 to 2**64 - 1")
    world = read_world(directory, providers.verifier(provider)).world
    data = proofs.prove_account(world, account).to_bytes()
    report = verify(data, world.root, str(output))
    write_new(output, [data])
    return report


def prove_packet_of(
    directory: Path, seq: int, output: Path, provider: str = providers.DEFAULT
) -> PacketReport | ProofReport:
    """Write the proof that a packet is the seq-th of a ledger, or that there is none yet.

    Raises UsageError for a negative number, InputError when the output exists or cannot be made;
    halts when the ledger cannot be re-derived.
    """
    if not 0 <= seq <= SEQ_MAX:
        raise UsageError(f"packet {seq}", way_out="give 0 (genesis) to 2**63 - 1")
    world, history = history_of(directory, provider)
    data = prove_packet(world, history, seq).to_bytes()
    report = verify(data, world.root, str(output))
    write_new(output, [data])
    return report


def history_of(directory: Path, provider: str) -> tuple[World, list[tuple[Digest, Digest]]]:
    """Return a ledger's world, and (packet id, root after it) of genesis and each packet."""
    reading, corrupt = log.survey(directory)
    world: World | None = None
    kept = reading.pruned
    history: list[tuple[Digest, Digest]] = (
        [] if kept is None else list(zip(kept.ids, kept.roots, strict=True))[:-1]
    )
    verifier = providers.verifier(provider)
    for step in derive_all(directory, reading, verifier=verifier, corrupt=corrupt):
        world = step.world
        history.append((world.head, world.root))
    if world is None:
        raise InputError("a log without a genesis frame", place=str(directory))
    return world, history


def verify_file(path: Path, root: str) -> ProofReport | PacketReport:
    """Return what a proof's file shows under a state root in hexadecimal.

    Raises InputError for a file that is no proof, UsageError for no root.
    """
    try:
        wanted = bytes.fromhex(root)
    except ValueError:
        wanted = b""
    if len(wanted) != DIGEST_BYTES:
        raise UsageError(
            f"{root[:80]!r} is no state root", place="--root", way_out="give its 64 digits"
        )
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PROOF_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=str(path)) from None
    if len(data) > MAX_PROOF_BYTES:
        raise InputError(f"more than {MAX_PROOF_BYTES} bytes are no proof", place=str(path))
    return verify(data, Digest(wanted), str(path))


def verify(data: bytes, root: Digest, place: str) -> ProofReport | PacketReport:
    """Return what a proof's bytes show under a state root."""
    try:
        proof = _read(data)
    except CanonError as error:
        raise InputError(
            f"no proof: {error}", place=place, way_out="pass what qfs ledger prove wrote"
        ) from None
    if isinstance(proof, PacketProof):
        return _packet_report(proof, root, len(data))
    if not isinstance(proof, AccountProof):
        raise InputError(f"a proof about {proof.machine}.{proof.field}", place=place)
    try:
        account, held = proofs.verify_account(root, proof)
    except ProofError as error:
        return ProofReport(False, error.what, None, None, root, False, "", 0, (), len(data))
    return _report(account, held, proof.world.covered.seq, root, len(data))


def _read(data: bytes) -> AnyProof | AccountProof:
    try:
        return AccountProof.from_bytes(data)
    except RecordError:
        return read_proof(data)


def _packet_report(proof: PacketProof, root: Digest, size: int) -> PacketReport:
    try:
        there = verify_packet_proof(root, proof)
    except ProofError as error:
        return PacketReport(False, error.what, None, False, None, None, None, root, size)
    identity, before = (proof.packet, proof.before) if there else (None, None)
    seq = proof.covered.seq
    return PacketReport(True, "", proof.seq, there, identity, before, seq, root, size)


def _report(account: int, held: Account | None, seq: int, root: Digest, size: int) -> ProofReport:
    if held is None:
        return ProofReport(True, "", account, seq, root, False, "", 0, (), size)
    balances = tuple(
        [
            (spec.symbol, written(balance, spec.decimals))
            for spec, balance in zip(TOKENS, held.balances, strict=True)
        ]
    )
    return ProofReport(
        True, "", account, seq, root, True, held.owner.hex(), held.nonce, balances, size
    )
