"""Pruning: what a log keeps of the packets whose bodies it lets go, and how it lets them go.

- ``log/pruned`` holds the genesis record, and of each packet pruned its identity and the root after
  it: every proof that needs no body can still be made.
- The record is written first, then the segment in which the first kept frame stands is written
  anew from that frame on, then the segments before it are removed. A reader follows the record at
  each of these moments.
- Whoever reads a body that is gone is told so, by packet.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from qfs.canon import DIGEST_BYTES, ZERO_DIGEST, Digest, decode, encode
from qfs.errors import CanonError, InputError
from qfs.halt import Code, Halt
from qfs.shell.exports import put
from qfs.shell.log_disk import Folder, Source, sync_folder
from qfs.shell.log_frames import Frame, packed, seq_at

NAME = "pruned"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Pruned:
    """What is kept of the frames before the first whole one; the source of what is left of them."""

    first: int
    """The first frame that is kept whole."""
    chain: Digest
    """Hash chain before it."""
    segment: int
    offset: int
    """Where it began when the record was written."""
    resumed: Digest
    """The last halt that a pruned Resume has answered; zero when none has."""
    genesis: bytes
    ids: tuple[Digest, ...]
    """The ledger's identity, and that of each pruned packet."""
    roots: tuple[Digest, ...]

    def frames(self) -> list[Frame]:
        """Return what is left of each pruned frame; only genesis has a body."""
        _, chain = packed(self.genesis, self.roots[0], 0, 0, ZERO_DIGEST)
        size = len(self.genesis)
        whole = Frame(0, self.roots[0], 0, 0, size, ZERO_DIGEST, chain, self)
        return [whole] + [
            Frame(seq, root, seq, 0, 0, ZERO_DIGEST, ZERO_DIGEST, self)
            for seq, root in enumerate(self.roots)
            if seq
        ]

    def start(self, source: Source) -> int:
        """Return where the first kept frame stands, whether its segment is written anew or not."""
        seq = seq_at(source, self.segment, 0)
        return self.offset if seq is not None and seq < self.first else 0

    def segments(self) -> list[int]:
        """Return no segment: nothing of it is on the disk."""
        return []

    def size(self, _segment: int) -> int:
        """Return 0."""
        return 0

    def read(self, _segment: int, at: int, _length: int) -> bytes:
        """Return the genesis frame; raises InputError for a pruned packet."""
        if at:
            raise InputError(
                f"packet {at} was pruned; {self.first - 1} packets were",
                way_out="ask somebody who has the whole log (qfs ledger import follows it)",
            )
        return packed(self.genesis, self.roots[0], 0, 0, ZERO_DIGEST)[0]

    def to_bytes(self) -> bytes:
        """Return the record's bytes, its digest behind them."""
        data = encode(
            [
                *(_FORMAT, self.first, self.chain, self.segment, self.offset, self.resumed),
                *(self.genesis, b"".join(self.ids), b"".join(self.roots)),
            ]
        )
        return data + sha256(data).digest()


def read_pruned(folder: Path) -> Pruned | None:
    """Return a log's record of what was pruned, or None; halts when it is not what was written."""
    path = folder / NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=str(path)) from None
    body = data[:-DIGEST_BYTES]
    try:
        fields = decode(body) if sha256(body).digest() == data[-DIGEST_BYTES:] else None
    except CanonError:
        fields = None
    match fields:
        case [
            int(form),
            int(first),
            bytes(chain),
            int(segment),
            int(offset),
            bytes(resumed),
            bytes(genesis),
            bytes(ids),
            bytes(roots),
        ] if form == _FORMAT:
            pass
        case _:
            raise Halt(Code.LOG_CORRUPT, seq=0, what="the record of what was pruned")
    return Pruned(
        *(first, Digest(chain), segment, offset, Digest(resumed), genesis),
        _digests(ids),
        _digests(roots),
    )


def drop(disk: Folder, pruned: Pruned) -> None:
    """Let go of every frame before pruned.first; the disk is locked, and nobody writes to it."""
    put(disk.path / NAME, [pruned.to_bytes()])
    size = disk.size(pruned.segment)
    kept = disk.read(pruned.segment, pruned.offset, size - pruned.offset)
    put(disk.file(pruned.segment), [kept])
    for segment in disk.segments():
        if segment < pruned.segment:
            disk.file(segment).unlink()
    sync_folder(disk.path)


def _digests(data: bytes) -> tuple[Digest, ...]:
    return tuple([Digest(data[at : at + DIGEST_BYTES]) for at in range(0, len(data), DIGEST_BYTES)])
