"""Orders to the key registry as packets: done, refused, approved, kept, written to a file."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qfs import packet
from qfs.app import key_orders
from qfs.app.inbound import refused
from qfs.app.key_orders import Asking, OrderReport
from qfs.app.ledger import InitRequest, init, state
from qfs.app.replay import ReplayRequest, replay
from qfs.app.rotation import RegistryReport, registry
from qfs.canon import Digest
from qfs.crypto import Profile
from qfs.errors import InputError, UsageError
from qfs.halt import Code, Halt, HaltRecord
from qfs.keys import Standing
from qfs.shell import keystore, log
from qfs.shell.keystore import PrivateKey

NAMES = ("root-1", "root-2", "root-3", "olga", "next", "weak")


class House:
    """A ledger of three roots and one operator, and keys that it does not know yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "ledger"
        self.id: dict[str, str] = {}
        for name in NAMES:
            profile = Profile.ML_DSA_44 if name == "weak" else Profile.ML_DSA_87
            key = PrivateKey(profile, hashlib.sha256(name.encode()).digest())
            keystore.write_private(self.file(name), key, None)
            keystore.write_public(folder / f"{name}.pub.pem", key.public)
            self.id[name] = key.public.id.hex()
        roots = tuple([folder / f"root-{number}.pub.pem" for number in (1, 2, 3)])
        init(InitRequest(self.ledger, roots, (folder / "olga.pub.pem",)))

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def by(self, name: str) -> Asking:
        return Asking(self.ledger, self.file(name))

    def standing(self, name: str) -> str:
        (row,) = [one for one in self.registry().keys if one.name == name]
        return row.standing

    def registry(self) -> RegistryReport:
        return registry(self.ledger, self.folder)

    def packets(self) -> int:
        return len(log.read(self.ledger).frames) - 1


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_key_is_rotated_and_its_line_goes_on(house: House) -> None:
    done = key_orders.rotate(house.by("olga"), house.file("next"), overlap=1)
    assert (done.appended, done.refusal, done.seq) == (True, None, 1)
    assert (house.standing("olga"), house.standing("next")) == ("active", "active")
    key_orders.approve(house.by("root-1"), "00" * 32)
    assert (house.standing("olga"), house.standing("next")) == ("deactivated", "active")
    again = replay(ReplayRequest(house.ledger))
    assert (again.identical, again.packets) == (True, 2)


def test_a_revoked_key_signs_nothing_more_and_its_past_stands(house: House) -> None:
    assert key_orders.approve(house.by("root-3"), "00" * 32).appended
    subject = key_orders.revoke(house.by("root-1"), house.id["root-3"], "key-compromise").subject
    assert key_orders.approve(house.by("root-2"), subject.hex()).appended
    done = key_orders.revoke(house.by("root-1"), house.id["root-3"], "key-compromise")
    assert (done.appended, house.standing("root-3")) == (True, Standing.REVOKED.value)
    late = key_orders.approve(house.by("root-3"), "00" * 32)
    assert (late.appended, late.refusal) == (False, "KEY_REVOKED")
    (counted,) = refused(house.ledger).packets
    assert counted.refusal == "KEY_REVOKED"
    assert replay(ReplayRequest(house.ledger)).identical


NO: dict[str, tuple[Callable[[House], OrderReport], str]] = {
    "a rotation to a weaker algorithm": (
        lambda house: key_orders.rotate(house.by("olga"), house.file("weak")),
        "WEAKER_PROFILE",
    ),
    "a rotation to a key that is known": (
        lambda house: key_orders.rotate(house.by("olga"), house.file("root-1")),
        "KEY_KNOWN",
    ),
    "a rotation with too long an overlap": (
        lambda house: key_orders.rotate(house.by("olga"), house.file("next"), 100_001),
        "OVERLAP_TOO_LONG",
    ),
    "a rotation of a key that nobody knows": (
        lambda house: key_orders.rotate(house.by("weak"), house.file("next")),
        "KEY_UNKNOWN",
    ),
    "a revocation of a root by an operator": (
        lambda house: key_orders.revoke(house.by("olga"), house.id["root-1"], "superseded"),
        "LACKS_AUTHORITY",
    ),
    "a revocation of a root by one root": (
        lambda house: key_orders.revoke(house.by("root-1"), house.id["root-2"], "superseded"),
        "APPROVALS_MISSING",
    ),
    "a revocation of a key that nobody knows": (
        lambda house: key_orders.revoke(house.by("root-1"), house.id["next"], "superseded"),
        "KEY_UNKNOWN",
    ),
    "an enrolment of an operator by an operator": (
        lambda house: key_orders.enrol(house.by("olga"), house.file("next"), ("operator",), None),
        "LACKS_AUTHORITY",
    ),
    "an approval by an operator": (
        lambda house: key_orders.approve(house.by("olga"), "00" * 32),
        "LACKS_AUTHORITY",
    ),
    "a policy of one root": (
        lambda house: key_orders.set_policy(house.by("root-1"), 1, None, None),
        "APPROVALS_MISSING",
    ),
    "a recovery by one root": (
        lambda house: key_orders.recover(house.by("root-1"), house.id["olga"], house.file("next")),
        "APPROVALS_MISSING",
    ),
}


@pytest.mark.parametrize("name", NO)
def test_a_no_is_reported_and_nothing_is_appended(name: str, house: House) -> None:
    ask, refusal = NO[name]
    report = ask(house)
    assert (report.refusal, report.appended) == (refusal, False)
    assert house.packets() == 0


def test_an_order_is_kept_approved_and_sent(house: House) -> None:
    kept = replace(house.by("root-1"), order=house.folder / "order")
    made = key_orders.recover(kept, house.id["olga"], house.file("next"))
    assert (made.appended, house.packets()) == (False, 0)
    early = key_orders.send(house.by("root-1"), house.folder / "order")
    assert (early.refusal, early.subject) == ("APPROVALS_MISSING", made.subject)
    key_orders.approve(house.by("root-2"), made.subject.hex())
    assert key_orders.send(house.by("root-1"), house.folder / "order").appended
    assert (house.standing("olga"), house.standing("next")) == ("revoked", "active")


def test_a_packet_is_written_and_the_ledger_stays(house: House) -> None:
    asking = replace(house.by("olga"), output=house.folder / "packet.drv")
    report = key_orders.rotate(asking, house.file("next"))
    signed = packet.decode((house.folder / "packet.drv").read_bytes())
    assert (signed.id, signed.packet.seq, house.packets()) == (report.packet, 1, 0)
    refused = key_orders.rotate(replace(asking, output=house.folder / "no.drv"), house.file("weak"))
    assert refused.refusal == "WEAKER_PROFILE"
    assert not (house.folder / "no.drv").exists()


def test_the_registry_says_when_each_key_is_to_be_rotated(house: House) -> None:
    kept = replace(house.by("root-1"), order=house.folder / "order")
    subject = key_orders.set_policy(kept, None, 8, None).subject
    key_orders.approve(house.by("root-2"), subject.hex())
    assert key_orders.send(house.by("root-1"), house.folder / "order").appended
    assert key_orders.rotate(house.by("olga"), house.file("next")).appended
    seen = []
    for _ in range(7):
        rows = {row.name: row for row in house.registry().keys}
        row = rows["next"]
        assert (row.due, row.expires, rows["root-1"].due, rows["olga"].due) == (10, 12, None, None)
        seen.append((house.packets(), row.overdue))
        key_orders.approve(house.by("root-1"), "00" * 32)
    assert seen == [(3, False), *[(n, False) for n in range(4, 9)], (9, True)]
    (one,) = state(house.ledger).rotations
    assert (one.key.hex(), one.due, one.expires, one.overdue) == (house.id["next"], 10, 12, True)


MISTAKES: dict[str, tuple[Callable[[House], OrderReport], type[Exception], str]] = {
    "a reason that is none": (
        lambda house: key_orders.revoke(house.by("root-1"), house.id["olga"], "boredom"),
        UsageError,
        "boredom",
    ),
    "a role that is none": (
        lambda house: key_orders.enrol(house.by("root-1"), house.file("next"), ("king",), None),
        UsageError,
        "king",
    ),
    "no role": (
        lambda house: key_orders.enrol(house.by("root-1"), house.file("next"), (), None),
        UsageError,
        "role",
    ),
    "a subject that is none": (
        lambda house: key_orders.approve(house.by("root-1"), "abc"),
        UsageError,
        "64 hexadecimal",
    ),
    "a key that is neither id nor file": (
        lambda house: key_orders.revoke(house.by("root-1"), "olga", "superseded"),
        InputError,
        "olga",
    ),
    "an order that is a key": (
        lambda house: key_orders.send(house.by("root-1"), house.file("next")),
        InputError,
        "no order",
    ),
    "an order kept and signed": (
        lambda house: key_orders.approve(
            replace(house.by("root-1"), order=Path("a"), output=Path("b")), "00" * 32
        ),
        UsageError,
        "kept or signed",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_an_error_and_nothing_is_appended(name: str, house: House) -> None:
    ask, error, said = MISTAKES[name]
    with pytest.raises(error, match=said):
        ask(house)
    assert house.packets() == 0


def test_a_halted_ledger_takes_no_order(house: House) -> None:
    record = HaltRecord(Code.INVARIANT_BROKEN.value, 1, Digest(bytes(32)), Digest(bytes(32)), ())
    log.write_halt(house.ledger, record)
    with pytest.raises(Halt):
        key_orders.approve(house.by("root-1"), "00" * 32)
    assert house.packets() == 0
