"""`qfs packet sign|cosign|batch|verify|show`: DRV packets from and to files and pipes.

- ``sign`` takes a body's canonical bytes, or a draft in JSON (``drafts.py``); it gives an envelope.
- ``cosign`` adds another key's signature over the same packet, as the root threshold needs.
- ``batch`` signs the Merkle root of many packets once; each envelope travels alone.
- ``verify`` checks one key's signature on an envelope and nothing else: whether a ledger would
  admit it is the ledger's business.
- ``show`` verifies nothing.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qfs.app.drafts import read_draft, shown
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS
from qfs.app.keys import passphrase_of
from qfs.canon import decode as decode_value
from qfs.errors import CanonError, InputError, ProofError, UsageError
from qfs.packet import (
    BATCH_CONTEXT,
    CONTEXT,
    MAX_BATCH,
    MAX_BODY_BYTES,
    MAX_ENVELOPE_BYTES,
    Cosignature,
    Signed,
    action_of,
    decode,
    decode_body,
    encode,
    encode_batched,
    packet_id,
    signing_message,
)
from qfs.packet import batch as batch_of
from qfs.packet.kinds import name_of
from qfs.shell import keystore, providers
from qfs.shell.files import PIPE, read_limited, unwritten, write_new
from qfs.shell.keystore import PublicKey

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
class BatchRequest:
    """Bodies or drafts to sign at once, in their order."""

    sources: tuple[Path, ...]
    key: Path
    output: Path
    """A new folder: ``0001.drv`` and on."""
    passphrase_file: Path | None = None
    deterministic: bool = False
    chain: bool = False
    """Each draft follows the one before it: its seq and previous are set so."""


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
    body = _body(request.source, key.public)
    signer = key.signer(deterministic=request.deterministic)
    envelope = encode(body, signer.sign(signing_message(body), CONTEXT))
    write_new(request.output, envelope)
    return decode(envelope)


def cosign(request: SignRequest) -> Signed:
    """Write a packet's envelope with another key's signature added.

    Raises InputError for a source that is none, is one of a batch, or that the key has signed.
    """
    key = keystore.read_private(request.key, passphrase_of(request.passphrase_file))
    signed = read_packet(request.source)
    place = str(request.source)
    if signed.place is not None:
        raise InputError(
            "a packet of a batch has no cosigners", place=place, way_out="sign it alone"
        )
    if key.public.id in [signed.packet.key, *[one.key for one in signed.cosignatures]]:
        raise InputError(
            f"{key.public.id.hex()} has signed it", place=place, way_out="give another key"
        )
    signer = key.signer(deterministic=request.deterministic)
    made = Cosignature(key.public.id, signer.sign(signing_message(signed.body), CONTEXT))
    try:
        envelope = encode(signed.body, signed.signature, (*signed.cosignatures, made))
    except CanonError as error:
        raise InputError(error.what, place=place, way_out=error.way_out) from None
    write_new(request.output, envelope)
    return decode(envelope)


def batch(request: BatchRequest) -> tuple[Signed, ...]:
    """Sign many packets at once and write each one's envelope into a new folder.

    Raises InputError for a source, key or folder that will not do, ProviderFault.
    """
    if not 1 <= len(request.sources) <= MAX_BATCH:
        raise UsageError(f"a batch of {len(request.sources)}", way_out=f"1 to {MAX_BATCH} packets")
    key = keystore.read_private(request.key, passphrase_of(request.passphrase_file))
    bodies: list[bytes] = []
    for source in request.sources:
        body = _body(source, key.public)
        if bodies and request.chain:
            before = decode_body(bodies[-1])
            follows = replace(decode_body(body), seq=before.seq + 1, previous=packet_id(bodies[-1]))
            body = follows.to_bytes()
        bodies.append(body)
    message, places = batch_of(bodies)
    signature = key.signer(deterministic=request.deterministic).sign(message, BATCH_CONTEXT)
    envelopes = [
        encode_batched(body, signature, place) for body, place in zip(bodies, places, strict=True)
    ]
    try:
        request.output.mkdir()
    except OSError as error:
        raise unwritten(error, request.output, "no new folder", "new folder") from None
    for number, envelope in enumerate(envelopes, 1):
        write_new(request.output / f"{number:04}.drv", envelope)
    return tuple([decode(envelope) for envelope in envelopes])


def verify(source: Path, public_key: Path, provider: str = providers.DEFAULT) -> PacketReport:
    """Say whether a key's signature on an envelope is good; raises InputError, ProviderFault."""
    key = keystore.read_public(public_key)
    signed = read_packet(source)
    verifier = providers.verifier(provider)
    message, signature, context = signing_message(signed.body), signed.signature, CONTEXT
    if signed.packet.key != key.id:
        others = [one.signature for one in signed.cosignatures if one.key == key.id]
        if not others:
            raise InputError(
                f"the packet names the key {signed.packet.key.hex()}",
                place=str(source),
                way_out=f"give that key, or a cosigner's; {public_key} is {key.id.hex()}",
            )
        signature = others[0]
    elif signed.place is not None:
        try:
            message, context = signed.place.message(signed.id), BATCH_CONTEXT
        except ProofError:
            return PacketReport(signed, verified=False, provider=verifier.name)
    good = verifier.verify(key.profile, key.raw, message, signature, context)
    return PacketReport(signed, good, verifier.name)


def show(source: Path) -> PacketReport:
    """Return a packet's fields, nothing verified; raises InputError."""
    return PacketReport(read_packet(source))


def _body(source: Path, key: PublicKey) -> bytes:
    """Return the body that a source holds, or that its draft describes, for a key to sign."""
    data = read_limited(source, MAX_DRAFT_BYTES)
    place = str(source)
    if data[:1] != _BODY_START:
        return read_draft(data, place, key.id).to_bytes()
    try:
        packet = decode_body(data)
    except CanonError as error:
        raise InputError(f"no packet body: {error}", place=place) from None
    if packet.key != key.id:
        raise InputError(
            f"the body is for the key {packet.key.hex()}",
            place=place,
            way_out=f"sign with that key, not {key.id.hex()}",
        )
    return data


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
