"""`qfs halt show|resume`: the halt in which a ledger stands, and the packet that ends it.

- A resume names the halt's digest and is signed by the root threshold: one root key signs, others
  cosign. The gate decides; the packet is logged, so the end of a halt is history.
- A log that cannot be re-derived stays halted: a resume mends nothing that is written. What halts
  at one packet from outside leaves a sound log, and there the ledger goes on.
- Between the Resume's append and the removal of the record the process may die: opening the ledger
  finishes it.
"""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from qfs import gate, packet
from qfs.app.keys import passphrase_of
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.worlds import open_ledger
from qfs.canon import Digest
from qfs.errors import UsageError
from qfs.halt import Code, HaltRecord
from qfs.kernel import Resume, World, apply
from qfs.shell import keystore, log, providers
from qfs.shell.keystore import PrivateKey

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class HaltReport:
    """A halt record, or that there is none."""

    record: HaltRecord | None

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        record = self.record
        if record is None:
            return {"schema": "qfs.halt/1", "halt": None}
        halt = {
            "code": f"CIR-{record.code}",
            "name": name_of(record.code),
            "digest": record.digest().hex(),
            "seq": record.seq,
            "packet": record.packet.hex(),
            "root": record.root.hex(),
            "previous": record.previous.hex(),
            "facts": list(record.facts),
        }
        return {"schema": "qfs.halt/1", "halt": halt}


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """Who ends which ledger's halt."""

    directory: Path
    keys: tuple[Path, ...]
    """Private key files of root lines; the first signs, the others cosign."""
    passphrase_file: Path | None = None
    provider: str = providers.DEFAULT


@dataclass(frozen=True, slots=True)
class ResumeReport:
    """The packet that ended a halt, or the gate's refusal."""

    halt: Digest
    packet: Digest
    seq: int
    state_root: Digest
    refusal: str | None

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.halt.resume/1",
            "halt": self.halt.hex(),
            "packet": self.packet.hex(),
            "seq": self.seq,
            "state_root": self.state_root.hex(),
            "refusal": self.refusal,
        }


def show_halt(directory: Path) -> HaltReport:
    """Return the halt in which a ledger stands; raises InputError for what is no ledger."""
    log.survey(directory)
    return HaltReport(log.read_halt(directory))


def resume(request: ResumeRequest) -> ResumeReport:
    """End a ledger's halt with a packet signed by the root threshold.

    Raises InputError for keys or a ledger that cannot be read, UsageError when nothing is halted;
    halts when the log itself cannot be re-derived. A refusal by the gate changes nothing.
    """
    if not request.keys:
        raise UsageError("nobody to sign", way_out="give --key, once for each root key")
    passphrase = passphrase_of(request.passphrase_file)
    keys = [keystore.read_private(path, passphrase) for path in request.keys]
    verifier = providers.verifier(request.provider)
    opened = open_ledger(request.directory, verifier)
    with opened.writer as writer:
        if opened.halted is None:
            raise UsageError(
                "the ledger is not halted", place=str(request.directory), way_out="go on with it"
            )
        halted = opened.halted.digest()
        data = _signed(opened.world, halted, keys)
        admitted = gate.verify(data, opened.world, verifier, halted=halted)
        if isinstance(admitted, gate.Refusal):
            made, at = packet.decode(data).id, opened.world
            return ResumeReport(halted, made, at.seq, at.root, admitted.name)
        world, _ = apply(MACHINES, REACTIONS, opened.world, admitted)
        writer.append(data, world.root)
        log.clear_halt(request.directory)
    return ResumeReport(halted, admitted.packet, world.seq, world.root, None)


def name_of(code: str) -> str:
    """Return the name of a halt's code, or ``UNKNOWN``."""
    names = {one.value: one.name for one in Code}
    return names.get(code, "UNKNOWN")


def _signed(world: World, halted: Digest, keys: list[PrivateKey]) -> bytes:
    """Return the envelope of the next packet, a Resume, signed and cosigned."""
    now_us = time.time_ns() // 1_000
    latest = world.time_us + gate.MAX_STEP_US  # a tick carries the ledger the rest of the way
    body = packet.draft(
        ledger=world.ledger,
        seq=world.seq + 1,
        time_us=max(world.time_us, now_us if world.seq == 0 else min(now_us, latest)),
        seed=secrets.token_bytes(SEED_BYTES),
        previous=world.head,
        key=keys[0].public.id,
        action=Resume(halted),
    ).to_bytes()
    message = packet.signing_message(body)
    first, *others = [(key.public.id, key.signer().sign(message, packet.CONTEXT)) for key in keys]
    cosignatures = tuple([packet.Cosignature(*one) for one in others])
    return packet.encode(body, first[1], cosignatures)
