"""The program that a ledger's genesis requires, compared with the one that runs here.

- The digest is the one in a certificate of `qfs certify` (``audit.source_digest``): over the path
  and the content of every source file of the package ``qfs``, wherever it is installed.
- The standing certificate decides: packets that an older certified program wrote stay good.
- What runs here is no history: a program that is not the certified one is an error (QFS-PROGRAM),
  never a refusal or a halt that other replicas would see.
- `qfs ledger certify` and `qfs halt resume` work all the same: they are the way out.
"""

from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from qfs.canon import DIGEST_BYTES, Digest
from qfs.crypto import KeyId
from qfs.errors import InputError, UncertifiedProgram
from qfs.kernel import Genesis, Order, World
from qfs.keys import Standing, standing
from qfs.keys import State as KeysState
from qfs.machines.trust.program import COMMANDS, MACHINE, Certificate, Require, State

if TYPE_CHECKING:
    from qfs.shell.keystore import PublicKey


class Objection(Enum):
    """Why the running program is not one that a ledger's certificate speaks for."""

    NO_CERTIFICATE = "the genesis requires a certificate and names none"
    OTHER_PROGRAM = "another program is certified"
    SIGNER_UNKNOWN = "the ledger has no such key as the one that signed the certificate"
    SIGNER_REVOKED = "the key that signed the certificate is revoked"


@dataclass(frozen=True, slots=True)
class ProgramReport:
    """What a ledger requires, what runs here, and whether the one is the other."""

    certified: str
    """Digest of the certified program, in hexadecimal; empty if there is none."""
    running: str
    certificate: str
    """SHA-256 of the signed certificate, in hexadecimal; empty if there is none."""
    signer: str
    objection: Objection | None

    def document(self) -> dict[str, object]:
        """Return the part of a JSON document."""
        return {
            "certified": self.certified,
            "running": self.running,
            "certificate": self.certificate,
            "signer": self.signer,
            "objection": None if self.objection is None else self.objection.name,
        }


def running() -> Digest:
    """Return the digest of the installed package ``qfs``.

    Raises InputError for a source file that cannot be read.
    """
    from qfs.shell.sources import read_sources, source_digest  # noqa: PLC0415 (few ledgers ask)

    package = Path(str(files("qfs")))
    sources, problems = read_sources((package,), package.parent)
    if problems:
        raise InputError(problems[0].message, place=problems[0].path, way_out="reinstall qfs")
    return Digest(bytes.fromhex(source_digest(sources)))


def compared(world: World) -> ProgramReport | None:
    """Compare the program that runs here with what a world requires; None if it requires none."""
    state = world.states.get(MACHINE.name)
    if not isinstance(state, State):
        return None
    here = running()
    found = state.certificate
    if found is None:
        return ProgramReport("", here.hex(), "", "", Objection.NO_CERTIFICATE)
    return ProgramReport(
        found.program.hex(),
        here.hex(),
        found.document.hex(),
        found.signer.hex(),
        _objection(world, found, here),
    )


def refuse_uncertified(world: World) -> None:
    """Raise UncertifiedProgram if a world requires another program than the one that runs here."""
    report = compared(world)
    if report is None or report.objection is None:
        return
    raise UncertifiedProgram(
        f"{report.objection.name}: {report.objection.value}; certified "
        f"{report.certified or 'nothing'}, running {report.running}",
        place="this program",
        way_out="run the certified program, or certify this one: qfs certify, qfs ledger certify",
    )


def read_certificate(path: Path, key: "PublicKey") -> Certificate:
    """Return what a certificate says of a program, signed by a key.

    Raises ProofError if the key did not sign it, InputError if it is no certificate.
    """
    from qfs.app.signed_statements import CERTIFICATE, read_signed  # noqa: PLC0415 (as above)

    envelope, statement = read_signed(path, key)
    audited = statement.predicate.get("audit")
    text = audited.get("source_digest") if isinstance(audited, dict) else None
    program = _digest(text) if statement.predicate_type == CERTIFICATE else b""
    if len(program) != DIGEST_BYTES:
        raise InputError(
            f"a statement of type {statement.predicate_type!r}, no certificate of a program",
            place=str(path),
            way_out="make one with `qfs certify`",
        )
    return Certificate(Digest(program), Digest(sha256(envelope).digest()), key.id)


def requiring(genesis: Genesis, certificate: Certificate, certifiers: list[KeyId]) -> Genesis:
    """Return the genesis, requiring a certificate that the certifiers may replace."""
    order = Order(MACHINE.name, COMMANDS.pack(Require(certificate, tuple(sorted(certifiers)))))
    machines = tuple(sorted([*genesis.machines, (MACHINE.name, MACHINE.version)]))
    return replace(genesis, machines=machines, orders=(*genesis.orders, order))


def _objection(world: World, found: Certificate, here: Digest) -> Objection | None:
    keys = world.states.get("keys")
    record = keys.keys.get(found.signer) if isinstance(keys, KeysState) else None
    if record is None:
        return Objection.SIGNER_UNKNOWN
    if standing(record, world.seq + 1) is Standing.REVOKED:
        return Objection.SIGNER_REVOKED
    return None if found.program == here else Objection.OTHER_PROGRAM


def _digest(text: object) -> bytes:
    try:
        return bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return b""
