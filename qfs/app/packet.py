"""`qfs packet sign|verify|show`: DRV packets from and to files and pipes.

- ``sign`` takes a body's canonical bytes, or a draft in JSON (``drafts.py``); it gives an envelope.
- ``verify`` checks an envelope's signature with a public key and nothing else: whether a ledger
  would admit it is the ledger's business.
- ``show`` verifies nothing.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfs.app.drafts import read_draft, shown
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS
from qfs.app.keys import passphrase_of
from qfs.canon import decode as decode_value
from qfs.errors import CanonError, InputError, ProofError
from qfs.packet import (
    BATCH_CONTEXT,
    CONTEXT,
    MAX_BODY_BYTES,
    MAX_ENVELOPE_BYTES,
    Signed,
    action_of,
    decode,
    decode_body,
    encode,
    signing_message,
)
from qfs.packet.kinds import name_of
from qfs.shell import keystore, providers
from qfs.shell.files import PIPE, read_limited, write_new

PROVIDERS = (*providers.VERIFIERS, providers.PARANOID)
"""Names of verifiers, the default first."""
_BODY_START = b"\x89"  # a canonical array of nine; no JSON text starts so
MAX_DRAFT_BYTES = 4 * MAX_BODY_BYTES  # 33_554_432: hexadecimal and quotes


@dataclass(frozen=True, slots=True)
class SignRequest:
    """A body or draft to sign."""

    source: Path
    """``-`` for standard input."""
    key: Path
    passphrase_file: Path | None = None
    output: Path = PIPE
    """``-`` for standard output."""
    deterministic: bool = False


@dataclass(frozen=True, slots=True)
class PacketReport:
    """A packet's fields, and what was found out about its signature."""

    signed: Signed
    verified: bool | None = None
    """None where nothing was verified."""
    provider: str = ""

    @property
    def exit_code(self) -> int:
        """1 for a signature that is not good."""
        return EXIT_FINDINGS if self.verified is False else EXIT_CLEAN

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        packet = self.signed.packet
        return {
            "schema": "qfs.packet/1",
            "id": self.signed.id.hex(),
            "ledger": packet.ledger.hex(),
            "seq": packet.seq,
            "time_us": packet.time_us,
            "seed": packet.seed.hex(),
            "previous": packet.previous.hex(),
            "key": packet.key.hex(),
            "kind": name_of(packet.kind),
            "payload": _payload(packet.kind, packet.payload),
            "body_bytes": len(self.signed.body),
            "signature_bytes": len(self.signed.signature),
            "batch": None if self.signed.place is None else self.signed.place.value()[:2],
            "cosigners": [one.key.hex() for one in self.signed.cosignatures],
            "verified": self.verified,
            "provider": self.provider,
        }


def sign(request: SignRequest) -> Signed:
    """Sign a body or draft and write the envelope.

    Raises InputError for a source, key or output that will not do, ProviderFault.
    """
    key = keystore.read_private(request.key, passphrase_of(request.passphrase_file))
    data = read_limited(request.source, MAX_DRAFT_BYTES)
    place = str(request.source)
    if data[:1] == _BODY_START:
        try:
            packet = decode_body(data)
        except CanonError as error:
            raise InputError(f"no packet body: {error}", place=place) from None
        if packet.key != key.public.id:
            raise InputError(
                f"the body is for the key {packet.key.hex()}",
                place=place,
                way_out=f"sign with that key, not {request.key}",
            )
        body = data
    else:
        body = read_draft(data, place, key.public.id).to_bytes()
    signer = key.signer(deterministic=request.deterministic)
    envelope = encode(body, signer.sign(signing_message(body), CONTEXT))
    write_new(request.output, envelope)
    return decode(envelope)


def verify(source: Path, public_key: Path, provider: str = providers.DEFAULT) -> PacketReport:
    """Say whether an envelope's signature is the key's; raises InputError, ProviderFault."""
    key = keystore.read_public(public_key)
    signed = read_packet(source)
    if signed.packet.key != key.id:
        raise InputError(
            f"the packet names the key {signed.packet.key.hex()}",
            place=str(source),
            way_out=f"give that key; {public_key} is {key.id.hex()}",
        )
    verifier = providers.verifier(provider)
    message, context = signing_message(signed.body), CONTEXT
    if signed.place is not None:
        try:
            message, context = signed.place.message(signed.id), BATCH_CONTEXT
        except ProofError:
            return PacketReport(signed, verified=False, provider=verifier.name)
    good = verifier.verify(key.profile, key.raw, message, signed.signature, context)
    return PacketReport(signed, good, verifier.name)


def show(source: Path) -> PacketReport:
    """Return a packet's fields, nothing verified; raises InputError."""
    return PacketReport(read_packet(source))


def read_packet(source: Path) -> Signed:
    """Return the packet of an envelope's file or pipe; raises InputError naming the byte."""
    data = read_limited(source, MAX_ENVELOPE_BYTES)
    try:
        return decode(data)
    except CanonError as error:
        raise InputError(
            f"no packet: {error}", place=str(source), way_out="give an envelope of qfs packet sign"
        ) from None


def _payload(kind: int, payload: bytes) -> Any:
    """Return the payload as JSON, or null where it is none of its kind."""
    try:
        action_of(kind, payload)
    except CanonError:
        return None
    return shown(decode_value(payload))
