"""`qfs ledger certify`: show a ledger the certificate of the program that it requires from now on.

- One key signs the certificate and the packet: who certifies answers for both.
- The genesis says whose keys may; the machine ``program`` refuses all others.
- It works under any program: a new one is certified by running it.
"""

from dataclasses import dataclass
from pathlib import Path

from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS
from qfs.app.inbound import Door, Received, opened_for_writing, received_of
from qfs.app.keys import passphrase_of
from qfs.app.noting import signed_packet
from qfs.app.program import ProgramReport, compared, read_certificate
from qfs.app.snapshots import Finder
from qfs.canon import Digest
from qfs.errors import UsageError
from qfs.kernel import Order
from qfs.machines.trust.program import COMMANDS, MACHINE, Certify
from qfs.shell import keystore, providers


@dataclass(frozen=True, slots=True)
class CertifyRequest:
    """Which ledger shall require which program, and who says so."""

    directory: Path
    certificate: Path
    """As `qfs certify --output` writes it."""
    key: Path
    """Private key that signed the certificate and signs the packet."""
    passphrase_file: Path | None = None
    provider: str = providers.DEFAULT


@dataclass(frozen=True, slots=True)
class CertifyReport:
    """What the ledger answered, and what it requires now."""

    received: Received
    program: ProgramReport
    seq: int
    state_root: Digest

    @property
    def refusal(self) -> str:
        """Why the ledger said no; empty for a yes."""
        return self.received.refusal or "".join(self.received.answers)

    @property
    def exit_code(self) -> int:
        """1 when the gate or the machine refused."""
        return EXIT_FINDINGS if self.refusal else EXIT_CLEAN

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.certify/1",
            "refusal": self.refusal or None,
            "program": self.program.document(),
            "seq": self.seq,
            "state_root": self.state_root.hex(),
        }


def recertify(request: CertifyRequest) -> CertifyReport:
    """Show a ledger another certificate of a program.

    Raises InputError for files that are not what they claim, ProofError for a certificate that the
    key did not sign, UsageError for a ledger that requires none; halts as opening it does.
    """
    key = keystore.read_private(request.key, passphrase_of(request.passphrase_file))
    certificate = read_certificate(request.certificate, key.public)
    verifier = providers.verifier(request.provider)
    finder = Finder(request.directory)
    opened = opened_for_writing(request.directory, verifier, finder, certified=False)
    with opened.writer:
        before = compared(opened.world)
        if before is None:
            raise UsageError(
                "its genesis requires no certificate",
                place=str(request.directory),
                way_out="begin a ledger with `qfs ledger init --require-certificate FILE`",
            )
        door = Door(request.directory, opened, verifier, strict=False)
        order = Order(MACHINE.name, COMMANDS.pack(Certify(certificate)))
        answer = door.take(signed_packet(door.world, key, [order]))
        received = received_of(str(request.certificate), answer)
        program = compared(door.world) or before
    return CertifyReport(received, program, door.world.seq, door.world.root)
