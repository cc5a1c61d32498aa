"""Checkpoints: the text that says how large a trail is and what its root is.

- Three lines: origin, size in decimal, root in base64; signatures follow an empty line and are not
  read here. The origin is ``qfs/trail/<ledger id in hexadecimal>``.
- The reader takes no leading zeros, signs, spaces or other base64.
- Source: c2sp.org/tlog-checkpoint, RFC 4648 §4.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass

from qfs.canon import DIGEST_BYTES, Digest
from qfs.errors import RecordError

MAX_CHECKPOINT_BYTES = 64 * 1024
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


def origin_of(ledger: Digest) -> str:
    """Return a trail's name: it says which ledger, and no other log has it."""
    return f"qfs/trail/{ledger.hex()}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How large a trail is, and its root."""

    origin: str
    size: int
    root: Digest

    def to_text(self) -> str:
        """Return the body: three lines, each with its end."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"

    @classmethod
    def from_text(cls, text: str) -> "Checkpoint":
        """Return the checkpoint of a body, with or without signatures behind an empty line.

        Raises RecordError. Extension lines are refused: QFS writes none.
        """
        lines = text.partition("\n\n")[0].removesuffix("\n").split("\n")
        if len(lines) != 3 or not lines[0]:
            raise RecordError("origin, size and root, a line each", place="checkpoint")
        origin, size, root = lines
        if not _SIZE.fullmatch(size):
            raise RecordError(f"a size of {size[:40]!r}", place="checkpoint line 2")
        try:
            digest = b64decode(root, validate=True)
        except (Base64Error, ValueError):
            raise RecordError("not base64", place="checkpoint line 3") from None
        if len(digest) != DIGEST_BYTES or b64encode(digest).decode("ascii") != root:
            raise RecordError("not the base64 of 32 bytes", place="checkpoint line 3")
        return cls(origin, int(size), Digest(digest))
