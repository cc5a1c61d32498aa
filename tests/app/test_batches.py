"""Batches and cosigned packets on real ledgers: the gate, the receipt, the export, the snapshot."""

from pathlib import Path

import pytest

from qfs import packet
from qfs.app.exporting import history
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.worlds import read_world
from qfs.gate import Refusal, verify
from qfs.kernel import Order, Receipt, Transactions, apply, restore_world
from qfs.keys import COMMANDS as KEYS
from qfs.keys import POSSESSION_CONTEXT, Enrol, Role, possession_message
from qfs.ledger import Batch, Leg, Transact
from qfs.ledger.commands import Issue, OpenAccount
from qfs.packet.envelope import Cosignature
from qfs.shell import providers
from qfs.shell.keystore import PublicKey
from tests.app.logs import MINE, OTHER, PROFILE, House, idempotency, order, signer_of

FLX, RES = 1, 4


def row(number: int, amount: int, nonce: int) -> Transact:
    legs = (Leg(MINE, FLX, -amount), Leg(OTHER, FLX, amount))
    return Transact(MINE, nonce, idempotency(number), legs)


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path / "ledger", signed=True)
    mine = made.operator.id
    opened = [
        OpenAccount(MINE, mine),
        OpenAccount(OTHER, mine),
        Issue(FLX, MINE, 1_000, 0, b"I" * 16),
    ]
    made.send(Transactions((tuple([order(one) for one in opened]),)))
    return made


def test_a_batch_is_answered_row_by_row_and_everything_reads_it(
    house: House, tmp_path: Path
) -> None:
    rows = [row(1, 400, 0), row(2, 700, 1), row(3, 600, 2), row(4, 1, 9)]
    receipt = house.send(Transactions(((order(Batch.of(rows)),),)))
    assert receipt.answers == (None,)
    assert receipt.results == ((0, 0, bytes([0, 20, 0, 18])),)
    assert receipt.cost == 1 + 4 * 2 + 8
    house.writer.close()
    again = read_world(tmp_path / "ledger", providers.verifier()).world
    assert again.root == house.world.root
    assert restore_world(MACHINES, b"".join(again.snapshot())).root == again.root
    past = history(tmp_path / "ledger")
    assert [one.legs for one in past.movements if one.command == "batch"] == [
        rows[0].legs,
        rows[2].legs,
    ]


def test_a_batch_undone_with_its_transaction_is_in_no_result(house: House) -> None:
    fails = order(OpenAccount(MINE, house.operator.id))
    receipt = house.send(Transactions(((order(Batch.of([row(1, 5, 0)])), fails),)))
    assert receipt.results == ()
    held = house.world.states["ledger"].accounts.get(MINE)
    assert (held.nonce, held.balances[FLX]) == (1, 1_000)


@pytest.mark.parametrize(("count", "reason"), [(65_535, None), (65_536, "COST_EXCEEDED")])
def test_a_batch_beyond_the_packets_units_is_refused_whole(
    house: House, count: int, reason: str | None
) -> None:
    legs = (Leg(MINE, FLX, -1), Leg(OTHER, FLX, 1))
    rows = [Transact(MINE, 0, number.to_bytes(16, "big"), legs) for number in range(count)]
    receipt = house.send(Transactions(((order(Batch.of(rows)),),)))
    assert [None if one is None else one.reason for one in receipt.answers] == [reason]


def test_owners_who_cosign_a_packet_move_what_is_each_ones_own(house: House) -> None:
    carol = signer_of("carol")
    key = PublicKey(PROFILE, carol.public_key)
    enrol = Enrol(PROFILE, key.raw, (Role.SUBMITTER,))
    message = possession_message(house.world.ledger, enrol)
    proof = carol.sign(message, POSSESSION_CONTEXT)
    enrol = Enrol(PROFILE, key.raw, (Role.SUBMITTER,), possession=proof)
    house.send(Transactions(((Order("keys", KEYS.pack(enrol)),),)))
    house.send(Transactions(((order(OpenAccount(7_000, key.id)),),)))
    house.send(Transactions(((order(Issue(RES, 7_000, 50, 0, b"R" * 16)),),)))
    swap = (
        *(Leg(MINE, FLX, -10), Leg(7_000, FLX, 10)),
        *(Leg(7_000, RES, -50), Leg(MINE, RES, 50)),
    )
    ask = Transactions(((order(Transact(MINE, 0, b"S" * 16, swap)),),))

    def sent(*cosigners: tuple[PublicKey, object]) -> Receipt | Refusal:
        body = house.body(ask)
        message = packet.signing_message(body)
        more = tuple(
            Cosignature(public.id, signer.sign(message, packet.CONTEXT))  # type: ignore[attr-defined]
            for public, signer in cosigners
        )
        data = packet.encode(body, house.sign("operator", message), more)
        admitted = verify(data, house.world, providers.verifier())
        if isinstance(admitted, Refusal):
            return admitted
        _, receipt = apply(MACHINES, REACTIONS, house.world, admitted)
        house.world.restore()
        return receipt

    alone, both = sent(), sent((key, carol))
    assert isinstance(alone, Receipt)
    assert [one.reason for one in alone.answers if one] == ["NOT_AUTHORISED"]
    assert isinstance(both, Receipt)
    assert both.answers == (None,)
