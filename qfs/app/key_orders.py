"""`qfs keys enrol|rotate|revoke|recover|approve|policy|send`: orders to the key registry.

- Each becomes one signed packet: admitted by the gate, applied, and only then appended and synced;
  or written to a file of its own, for somebody else to submit.
- The gate or the registry may say no: then nothing is appended, and the report says which and why.
- What needs the root threshold is refused until enough root lines have approved its subject. An
  order is kept in a file meanwhile, since a new proof of possession would be a new subject.
- A new key signs its possession; the packet is signed by who asks.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from qfs import gate
from qfs import packet as packet_
from qfs.app.inbound import opened_for_writing, refuse, refuse_halted
from qfs.app.keys import passphrase_of
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.snapshots import Finder
from qfs.app.worlds import read_world
from qfs.canon import ZERO_DIGEST, Digest, decode, encode
from qfs.crypto import KeyId, Verifier
from qfs.errors import CanonError, InputError, UsageError
from qfs.halt import Halt
from qfs.kernel import Order, Receipt, Transactions, World, apply
from qfs.keys import (
    COMMANDS,
    MACHINE,
    POSSESSION_CONTEXT,
    Approve,
    Command,
    Enrol,
    Reason,
    Recover,
    Revoke,
    Role,
    Rotate,
    SetPolicy,
    State,
    possession_message,
    subject_of,
)
from qfs.shell import keystore, log, providers
from qfs.shell.files import read_limited, write_new
from qfs.shell.keystore import PrivateKey
from qfs.shell.log import LogWriter

REASONS = tuple([reason.name.lower().replace("_", "-") for reason in Reason])
"""Why a key may be revoked; NIST SP 800-57 part 1 §8.3.5."""
ROLES = tuple([role.name.lower() for role in Role])
MAX_ORDER_BYTES = 64 * 1024  # 65_536: a key and a proof of possession have 7.3 kB

Make = Callable[[World], Command]
"""From the world before the packet to what is asked of the registry."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks which ledger, and what becomes of the packet."""

    ledger: Path
    key: Path
    """The private key's file that signs the packet."""
    passphrase_file: Path | None = None
    output: Path | None = None
    """Write the packet to this new file and append nothing."""
    order: Path | None = None
    """Write the order alone to this new file and sign nothing."""
    provider: str = providers.DEFAULT


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What became of an order."""

    what: str
    """``rotate``, ``revoke``, ..."""
    subject: Digest
    """By which root lines approve it."""
    packet: Digest
    """Zero for an order that was only kept."""
    seq: int
    """The packet's; the ledger's last for an order that was only kept."""
    state_root: Digest
    """After the packet, or the ledger's where it was refused or only kept."""
    refusal: str | None
    """The gate's or the registry's no."""
    appended: bool

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.keys.order/1",
            "what": self.what,
            "subject": self.subject.hex(),
            "packet": self.packet.hex(),
            "seq": self.seq,
            "state_root": self.state_root.hex(),
            "refusal": self.refusal,
            "appended": self.appended,
        }


def rotate(asking: Asking, new: Path, overlap: int = 0, expires: int | None = None) -> OrderReport:
    """Replace the asking key by a new one; both sign until the overlap is over.

    expires is the new key's first packet that it may no longer sign; None: as the policy says.
    """
    fresh = _private(new, asking.passphrase_file)
    old = _private(asking.key, asking.passphrase_file).public.id

    def make(world: World) -> Command:
        public = fresh.public
        bare = Rotate(old, public.profile, public.raw, overlap, expires, b"")
        return _possessed(world, bare, fresh)

    return _carried_out("rotate", asking, make)


def revoke(asking: Asking, key: str, reason: str, from_seq: int = 0) -> OrderReport:
    """Refuse a key from a packet on, 0 for the next one; key is an id or a public key's file."""
    if reason not in REASONS:
        raise UsageError(f"no reason is called {reason!r}", way_out=", ".join(REASONS))
    order = Revoke(_id_of(key), Reason[reason.upper().replace("-", "_")], from_seq)
    return _carried_out("revoke", asking, lambda _: order)


def enrol(asking: Asking, new: Path, roles: tuple[str, ...], expires: int | None) -> OrderReport:
    """Make a key known, as the first of its line, with these roles."""
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise UsageError(f"no role is called {unknown}", way_out=", ".join(ROLES))
    held = tuple([role for role in Role if role.name.lower() in roles])
    fresh = _private(new, asking.passphrase_file)

    def make(world: World) -> Command:
        bare = Enrol(fresh.public.profile, fresh.public.raw, held, expires=expires)
        return _possessed(world, bare, fresh)

    return _carried_out("enrol", asking, make)


def recover(asking: Asking, line: str, new: Path, expires: int | None = None) -> OrderReport:
    """Give a line whose keys are lost or stolen a new key; line is its first key."""
    principal, fresh = _id_of(line), _private(new, asking.passphrase_file)

    def make(world: World) -> Command:
        bare = Recover(principal, fresh.public.profile, fresh.public.raw, expires, b"")
        return _possessed(world, bare, fresh)

    return _carried_out("recover", asking, make)


def approve(asking: Asking, subject: str) -> OrderReport:
    """Say yes, as a root line, to an order that needs the threshold."""
    order = Approve(Digest(_hexadecimal(subject, "a subject")))
    return _carried_out("approve", asking, lambda _: order)


def set_policy(
    asking: Asking, threshold: int | None, cryptoperiod: int | None, overlap_max: int | None
) -> OrderReport:
    """Change how keys are governed; None leaves a number as it is."""

    def make(world: World) -> Command:
        now = registry_of(world).policy
        return SetPolicy(
            now.threshold if threshold is None else threshold,
            now.cryptoperiod if cryptoperiod is None else cryptoperiod,
            now.overlap_max if overlap_max is None else overlap_max,
        )

    return _carried_out("policy", asking, make)


def send(asking: Asking, order: Path) -> OrderReport:
    """Send an order that was kept in a file; raises InputError for a file that is none."""
    data = read_limited(order, MAX_ORDER_BYTES)
    try:
        command = COMMANDS.unpack(decode(data))
    except CanonError as error:
        raise InputError(
            f"no order: {error}", place=str(order), way_out="give what --order-file wrote"
        ) from None
    return _carried_out("send", asking, lambda _: command)


def registry_of(world: World) -> State:
    """Return the key registry of a world; raises UsageError in a world without one."""
    state = world.states.get(MACHINE.name)
    if not isinstance(state, State):
        raise UsageError("this world has no key registry", way_out="qfs ledger init makes one")
    return state


def _carried_out(what: str, asking: Asking, make: Make) -> OrderReport:
    """Keep the order, write its packet, or append it; halts as `qfs ledger submit` does."""
    if asking.order is not None and asking.output is not None:
        raise UsageError("an order is kept or signed", way_out="give one of the two files")
    verifier = providers.verifier(asking.provider)
    refuse_halted(asking.ledger)
    if asking.order is not None:
        world = read_world(asking.ledger, verifier).world
        command = make(world)
        write_new(asking.order, encode(COMMANDS.pack(command)))
        subject = subject_of(command)
        return OrderReport(what, subject, ZERO_DIGEST, world.seq, world.root, None, appended=False)
    key = _private(asking.key, asking.passphrase_file)
    if asking.output is not None:
        world = read_world(asking.ledger, verifier).world
        return _Packet(what, world, key, make(world)).carried_out(verifier, None, asking)
    opened = opened_for_writing(asking.ledger, verifier, Finder(asking.ledger))
    with opened.writer as writer:
        one = _Packet(what, opened.world, key, make(opened.world))
        try:
            return one.carried_out(verifier, writer, asking)
        except Halt as halt:
            if log.read_halt(asking.ledger) is None:
                before = opened.world
                record = halt.record(before.seq + 1, one.id, before.root, opened.resumed)
                log.write_halt(asking.ledger, record)
            raise


class _Packet:
    """One order as the ledger's next packet."""

    def __init__(self, what: str, world: World, key: PrivateKey, command: Command) -> None:
        self.what = what
        self.world = world
        self.subject = subject_of(command)
        now_us = time.time_ns() // 1_000
        latest = world.time_us + gate.MAX_STEP_US  # a tick carries the ledger the rest of the way
        body = packet_.draft(
            ledger=world.ledger,
            seq=world.seq + 1,
            time_us=max(world.time_us, now_us if world.seq == 0 else min(now_us, latest)),
            seed=secrets.token_bytes(packet_.SEED_BYTES),
            previous=world.head,
            key=key.public.id,
            action=Transactions(((Order(MACHINE.name, COMMANDS.pack(command)),),)),
        ).to_bytes()
        self.id = packet_.packet_id(body)
        signature = key.signer().sign(packet_.signing_message(body), packet_.CONTEXT)
        self.envelope = packet_.encode(body, signature)

    def carried_out(
        self, verifier: Verifier, writer: LogWriter | None, asking: Asking
    ) -> OrderReport:
        """Admit and apply; append, or write the file, unless somebody says no."""
        admitted = gate.verify(self.envelope, self.world, verifier)
        if isinstance(admitted, gate.Refusal):
            if writer is not None:
                refuse(asking.ledger, self.envelope, admitted, self.world.seq + 1, strict=False)
            return self.report(self.world, admitted.name)
        world, receipt = apply(MACHINES, REACTIONS, self.world, admitted)
        refusal = _refusal(receipt)
        if refusal is not None:
            self.world.restore()
            return self.report(self.world, refusal)
        if writer is not None:
            writer.append(self.envelope, world.root)
            writer.sync()
        elif asking.output is not None:
            write_new(asking.output, self.envelope)
        return self.report(world, None, appended=writer is not None)

    def report(self, world: World, refusal: str | None, *, appended: bool = False) -> OrderReport:
        return OrderReport(
            self.what, self.subject, self.id, self.world.seq + 1, world.root, refusal, appended
        )


def _refusal(receipt: Receipt) -> str | None:
    (answer,) = receipt.answers
    return None if answer is None else answer.reason


def _possessed(world: World, bare: Enrol | Rotate | Recover, fresh: PrivateKey) -> Command:
    """Return the command with the new key's signature over it."""
    message = possession_message(world.ledger, bare)
    signature = fresh.signer().sign(message, POSSESSION_CONTEXT)
    return replace(bare, possession=signature)


def _private(path: Path, passphrase_file: Path | None) -> PrivateKey:
    return keystore.read_private(path, passphrase_of(passphrase_file))


def _id_of(key: str) -> KeyId:
    """Return the id that is written, or the id of the public key in the file of that name."""
    try:
        return KeyId(_hexadecimal(key, "a key id"))
    except UsageError:
        return keystore.read_public(Path(key)).id


def _hexadecimal(text: str, what: str) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != len(ZERO_DIGEST):
        raise UsageError(f"{text!r} is not {what}", way_out="give 64 hexadecimal digits")
    return data
