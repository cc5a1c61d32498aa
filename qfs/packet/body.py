"""The body of a DRV packet: what is signed, chained and applied.

- ``[1, ledger id, seq, time_us, seed, previous packet id, key id, kind, payload]``, canonical.
- The payload is a byte string: canonical bytes of its own, which nobody reads before the signature
  has been verified. It has the whole nesting depth to itself.
- Bodies have at most 8 MiB. Sequence numbers start at 1; packet 0 is genesis and has no body.
- Time is what the signer wrote, never a reader's clock.
"""

from dataclasses import dataclass
from hashlib import sha256
from struct import Struct

from qfs.canon import DIGEST_BYTES, Digest, Value, encode
from qfs.canon import decode as decode_value
from qfs.crypto import KEY_ID_BYTES, KeyId
from qfs.errors import RecordError
from qfs.kernel.admitted import Action
from qfs.packet.kinds import payload_of

VERSION = 1
CONTEXT = b"QFS/DRV/v1"
"""Domain separation of every packet signature (FIPS 204 §5.2 ctx)."""
MAX_BODY_BYTES = 8 * 1024 * 1024  # 8_388_608
MAX_NUMBER = 2**63 - 1  # 9_223_372_036_854_775_807
"""Bound of seq and time_us: both fit a signed 64-bit integer in any language."""
SEED_BYTES = 32
_FIELDS = 9


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet's body; immutable, every field within its bounds."""

    ledger: Digest
    """Digest of the genesis record: a packet belongs to one ledger."""
    seq: int
    """1 .. MAX_NUMBER, one more than the previous packet's."""
    time_us: int
    """Microseconds since 1970-01-01T00:00Z, 0 .. MAX_NUMBER."""
    seed: bytes
    """32 bytes from the signer: all the chance that the packet's commands get."""
    previous: Digest
    """Identity of the packet before this one; the ledger id for packet 1."""
    key: KeyId
    """The key that signs."""
    kind: int
    """A number from KINDS; others decode, and are refused by the gate."""
    payload: bytes
    """Canonical bytes of the kind's own value."""

    def __post_init__(self) -> None:
        if not (  # all at once: a call for each is most of the time, and a gate makes one a packet
            type(self.ledger) is bytes
            and type(self.seq) is int
            and type(self.time_us) is int
            and type(self.seed) is bytes
            and type(self.previous) is bytes
            and type(self.key) is bytes
            and type(self.kind) is int
            and type(self.payload) is bytes
            and len(self.ledger) == len(self.previous) == DIGEST_BYTES
            and len(self.seed) == SEED_BYTES
            and len(self.key) == KEY_ID_BYTES
            and 1 <= self.seq <= MAX_NUMBER
            and 0 <= self.time_us <= MAX_NUMBER
            and 1 <= self.kind <= MAX_NUMBER
            and self.payload
        ):
            self._refuse()

    def _refuse(self) -> None:
        """Raise RecordError, naming the first field that is out of its bounds."""
        _bytes("ledger", self.ledger, DIGEST_BYTES)
        _number("seq", self.seq, 1)
        _number("time_us", self.time_us, 0)
        _bytes("seed", self.seed, SEED_BYTES)
        _bytes("previous", self.previous, DIGEST_BYTES)
        _bytes("key", self.key, KEY_ID_BYTES)
        _number("kind", self.kind, 1)
        if type(self.payload) is not bytes or not self.payload:
            raise RecordError("payload is a byte string of at least one byte", place="packet body")

    def to_bytes(self) -> bytes:
        """Return the canonical body; raises RecordError when it exceeds MAX_BODY_BYTES."""
        body = encode(
            [
                VERSION,
                self.ledger,
                self.seq,
                self.time_us,
                self.seed,
                self.previous,
                self.key,
                self.kind,
                self.payload,
            ]
        )
        _limit(body)
        return body


def packet_id(body: bytes) -> Digest:
    """Return the identity of a body: SHA-256 over its bytes."""
    return Digest(sha256(body).digest())


def signing_message(body: bytes) -> bytes:
    """Return the 32 bytes that are signed under CONTEXT: the packet's identity."""
    return packet_id(body)


def draft(
    *,
    ledger: Digest,
    seq: int,
    time_us: int,
    seed: bytes,
    previous: Digest,
    key: KeyId,
    action: Action,
) -> Packet:
    """Return the packet that carries an action, for its key to sign.

    Raises RecordError for a field out of its bounds or an action that its kind cannot carry.
    """
    kind, payload = payload_of(action)
    return Packet(ledger, seq, time_us, seed, previous, key, kind, payload)


def decode_body(body: bytes) -> Packet:
    """Return the packet whose canonical body this is.

    Raises CanonError (RecordError for a wrong shape) for any other bytes.
    """
    _limit(body)
    found = _laid_out(body)
    if found is not None:
        return found
    items = decode_value(body)
    if type(items) is not list or len(items) != _FIELDS:
        raise RecordError(f"a packet body is an array of {_FIELDS}", place="packet body")
    version = items[0]
    if type(version) is not int or version != VERSION:
        raise RecordError(
            f"packet version {_shown(version)}", place="packet body", way_out=f"send {VERSION}"
        )
    fields: list[Value] = items[1:]
    return Packet(*fields)  # type: ignore[arg-type]  # Packet checks each field's exact type


_START = b"\x89\x01\x58\x20"
"""An array of nine, version 1, a byte string of 32: how every body begins."""
_MIDDLE = Struct("2s32s2s32s2s32sB")
"""Seed, previous packet and key, each behind its head, and a kind that is its own head."""
_BYTES_32 = b"\x58\x20"
BYTES = 0x40
"""What the head of a byte string adds to its length (RFC 8949 §3.1)."""
_SMALL = 23
"""The largest number that its head holds."""


def _laid_out(body: bytes) -> Packet | None:
    """Return the packet of a body whose heads are where sound ones are; None for any other.

    A gate decodes every packet, and this takes half the time; the rest is left to `decode_value`.
    """
    size = len(body)
    if body[:4] != _START:
        return None
    seq, at = shortest(body, 36, 0)
    time_us, at = shortest(body, at, 0)
    behind = at + _MIDDLE.size
    if seq < 0 or time_us < 0 or behind >= size:
        return None
    head, seed, second, previous, third, key, kind = _MIDDLE.unpack_from(body, at)
    length, start = shortest(body, behind, BYTES)
    if (
        length < 1
        or length != size - start
        or not head == second == third == _BYTES_32
        or kind > _SMALL
    ):
        return None
    return Packet(Digest(body[4:36]), seq, time_us, seed, previous, key, kind, body[start:])


def shortest(body: bytes, at: int, major: int) -> tuple[int, int]:
    """Return the number of the shortest head at a place, and where it ends; -1 for other bytes."""
    low = body[at] - major if at < len(body) else BYTES
    if 0 <= low <= _SMALL:
        return low, at + 1
    if not 24 <= low <= 27:
        return -1, at
    size = 1 << (low - 24)
    end = at + 1 + size
    number = int.from_bytes(body[at + 1 : end], "big")
    if end > len(body) or number < (24 if size == 1 else 1 << (4 * size)):
        return -1, at
    return number, end


def _limit(body: bytes) -> None:
    if len(body) > MAX_BODY_BYTES:
        raise RecordError(
            f"a packet body of {len(body)} bytes",
            way_out=f"split it: a body has at most {MAX_BODY_BYTES} bytes",
        )


def _bytes(name: str, value: object, size: int) -> None:
    if type(value) is not bytes or len(value) != size:
        raise RecordError(f"{name} is {size} bytes, not {_shown(value)}", place="packet body")


def _number(name: str, value: object, low: int) -> None:
    if type(value) is not int or not low <= value <= MAX_NUMBER:
        raise RecordError(
            f"{name} is an integer {low} .. {MAX_NUMBER}, not {_shown(value)}", place="packet body"
        )


def _shown(value: object) -> str:
    """Return a value in a few words: a hostile packet must not fill a terminal."""
    if type(value) is int:
        return (
            str(value) if value.bit_length() <= 64 else f"an integer of {value.bit_length()} bits"
        )
    if type(value) is bytes:
        return f"{len(value)} bytes"
    return type(value).__name__
