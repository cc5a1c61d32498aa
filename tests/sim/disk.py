"""A disk of 512-byte sectors that loses, tears, reorders, misdirects, rots, fills up and fails.

- It keeps the port `qfs.shell.log_disk.Disk`; without a fault it does what the real one does (the
  contract in tests/shell/test_log_disk.py runs over both).
- What was written since the last sync is pending: a crash keeps any part of it, sector by sector,
  so that the order of writes means nothing until they are synced.
- A failed sync drops what was pending and reports it once, as Linux does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from errno import EIO, ENOSPC
from random import Random
from typing import NoReturn

SECTOR = 512


class Fault(Enum):
    """What can happen to one call."""

    CRASH = "the machine stops before the call, or in its middle"
    EIO = "the call fails; a part of a write may have happened"
    ENOSPC = "the disk is full"
    FSYNC = "a sync fails and drops what was pending"
    LOST = "a sector of a write never arrives, and nobody is told"
    MISDIRECTED = "a sector of a write arrives at another place"


class Crash(BaseException):
    """The machine stopped: no code of the process runs after this."""


@dataclass
class File:
    """One segment, as the process sees it and as the platters have it."""

    live: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes]] = field(default_factory=list)


class SimDisk:
    """Segments in memory; ``plan`` says what happens to the n-th call that changes something."""

    def __init__(self, chance: Random, plan: Callable[[int], Fault | None]) -> None:
        self.chance = chance
        self.plan = plan
        self.calls = 0
        self.files: dict[int, File] = {}
        self.current = 0
        self.happened: list[Fault] = []

    # The port.

    def segments(self) -> list[int]:
        return sorted(self.files)

    def size(self, segment: int) -> int:
        return len(self._file(segment).live)

    def read(self, segment: int, at: int, length: int) -> bytes:
        return bytes(self._file(segment).live[at : at + length])

    def refresh(self) -> None:
        for segment in self.segments()[-1:]:
            file = self._file(segment)
            fault = self._next()
            if fault in (Fault.FSYNC, Fault.EIO, Fault.ENOSPC):
                self._fail_sync(file, fault)
            if fault is Fault.CRASH:
                self._raise(fault)
            self._flush(file)
            file.live = bytearray(file.durable)

    def open(self, segment: int) -> None:
        if segment not in self.files:
            self._call()
            self.files[segment] = File()
        self.current = segment

    def reserve(self, size: int) -> None:
        file = self._file(self.current)
        self._call(ENOSPC)
        if size > len(file.live):
            file.live.extend(bytes(size - len(file.live)))
            file.pending.append((size, b""))

    def write(self, at: int, data: bytes) -> None:
        file = self._file(self.current)
        fault = self._next()
        if fault in (Fault.EIO, Fault.ENOSPC, Fault.CRASH):
            part = data[: self.chance.randrange(len(data) + 1)]
            self._put(file, at, part)
            self._raise(fault)
        if fault in (Fault.LOST, Fault.MISDIRECTED):
            self._astray(file, at, data, fault)
            return
        self._put(file, at, data)

    def sync(self) -> None:
        file = self._file(self.current)
        fault = self._next()
        if fault in (Fault.FSYNC, Fault.EIO, Fault.ENOSPC):
            self._fail_sync(file, fault)
        if fault is Fault.CRASH:
            self._raise(fault)
        self._flush(file)

    def cut(self, size: int) -> None:
        file = self._file(self.current)
        self._call(EIO)
        del file.live[size:]
        file.live.extend(bytes(size - len(file.live)))
        self._flush(file)
        del file.durable[size:]
        file.durable.extend(bytes(size - len(file.durable)))

    def close(self) -> None:
        self.current = 0

    # What happens to it.

    def crash(self) -> None:
        """Stop and start the machine: of what was pending any part is there."""
        for file in self.files.values():
            self._settle(file)
            file.live = bytearray(file.durable)
            file.pending.clear()
        self.current = 0

    def rot(self) -> tuple[int, int] | None:
        """Change bits of one byte that is on the disk; returns its segment and offset."""
        places = [number for number, file in self.files.items() if file.durable]
        if not places:
            return None
        segment = self.chance.choice(places)
        file = self.files[segment]
        at = self.chance.randrange(len(file.durable))
        flip = self.chance.randrange(1, 256)
        file.durable[at] ^= flip
        file.live[at] ^= flip
        return segment, at

    def _next(self) -> Fault | None:
        self.calls += 1
        return self.plan(self.calls)

    def _call(self, error: int = EIO) -> None:
        fault = self._next()
        if fault is Fault.CRASH:
            self._raise(fault)
        if fault in (Fault.EIO, Fault.ENOSPC):
            self.happened.append(fault)
            raise OSError(error, "simulated")

    def _raise(self, fault: Fault) -> None:
        self.happened.append(fault)
        if fault is Fault.CRASH:
            raise Crash
        if fault is Fault.ENOSPC:
            raise OSError(ENOSPC, "No space left on device")
        raise OSError(EIO, "Input/output error")

    def _put(self, file: File, at: int, data: bytes) -> None:
        if len(file.live) < at + len(data):
            file.live.extend(bytes(at + len(data) - len(file.live)))
        file.live[at : at + len(data)] = data
        file.pending.append((at, bytes(data)))

    def _astray(self, file: File, at: int, data: bytes, fault: Fault) -> None:
        """Write all sectors but one, which is lost or lands in another sector of the file."""
        self.happened.append(fault)
        sectors = range(at // SECTOR, (at + len(data) - 1) // SECTOR + 1)
        astray = self.chance.choice(sectors)
        for sector in sectors:
            start, end = max(at, sector * SECTOR), min(at + len(data), (sector + 1) * SECTOR)
            part = data[start - at : end - at]
            if sector != astray:
                self._put(file, start, part)
            elif fault is Fault.MISDIRECTED:
                other = self.chance.randrange(len(file.live) // SECTOR + 1) * SECTOR
                self._put(file, other + start % SECTOR, part)

    def _fail_sync(self, file: File, fault: Fault) -> NoReturn:
        """Report a failed sync once: the pages count as clean, and a part of them is lost."""
        self.happened.append(fault)
        self._settle(file)
        file.pending.clear()
        raise OSError(EIO, "Input/output error")

    def _flush(self, file: File) -> None:
        for at, data in file.pending:
            size = at + len(data)
            if len(file.durable) < size:
                file.durable.extend(bytes(size - len(file.durable)))
            file.durable[at:size] = data
        file.pending.clear()

    def _settle(self, file: File) -> None:
        """Put an arbitrary part of what was pending on the platters."""
        kept = self.chance.random() * 1.2
        for at, data in file.pending:
            if not data:  # reserved space: the length arrived, or it did not
                if self.chance.random() < kept and at > len(file.durable):
                    file.durable.extend(bytes(at - len(file.durable)))
                continue
            for sector in range(at // SECTOR, (at + len(data) - 1) // SECTOR + 1):
                if self.chance.random() > kept:
                    continue
                start, end = max(at, sector * SECTOR), min(at + len(data), (sector + 1) * SECTOR)
                part = data[start - at : end - at]
                fate = self.chance.random()
                if fate < 0.05:
                    part = self.chance.randbytes(len(part))
                elif fate < 0.15:
                    part = part[: self.chance.randrange(len(part) + 1)]
                if len(file.durable) < start + len(part):
                    file.durable.extend(bytes(start + len(part) - len(file.durable)))
                file.durable[start : start + len(part)] = part

    def _file(self, segment: int) -> File:
        file = self.files.get(segment)
        if file is None:
            raise FileNotFoundError(2, "No such file or directory", str(segment))
        return file


def sound(_call: int) -> Fault | None:
    """The plan of a disk to which nothing happens."""
    return None
