"""The envelope: a body's bytes, its signature, and what others signed beside it.

- Plain: ``[1, body, signature]``.
- Cosigned: ``[2, body, signature, [[key id, signature], ...]]``, in the order of the key ids, none
  twice: how a threshold of root keys signs one packet (a Resume). All sign the same 32 bytes.
- Batched: ``[3, body, signature, [index, size, [digest, ...]]]``: the signature is its batch's, and
  the rest is the way from this packet to the root that was signed (``batch.py``).
- An envelope's bytes have no identity of their own: only bodies are chained.
- The reader takes nothing that the writer cannot have made, and stops before a byte too many.
"""

from dataclasses import dataclass

from qfs.canon import Digest, Value
from qfs.canon import decode as decode_value
from qfs.canon import encode as encode_value
from qfs.crypto import KEY_ID_BYTES, KeyId
from qfs.errors import RecordError
from qfs.packet.batch import BatchPlace
from qfs.packet.body import BYTES, MAX_BODY_BYTES, Packet, decode_body, packet_id, shortest

PLAIN = 1
COSIGNED = 2
BATCHED = 3
MAX_SIGNATURE_BYTES = 8192  # above ML-DSA-87's 4,627; the gate knows the exact length from the key
MAX_COSIGNATURES = 16
MAX_ENVELOPE_BYTES = MAX_BODY_BYTES + (MAX_COSIGNATURES + 2) * (
    MAX_SIGNATURE_BYTES + 64
)  # 8_537_216


@dataclass(frozen=True, slots=True)
class Cosignature:
    """Another key's signature over the same packet."""

    key: KeyId
    signature: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A packet as it arrived: decoded, with the bytes that its signature covers."""

    packet: Packet
    body: bytes
    """The very bytes that were hashed and signed."""
    signature: bytes
    """1 .. MAX_SIGNATURE_BYTES bytes; not verified."""
    cosignatures: tuple[Cosignature, ...] = ()
    """In ascending order of their key ids."""
    place: BatchPlace | None = None
    """Its place in a batch; None when the signature is its own."""

    @property
    def id(self) -> Digest:
        """The packet's identity: SHA-256 over the body."""
        return packet_id(self.body)


def encode(body: bytes, signature: bytes, cosignatures: tuple[Cosignature, ...] = ()) -> bytes:
    """Return the envelope's canonical bytes; cosignatures may come in any order.

    Raises RecordError for what `decode` would refuse.
    """
    envelope: list[Value] = [PLAIN, body, signature]
    if cosignatures:
        ordered = sorted(cosignatures, key=lambda each: each.key)
        envelope = [COSIGNED, body, signature, [[each.key, each.signature] for each in ordered]]
    data = encode_value(envelope)
    decode(data)
    return data


def encode_batched(body: bytes, signature: bytes, place: BatchPlace) -> bytes:
    """Return the canonical bytes of the envelope of one packet of a batch.

    Raises RecordError for what `decode` would refuse.
    """
    data = encode_value([BATCHED, body, signature, place.value()])
    decode(data)
    return data


def decode(data: bytes) -> Signed:
    """Return the signed packet whose envelope these bytes are; verifies no signature.

    Raises CanonError (RecordError for a wrong shape) for any other bytes.
    """
    if len(data) > MAX_ENVELOPE_BYTES:
        raise RecordError(
            f"an envelope of {len(data)} bytes",
            way_out=f"an envelope has at most {MAX_ENVELOPE_BYTES} bytes",
        )
    plain = _laid_out(data)
    if plain is not None:
        return plain
    items = decode_value(data)
    if type(items) is not list or not items or type(items[0]) is not int:
        raise RecordError("an envelope is an array that starts with its version", place="envelope")
    sizes = {PLAIN: 3, COSIGNED: 4, BATCHED: 4}
    if len(items) != sizes.get(items[0]):
        raise RecordError("an envelope of unknown version or length", place="envelope")
    body, signature = items[1], items[2]
    if type(body) is not bytes:
        raise RecordError("the body is a byte string", place="envelope")
    cosignatures = _cosignatures(items[3]) if items[0] == COSIGNED else ()
    place = BatchPlace.of_value(items[3]) if items[0] == BATCHED else None
    return Signed(decode_body(body), body, _signature(signature), cosignatures, place)


_START = b"\x83\x01"
"""An array of three, version 1: how every plain envelope begins."""


def _laid_out(data: bytes) -> Signed | None:
    """Return what a plain envelope holds whose heads are where sound ones are; None for any other.

    A gate decodes every envelope, and this takes half the time; the rest is left to `decode_value`.
    """
    if data[:2] != _START:
        return None
    length, start = shortest(data, 2, BYTES)
    end = start + length
    size, at = shortest(data, end, BYTES)
    if length < 0 or not 1 <= size <= MAX_SIGNATURE_BYTES or at + size != len(data):
        return None
    body = data[start:end]
    return Signed(decode_body(body), body, data[at:])


def _signature(value: Value) -> bytes:
    if type(value) is not bytes or not 1 <= len(value) <= MAX_SIGNATURE_BYTES:
        raise RecordError(
            f"a signature is a byte string of 1 to {MAX_SIGNATURE_BYTES} bytes", place="envelope"
        )
    return value


def _cosignatures(value: Value) -> tuple[Cosignature, ...]:
    if type(value) is not list or not 1 <= len(value) <= MAX_COSIGNATURES:
        raise RecordError(f"1 to {MAX_COSIGNATURES} cosignatures in an array", place="envelope")
    found: list[Cosignature] = []
    before = b""
    for item in value:
        if type(item) is not list or len(item) != 2:
            raise RecordError("a cosignature is [key id, signature]", place="envelope")
        key = item[0]
        if type(key) is not bytes or len(key) != KEY_ID_BYTES or key <= before:
            raise RecordError("key ids of cosignatures ascend, 32 bytes each", place="envelope")
        before = key
        found.append(Cosignature(KeyId(key), _signature(item[1])))
    return tuple(found)
