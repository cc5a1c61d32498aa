"""Proofs that travel: one entry's place in a trail, with the signed checkpoint that it leads to.

- ``c2sp.org/tlog-proof@v1``, ``extra <base64 of the entry>``, ``index <n>``, the path in base64 a
  line, an empty line, the note. The entry travels as extra data: the path proves it.
- Source: c2sp.org/tlog-proof.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass

from qfs.canon import DIGEST_BYTES, Digest
from qfs.crypto import leaf_hash, verify_inclusion
from qfs.errors import RecordError
from qfs.trail.note import Note

MAX_PROOF_BYTES = 256 * 1024  # 262_144: an entry of 64 kB in base64, and a note
_HEADER = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class TrailProof:
    """That an entry is the index-th of the trail that a checkpoint names."""

    entry: bytes
    index: int
    path: tuple[Digest, ...]
    note: Note

    def check(self) -> None:
        """Raise ProofError unless the entry's bytes lead to the checkpoint's root.

        Who signed the checkpoint is another question, and must be asked too.
        """
        point = self.note.checkpoint
        verify_inclusion(leaf_hash(self.entry), self.index, point.size, self.path, point.root)

    def to_text(self) -> str:
        """Return the proof."""
        path = [_base64(digest) for digest in self.path]
        head = [_HEADER, f"extra {_base64(self.entry)}", f"index {self.index}", *path]
        return "\n".join([*head, "", self.note.to_text()])

    @classmethod
    def from_text(cls, text: str) -> "TrailProof":
        """Return the proof of a text; raises RecordError for any that to_text cannot have made."""
        if len(text) > MAX_PROOF_BYTES:
            raise RecordError(f"a proof of {len(text)} characters", place="proof")
        head, _, note = text.partition("\n\n")
        header, extra, index, *path = [*head.split("\n"), "", ""]
        place = _INDEX.fullmatch(index)
        if header != _HEADER or not extra.startswith(_EXTRA) or place is None:
            raise RecordError(f"{_HEADER}, an entry and an index, a line each", place="proof")
        proof = cls(
            _bytes(extra.removeprefix(_EXTRA)),
            int(place[1]),
            tuple([_digest(line) for line in path[:-2]]),
            Note.from_text(note),
        )
        if proof.to_text() != text:
            raise RecordError("not in its one form", place="proof")
        return proof


def _digest(line: str) -> Digest:
    data = _bytes(line)
    if len(data) != DIGEST_BYTES:
        raise RecordError(f"a digest of {len(data)} bytes", place="proof")
    return Digest(data)


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise RecordError("not base64", place="proof") from None


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
