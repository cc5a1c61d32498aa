"""Signed notes: a checkpoint's text and the lines of those who sign it.

- ``— <name> base64(key id (4) || signature)``, after an empty line; at most 16 lines.
- Three types of key: Ed25519 (0x01, over the text), ML-DSA-44 cosignatures (0x06, over the binary
  message of tlog-cosignature, with a time), ML-DSA-87 (0xff and a long identifier, private to QFS:
  over the text, under the context ``QFS/TRAIL/v1``).
- A key id only says which key to try; what is trusted is the key.
- Sources: c2sp.org/signed-note, c2sp.org/tlog-cosignature.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from qfs.errors import RecordError
from qfs.trail.checkpoint import MAX_CHECKPOINT_BYTES, Checkpoint

CONTEXT = b"QFS/TRAIL/v1"
"""FIPS 204 context of ML-DSA-87 lines; ML-DSA-44 lines have none, as their specification says."""
MAX_LINES = 16
TIMESTAMP_BYTES = 8
KEY_ID_BYTES = 4
_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class NoteType(Enum):
    """What stands before a public key where its key id is computed."""

    ED25519 = b"\x01"
    ML_DSA_44 = b"\x06"
    ML_DSA_87 = b"\xffqfs/ml-dsa-87/v1"


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key that may sign notes."""

    kind: NoteType
    raw: bytes

    def id(self, name: str) -> bytes:
        """Return the 4 bytes by which a line names the key."""
        return sha256(name.encode("utf-8") + b"\n" + self.kind.value + self.raw).digest()[:4]


@dataclass(frozen=True, slots=True)
class Line:
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes
    """For ML-DSA-44: 8 bytes of time in seconds, big-endian, then the signature."""


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint and its lines; nothing is verified."""

    checkpoint: Checkpoint
    lines: tuple[Line, ...]

    def to_text(self) -> str:
        """Return the note."""
        lines = [
            f"\u2014 {line.name} {b64encode(line.key_id + line.signature).decode('ascii')}\n"
            for line in self.lines
        ]
        return self.checkpoint.to_text() + "\n" + "".join(lines)

    @classmethod
    def from_text(cls, text: str) -> "Note":
        """Return the note of a text; raises RecordError for any that to_text cannot have made."""
        if len(text) > MAX_CHECKPOINT_BYTES:
            raise RecordError(f"a note of {len(text)} characters", place="note")
        body, separator, rest = text.partition("\n\n")
        lines = rest.split("\n")
        if not separator or lines[-1] or not 2 <= len(lines) <= MAX_LINES + 1:
            raise RecordError(f"1 to {MAX_LINES} signature lines, each with its end", place="note")
        note = cls(Checkpoint.from_text(body + "\n"), tuple([_line(line) for line in lines[:-1]]))
        if note.to_text() != text:
            raise RecordError("not in its one form", place="note")
        return note


def cosigned_message(name: str, point: Checkpoint, timestamp_s: int) -> bytes:
    """Return what an ML-DSA-44 cosigner signs: tlog-cosignature's ``cosigned_message``."""
    return b"".join(
        [
            b"subtree/v1\n\x00",
            _opaque(name),
            timestamp_s.to_bytes(TIMESTAMP_BYTES, "big"),
            _opaque(point.origin),
            (0).to_bytes(8, "big"),
            point.size.to_bytes(8, "big"),
            point.root,
        ]
    )


def _opaque(text: str) -> bytes:
    data = text.encode("utf-8")
    if not 1 <= len(data) <= 255:
        raise RecordError(f"a name of {len(data)} bytes", place="note")
    return bytes((len(data),)) + data


def _line(text: str) -> Line:
    found = _LINE.fullmatch(text)
    if found is None:
        raise RecordError("a signature line is: em dash, name, base64", place="note")
    try:
        data = b64decode(found[2], validate=True)
    except (Base64Error, ValueError):
        raise RecordError("not base64", place="note") from None
    if len(data) <= KEY_ID_BYTES:
        raise RecordError("no signature behind the key id", place="note")
    return Line(found[1], data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])
