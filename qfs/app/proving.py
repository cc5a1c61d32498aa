"""`qfs ledger prove | verify-proof`: what one account holds, for whoever has only the state root.

- A proof is canonical bytes; it needs no ledger, log or key to be checked, and nothing secret is
  in it. That no such account is open is proved as well.
- A proof that does not lead to the root is a no (exit code 1); bytes that are no proof of an
  account are an error (exit code 2).
"""

from dataclasses import dataclass
from pathlib import Path

from qfs.app.worlds import read_world
from qfs.canon import DIGEST_BYTES, Digest, Value, unpack
from qfs.errors import CanonError, InputError, ProofError, UsageError
from qfs.kernel.proofs import WorldProof, prove, verify_world_proof
from qfs.ledger import MACHINE, TOKENS, Account, written
from qfs.ledger.state import ACCOUNT_MAX
from qfs.shell import providers

MAX_PROOF_BYTES = 1 << 20  # 1_048_576: a proof at a billion accounts has about 6 kB
_TABLE = "accounts"


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


def prove_account(
    directory: Path, account: int, output: Path, provider: str = providers.DEFAULT
) -> ProofReport:
    """Write the proof of what an account holds now, and return what it says.

    Raises UsageError for an id out of range, InputError when the output exists or cannot be made;
    halts when the ledger cannot be re-derived.
    """
    if not 0 <= account <= ACCOUNT_MAX:
        raise UsageError(f"account {account}", way_out="give 0 to 2**64 - 1")
    world = read_world(directory, providers.verifier(provider)).world
    data = prove(world, MACHINE.name, _TABLE, account).to_bytes()
    report = verify(data, world.root, str(output))
    try:
        with output.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise InputError(
            "exists", place=str(output), way_out="choose another name; proofs are not overwritten"
        ) from None
    except OSError as error:
        raise InputError(f"cannot be made: {error.strerror}", place=str(output)) from None
    return report


def verify_file(path: Path, root: str) -> ProofReport:
    """Return what a proof's file shows under a state root in hexadecimal.

    Raises InputError for a file that is no proof of an account, UsageError for no root.
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


def verify(data: bytes, root: Digest, place: str) -> ProofReport:
    """Return what a proof's bytes show under a state root."""
    try:
        proof = WorldProof.from_bytes(data)
    except CanonError as error:
        raise InputError(
            f"no proof: {error}", place=place, way_out="pass what qfs ledger prove wrote"
        ) from None
    if (proof.machine, proof.field) != (MACHINE.name, _TABLE):
        raise InputError(f"a proof about {proof.machine}.{proof.field}", place=place)
    try:
        account, row = verify_world_proof(root, proof)
    except ProofError as error:
        return ProofReport(False, error.what, None, None, root, False, "", 0, (), len(data))
    return _report(account, row, proof.seq, root, len(data))


def _report(account: Value, row: Value, seq: int, root: Digest, size: int) -> ProofReport:
    number = account if type(account) is int else None
    if row is None:
        return ProofReport(True, "", number, seq, root, False, "", 0, (), size)
    held = unpack(Account, row)
    balances = tuple(
        [
            (spec.symbol, written(balance, spec.decimals))
            for spec, balance in zip(TOKENS, held.balances, strict=True)
        ]
    )
    return ProofReport(
        True, "", number, seq, root, True, held.owner.hex(), held.nonce, balances, size
    )
