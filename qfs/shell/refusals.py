"""The operational trail: packets from outside that the gate refused, counted beside the log.

- ``refused.jsonl``: a line of JSON a packet: its number, time here, size, SHA-256, the refusal and
  its sub-code, and the SHA-256 of the line before. Any reader of JSON Lines opens it.
- It is this computer's alone: no replica has the same, nothing is derived from it, and it is not
  synced, so that a stranger cannot make the disk wait. A crash may cost the last lines.
- Bounded: above 64 MiB the file moves to ``refused.old.jsonl``, over the one before.
- Only the ledger's writer appends: the log's lock is held.
"""

import json
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from qfs.errors import InputError

NAME = "refused.jsonl"
OLD_NAME = "refused.old.jsonl"
MAX_FILE_BYTES = 64 * 1024 * 1024  # 67_108_864
_LINE_BYTES = 1024
"""Above the longest line: names of refusals are short, numbers and digests bounded."""
_START = "0" * 64
_FIELDS: dict[str, type] = {
    **dict.fromkeys(("previous", "refusal", "sha256", "subcode", "time"), str),
    **dict.fromkeys(("bytes", "index"), int),
}


@dataclass(frozen=True, slots=True)
class RefusedPacket:
    """One line."""

    index: int
    """From 0 on, over all files."""
    time: str
    """UTC, RFC 3339."""
    bytes: int
    sha256: str
    """Of the bytes that came."""
    refusal: str
    subcode: str


def append(directory: Path, data: bytes, refusal: str, subcode: str) -> None:
    """Add a refused packet's line.

    Raises OSError when the disk does not take it, InputError when the last line is none of ours.
    """
    path = directory / NAME
    if path.is_file() and path.stat().st_size > MAX_FILE_BYTES:
        path.replace(directory / OLD_NAME)
    index, previous = _end(path) or _end(directory / OLD_NAME) or (0, _START)
    line = json.dumps(
        {
            "bytes": len(data),
            "index": index,
            "previous": previous,
            "refusal": refusal,
            "sha256": sha256(data).hexdigest(),
            "subcode": subcode,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        },
        sort_keys=True,
    )
    with path.open("ab") as file:
        file.write(line.encode("ascii") + b"\n")


def read(directory: Path) -> tuple[RefusedPacket, ...]:
    """Return every line that is kept, oldest first; none for a ledger that refused nothing.

    Raises InputError, naming file and line, for a line that does not follow the one before.
    """
    found: list[RefusedPacket] = []
    previous: str | None = None
    for name in (OLD_NAME, NAME):
        path = directory / name
        try:
            lines = path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", place=str(path)) from None
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                break  # a crash tore the last line; the next append takes it away
            packet, before = _parsed(line, f"{path}:{number}")
            expected = (0, _START) if not found else (found[-1].index + 1, previous)
            oldest_kept = not found and name == OLD_NAME
            if not oldest_kept and (packet.index, before) != expected:
                raise InputError("it does not follow the line before", place=f"{path}:{number}")
            found.append(packet)
            previous = sha256(line[:-1]).hexdigest()
    return tuple(found)


def _parsed(line: bytes, place: str) -> tuple[RefusedPacket, str]:
    try:
        fields = json.loads(line)
    except ValueError:
        fields = None
    known = isinstance(fields, dict) and sorted(fields) == sorted(_FIELDS)
    if not known or any(type(fields[name]) is not kind for name, kind in _FIELDS.items()):
        raise InputError("no line of refused packets", place=place)
    previous: str = fields.pop("previous")
    return RefusedPacket(**fields), previous


def _end(path: Path) -> tuple[int, str] | None:
    """Return the next line's index and previous; a torn last line is cut off. None without lines.

    Raises InputError when the last line is none of ours.
    """
    if not path.is_file():
        return None
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 2 * _LINE_BYTES))
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            file.truncate(size - len(tail) + whole)
    lines = tail[:whole].splitlines()
    if not lines:
        return None
    packet, _ = _parsed(lines[-1], str(path))
    return packet.index + 1, sha256(lines[-1]).hexdigest()
