"""What a thief of the disk, or a peer, may put into a log that others replay: each is a halt.

A log whose bytes were changed breaks its chain; one that was rewritten soundly, by somebody who
has the format but not the keys, breaks at the gate or at a root.
"""

from itertools import pairwise
from pathlib import Path

from qfs import packet
from qfs.app.inbound import ReceiveRequest, receive
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.worlds import read_world
from qfs.canon import ZERO_DIGEST, Digest
from qfs.gate import MAX_STEP_US
from qfs.halt import Code, HaltRecord
from qfs.kernel import (
    Action,
    Genesis,
    Order,
    Resume,
    Tick,
    Transactions,
    Upgrade,
    found,
    restore_world,
)
from qfs.keys import COMMANDS, Reason, Revoke
from qfs.shell import log
from qfs.shell.log import HEADER_BYTES, Frame
from tests.app.logs import House
from tests.attacks.attack import NOTHING, commits, raises

SEGMENT = "log/00000001.log"


def honest(folder: Path, name: str = "ledger") -> House:
    """A ledger of four signed packets, each on the disk."""
    made = House(folder / name, signed=True)
    for _ in range(4):
        made.send(Tick())
        made.writer.sync()
    return made


def bytes_of(folder: Path) -> tuple[bytearray, list[tuple[int, int]]]:
    """The segment's bytes, and where each frame (with the mark behind it) begins and ends."""
    honest(folder).writer.close()
    frames = log.read(folder / "ledger").frames
    data = bytearray((folder / "ledger" / SEGMENT).read_bytes())
    starts = [frame.offset for frame in frames] + [len(data)]
    return data, list(pairwise(starts))


def written(folder: Path, data: bytes) -> Path:
    (folder / "ledger" / SEGMENT).write_bytes(data)
    return folder / "ledger"


def rewritten(folder: Path, frames: list[tuple[bytes, bytes]]) -> Path:
    """A new, soundly chained log of (body, root)."""
    target = folder / "rewritten"
    (genesis, root), *rest = frames
    with log.create(target, genesis, Digest(root)) as writer:
        for body, after in rest:
            writer.append(body, Digest(after))
    return target


def frames_of(folder: Path) -> list[Frame]:
    honest(folder).writer.close()
    return list(log.read(folder / "ledger").frames)


def added(folder: Path, data: bytes, made: House | None = None) -> Path:
    """An honest ledger with one more frame, as a thief of the disk writes it."""
    made = honest(folder) if made is None else made
    with made.writer as writer:
        writer.append(data, made.world.root)
    return folder / "ledger"


def signed(made: House, action: Action, by: str = "operator", step_us: int = 1_000_000) -> bytes:
    body = made.body(action, by, step_us)
    return packet.encode(body, made.sign(by, packet.signing_message(body)))


# Bytes that were changed.


@commits("one bit of a packet flipped", "CIR-302.01")
def _(folder: Path) -> Path:
    data, places = bytes_of(folder)
    data[places[2][0] + HEADER_BYTES + 40] ^= 1
    return written(folder, data)


@commits("one bit of a recorded root flipped", "CIR-302.01")
def _(folder: Path) -> Path:
    data, places = bytes_of(folder)
    data[places[3][0] - HEADER_BYTES - 1] ^= 1
    return written(folder, data)


@commits("one bit of genesis flipped", "CIR-302.01")
def _(folder: Path) -> Path:
    data, places = bytes_of(folder)
    data[places[0][0] + HEADER_BYTES + 4] ^= 1
    return written(folder, data)


@commits("a packet cut out", "CIR-302.01")
def _(folder: Path) -> Path:
    data, places = bytes_of(folder)
    start, end = places[2]
    return written(folder, data[:start] + data[end:])


@commits("two packets swapped", "CIR-302.01")
def _(folder: Path) -> Path:
    data, places = bytes_of(folder)
    (a, b), (_, c) = places[2], places[3]
    return written(folder, data[:a] + data[b:c] + data[a:b] + data[c:])


@commits("a packet twice", "CIR-302.01")
def _(folder: Path) -> Path:
    data, places = bytes_of(folder)
    start, end = places[2]
    return written(folder, data[:end] + data[start:end] + data[end:])


@commits("zeros in the middle, as of a bad sector", "CIR-302.01")
def _(folder: Path) -> Path:
    data, places = bytes_of(folder)
    data[places[1][0] : places[1][0] + 512] = bytes(512)
    return written(folder, data)


@commits("the last packet half written: a torn tail is no halt", "1")
def _(folder: Path) -> Path:
    made = honest(folder)
    made.send(Tick())
    made.writer.close()
    path = folder / "ledger" / SEGMENT
    last = log.read(folder / "ledger").frames[-1]
    path.write_bytes(path.read_bytes()[: last.offset + 200])
    return folder / "ledger"


# Logs rewritten soundly, by somebody without the keys.


@commits("a genesis that is none", "CIR-302.01")
def _(folder: Path) -> Path:
    return rewritten(folder, [(b"\x80", bytes(32))])


@commits("another genesis under the same packets", "CIR-302.02.02")
def _(folder: Path) -> Path:
    genesis, first = frames_of(folder)[:2]
    changed = genesis.body.replace(b"test house", b"best house")
    root = found(MACHINES, Genesis.from_bytes(changed), REACTIONS).root
    return rewritten(folder, [(changed, root), (first.body, first.root)])


@commits("another root behind a good packet", "CIR-302.03")
def _(folder: Path) -> Path:
    frames = frames_of(folder)
    return rewritten(
        folder, [*[(one.body, one.root) for one in frames[:2]], (frames[2].body, bytes(32))]
    )


@commits("another root behind genesis", "CIR-302.03")
def _(folder: Path) -> Path:
    return rewritten(folder, [(frames_of(folder)[0].body, bytes(32))])


@commits("a packet dropped, all others chained anew", "CIR-302.02.04")
def _(folder: Path) -> Path:
    frames = frames_of(folder)
    return rewritten(folder, [(one.body, one.root) for one in frames if one.seq != 2])


@commits("two packets reordered, all chained anew", "CIR-302.02.04")
def _(folder: Path) -> Path:
    frames = frames_of(folder)
    frames[1], frames[2] = frames[2], frames[1]
    return rewritten(folder, [(one.body, one.root) for one in frames])


@commits("the same packet committed again", "CIR-302.02.04")
def _(folder: Path) -> Path:
    made = honest(folder)
    return added(folder, log.read(folder / "ledger").frames[-1].body, made)


@commits("junk committed as a packet", "CIR-302.02.01")
def _(folder: Path) -> Path:
    return added(folder, b"junk")


@commits("a packet without a signature of its key", "CIR-302.02.12")
def _(folder: Path) -> Path:
    made = honest(folder)
    return added(folder, packet.encode(made.body(Tick()), bytes(4627)), made)


@commits("a packet whose signature is another's", "CIR-302.02.12")
def _(folder: Path) -> Path:
    made = honest(folder)
    body = made.body(Tick())
    return added(folder, packet.encode(body, made.sign("root", packet.signing_message(body))), made)


@commits("a packet of another ledger", "CIR-302.02.02")
def _(folder: Path) -> Path:
    made = honest(folder)
    data = signed(made, Tick()).replace(made.world.ledger, bytes(32))
    return added(folder, data, made)


@commits("a fork: a sibling of the last packet's successor", "CIR-302.02.05")
def _(folder: Path) -> Path:
    made = honest(folder)
    body = made.body(Tick()).replace(made.world.head, b"x" * 32)
    return added(
        folder, packet.encode(body, made.sign("operator", packet.signing_message(body))), made
    )


@commits("time rolled back", "CIR-302.02.06")
def _(folder: Path) -> Path:
    made = honest(folder)
    return added(folder, signed(made, Tick(), step_us=-1), made)


@commits("a transaction from the far future", "CIR-302.02.07")
def _(folder: Path) -> Path:
    made = honest(folder)
    return added(folder, signed(made, NOTHING, step_us=MAX_STEP_US + 1), made)


@commits("a packet by a key that a packet before revoked", "CIR-302.02.09")
def _(folder: Path) -> Path:
    made = honest(folder)
    revoke = COMMANDS.pack(Revoke(made.operator.id, Reason.KEY_COMPROMISE))
    made.send(Transactions(((Order("keys", revoke),),)), "root")
    return added(folder, signed(made, Tick()), made)


@commits("an upgrade that only an operator signed", "CIR-302.02.17")
def _(folder: Path) -> Path:
    made = honest(folder)
    return added(folder, signed(made, Upgrade("keys", 2, 99)), made)


@commits("a resume that only an operator signed", "CIR-302.02.17")
def _(folder: Path) -> Path:
    made = honest(folder)
    return added(folder, signed(made, Resume(Digest(b"h" * 32))), made)


@commits("a machine version that this program does not have", "CIR-302.08")
def _(folder: Path) -> Path:
    made = honest(folder)
    made.send(Upgrade("unheard", 1, made.world.seq + 2), "root")
    return added(folder, signed(made, Tick()), made)


# Beside the log.


@raises("committed log", "a snapshot whose root is not its contents'", "CIR-302.09")
def _(folder: Path) -> None:
    honest(folder).writer.close()
    world = read_world(folder / "ledger", None).world
    restore_world(MACHINES, b"".join(world.snapshot()).replace(world.root, bytes(32), 1))


@raises("committed log", "a packet while the ledger stands in a halt", "CIR-302.13")
def _(folder: Path) -> None:
    made = honest(folder)
    made.writer.close()
    record = HaltRecord(Code.INVARIANT_BROKEN.value, 5, ZERO_DIGEST, made.world.root, ())
    log.write_halt(folder / "ledger", record)
    (folder / "packet").write_bytes(signed(made, Tick()))
    receive(ReceiveRequest(folder / "ledger", (folder / "packet",)))


@raises("committed log", "a halt record that was changed", "QFS-INPUT")
def _(folder: Path) -> None:
    honest(folder).writer.close()
    (folder / "ledger" / "halt.cbor").write_bytes(b"\x80")
    (folder / "packet").write_bytes(b"junk")
    receive(ReceiveRequest(folder / "ledger", (folder / "packet",)))


@raises("committed log", "one bad packet from outside, under --strict", "CIR-302.02")
def _(folder: Path) -> None:
    honest(folder).writer.close()
    (folder / "packet").write_bytes(b"junk")
    receive(ReceiveRequest(folder / "ledger", (folder / "packet",), strict=True))
