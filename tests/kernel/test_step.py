"""apply and found: whole or not at all, in a fixed order, the same every time."""

import pytest

from qfs.canon import decode
from qfs.errors import InputError
from qfs.halt import Code, Halt
from qfs.kernel import (
    Genesis,
    Outcome,
    Reaction,
    Resume,
    Settle,
    Tick,
    Upgrade,
    apply,
    diverge,
    found,
)
from qfs.kernel.admitted import Order
from tests.kernel.laws import check_declaration
from tests.kernel.toys import (
    ALICE,
    AUDIT,
    BOB,
    ECHO,
    GENESIS,
    MACHINES,
    NOTE,
    SHELF,
    SHELF2,
    Misbehave,
    Put,
    Take,
    Telegram,
    Write,
    admitted,
    asks,
    order,
    raw,
)


def run(world, action, reactions=(), **keywords):
    return apply(MACHINES, reactions, world, admitted(world, action), **keywords)


def goods(world):
    return dict(world.states["shelf"].goods.items())


def reasons(receipt):
    return [
        None if one is None else (one.order, one.machine, one.reason) for one in receipt.answers
    ]


@pytest.fixture
def world():
    return found(MACHINES, GENESIS)


@pytest.mark.parametrize("machine", [SHELF, SHELF2, AUDIT], ids=["shelf", "shelf2", "audit"])
def test_the_toys_keep_the_laws_of_machines(machine):
    check_declaration(machine)


def test_a_genesis_alone_decides_the_first_world(world):
    assert world.root == found(MACHINES, Genesis.from_bytes(GENESIS.to_bytes())).root
    assert (world.seq, world.head, world.ledger) == (0, GENESIS.digest(), GENESIS.digest())
    other = Genesis("toys of another house", GENESIS.machines)
    assert found(MACHINES, other).root != world.root


def test_founding_orders_are_packet_zero():
    genesis = Genesis("stocked", GENESIS.machines, (order("shelf", Put("pear", 3)),))
    assert goods(found(MACHINES, genesis)) == {"pear": 3}


def test_a_refused_founding_order_is_the_founders_mistake():
    genesis = Genesis(
        "empty", GENESIS.machines, (order("shelf", Put("pear", 3)), order("shelf", Take("fig", 1)))
    )
    with pytest.raises(InputError, match="NOT_ENOUGH") as caught:
        found(MACHINES, genesis)
    assert caught.value.place == "founding order 1"


TRANSACTIONS = [
    ("one order", (Put("pear", 1),), None),
    ("orders of two machines", (Put("pear", 1), Write("hello")), None),
    ("no order at all", (), None),
    ("the first order refused", (Take("pear", 1),), (0, "shelf", "NOT_ENOUGH")),
    ("the last order refused", (Put("pear", 1), Take("pear", 2)), (1, "shelf", "NOT_ENOUGH")),
    ("the other machine refuses", (Put("pear", 1), Write("")), (1, "audit", "EMPTY_LINE")),
    ("an unknown machine", (raw("moon", [1, 1]),), (0, "moon", "UNKNOWN_MACHINE")),
    ("an unknown kind", (raw("shelf", [9, 1]),), (0, "shelf", "MALFORMED_ORDER")),
    ("an unknown version", (raw("shelf", [1, 2, "pear", 1]),), (0, "shelf", "MALFORMED_ORDER")),
    ("True for 1", (raw("shelf", [1, 1, "pear", True]),), (0, "shelf", "MALFORMED_ORDER")),
    ("a missing field", (raw("shelf", [1, 1, "pear"]),), (0, "shelf", "MALFORMED_ORDER")),
    ("no record", (raw("shelf", 7),), (0, "shelf", "MALFORMED_ORDER")),
    ("arithmetic", (Put("pear", 1), Misbehave("arithmetic")), (1, "shelf", "ARITHMETIC")),
]


@pytest.mark.parametrize(
    ("orders", "refused"),
    [case[1:] for case in TRANSACTIONS],
    ids=[case[0] for case in TRANSACTIONS],
)
def test_a_transaction_happens_whole_or_not_at_all(world, orders, refused):
    after, receipt = run(world, asks((Put("fig", 5),), orders, (Put("plum", 1),)))
    assert reasons(receipt) == [None, refused, None]
    without, _ = run(world, asks((Put("fig", 5),), (Put("plum", 1),)))
    if refused is not None:
        assert goods(after) == {"fig": 5, "plum": 1}
        assert after.states["audit"].lines.seal() == without.states["audit"].lines.seal()


SPEND, IN_VAIN = Misbehave("spend"), Misbehave("spend in vain")
SPENDINGS = [
    ("an order that happens spends nothing besides", (SPEND,), None, {"x": 5}),
    ("a later refusal leaves it", (SPEND, Take("x", 6)), "NOT_ENOUGH", {"stamp": 1}),
    ("a denial leaves its own", (IN_VAIN,), "NOT_ENOUGH", {"stamp": 10}),
    ("all of them stand", (SPEND, SPEND, IN_VAIN), "NOT_ENOUGH", {"stamp": 12}),
    ("what was never reached does not", (Take("x", 1), SPEND), "NOT_ENOUGH", {}),
    ("another machine's refusal leaves it too", (SPEND, Write("")), "EMPTY_LINE", {"stamp": 1}),
]


@pytest.mark.parametrize(
    ("orders", "reason", "left"),
    [case[1:] for case in SPENDINGS],
    ids=[case[0] for case in SPENDINGS],
)
def test_a_refused_transaction_leaves_what_its_orders_have_spent(world, orders, reason, left):
    after, receipt = run(world, asks(orders))
    assert [None if one is None else one.reason for one in receipt.answers] == [reason]
    assert goods(after) == left
    assert receipt.results == (() if reason else ((0, 0, b"\0\2"),))


def test_what_a_reaction_asked_leaves_nothing(world):
    asked = Order("shelf", SHELF.commands.pack(IN_VAIN))
    after, receipt = run(
        world, asks((Write("a"),)), [Reaction("spender", "audit", lambda event, context: (asked,))]
    )
    assert reasons(receipt) == [(0, "shelf", "NOT_ENOUGH")]
    assert goods(after) == {}


def test_the_old_world_stays_as_it_was(world):
    stocked, _ = run(world, asks((Put("pear", 3),)))
    sold, _ = run(stocked, asks((Take("pear", 3),)))
    assert [goods(world), goods(stocked), goods(sold)] == [{}, {"pear": 3}, {}]
    again, _ = run(stocked, asks((Take("pear", 3),)))
    assert again.root == sold.root


def test_a_reaction_runs_in_the_same_transaction(world):
    after, receipt = run(world, asks((Put("pear", 3),)), [NOTE])
    assert after.states["audit"].lines.items() == [(0, "pear +3")]
    assert receipt.orders == 2


def test_the_refusal_of_a_reaction_undoes_the_transaction(world):
    after, receipt = run(
        world,
        asks(
            (Put("pear", 1), Put("contraband", 1)),
        ),
        [NOTE],
    )
    (no,) = receipt.answers
    assert (no.order, no.machine, no.reason, no.reaction) == (1, "audit", "BANNED", "note")
    assert goods(after) == {}
    assert len(after.states["audit"].lines) == 0


def test_reactions_run_in_the_order_of_their_names_however_they_are_given(world):
    def line(name):
        return type(NOTE)(name, "shelf", lambda event, context: (order("audit", Write(name)),))

    one, _ = run(world, asks((Put("pear", 1),)), [line("b"), line("a"), line("c")])
    assert [text for _, text in one.states["audit"].lines.items()] == ["a", "b", "c"]


def test_a_chain_of_eight_reactions_is_deep_enough_and_nine_halt(world):
    after, _ = run(world, asks((Write("hey echo 8"),)), [ECHO])
    assert len(after.states["audit"].lines) == 9
    with pytest.raises(Halt) as caught:
        run(world, asks((Write("hey echo 9"),)), [ECHO])
    assert caught.value.code is Code.REACTION_DEPTH
    assert len(world.states["audit"].lines) == 0


HALTS = [
    ("raise in decide", Code.DECIDE_FAILED, "KeyError"),
    ("wrong answer", Code.DECIDE_FAILED, "TypeError"),
    ("foreign refusal", Code.DECIDE_FAILED, "TypeError"),
    ("wrong effect", Code.DECIDE_FAILED, "RecordError"),
    ("raise in evolve", Code.EVOLVE_FAILED, "ValueError"),
    ("unhashable", Code.EVOLVE_FAILED, "RecordError"),
    ("invariant", Code.INVARIANT_BROKEN, None),
]


@pytest.mark.parametrize(("how", "code", "error"), HALTS, ids=[case[0] for case in HALTS])
def test_a_machine_that_breaks_its_contract_halts_and_leaves_the_world(world, how, code, error):
    stocked, _ = run(world, asks((Put("pear", 3),)))
    root = stocked.root
    with pytest.raises(Halt) as caught:
        run(stocked, asks((Put("pear", 1),), (Misbehave(how),)))
    assert caught.value.code is code
    assert caught.value.facts.get("error") == error
    assert caught.value.facts["machine"] == "shelf"
    after, _ = run(stocked, asks())
    assert goods(stocked) == {"pear": 3}
    assert (stocked.root, goods(after)) == (root, {"pear": 3})


def test_a_halt_names_the_broken_sentence(world):
    with pytest.raises(Halt, match="invariant=moves_never_fall"):
        run(world, asks((Misbehave("invariant"),)))


def test_a_fault_of_the_environment_is_no_halt(world):
    with pytest.raises(MemoryError):
        run(world, asks((Misbehave("memory"),)))


def test_after_is_taken_at_its_word_unless_checked(world):
    right, _ = run(world, asks((Misbehave("right after"),)), check_after=True)
    assert goods(right) == {"x": 1}
    wrong, _ = run(world, asks((Misbehave("wrong after"),)))
    assert goods(wrong) == {"x": 2}
    with pytest.raises(Halt) as caught:
        run(world, asks((Misbehave("wrong after"),)), check_after=True)
    assert caught.value.code is Code.AFTER_MISMATCH
    assert caught.value.facts["field"] == "goods"


def test_chance_depends_on_the_place_of_the_command(world):
    rolls = asks(*[(Misbehave("chance"),)] * 20)
    once, _ = run(world, rolls)
    twice, _ = run(world, rolls)
    assert once.root == twice.root
    elsewhere, _ = apply(MACHINES, (), world, admitted(world, rolls, seed=b"t" * 32))
    assert goods(once) != goods(elsewhere)


MISPLACED = [
    ("ledger", {"ledger": b"x" * 32}),
    ("seq", {"seq": 3}),
    ("previous", {"previous": b"x" * 32}),
]


@pytest.mark.parametrize(("fact", "change"), MISPLACED, ids=[case[0] for case in MISPLACED])
def test_a_packet_that_does_not_follow_halts(world, fact, change):
    with pytest.raises(Halt) as caught:
        apply(MACHINES, (), world, admitted(world, Tick(), **change))
    assert caught.value.code is Code.PACKET_REFUSED
    assert caught.value.facts["fact"] == fact


@pytest.mark.parametrize("action", [Tick(), Resume(GENESIS.digest())], ids=["tick", "resume"])
def test_a_tick_and_a_resume_move_place_and_time_alone(world, action):
    after, receipt = run(world, action)
    assert (after.seq, after.time_us, receipt.answers) == (1, 1_000_000, ())
    assert after.root != world.root
    assert diverge(world, after).field == "seq"


def test_effects_wait_in_the_outbox_until_their_signer_settles_them(world):
    stocked, _ = run(world, asks((Put("pear", 3),)))
    sold, receipt = run(stocked, asks((Put("fig", 1),), (Take("pear", 3),)))
    assert receipt.effects == ((2, 1, 0),)
    pending = sold.outbox.get((2, 1, 0))
    assert (pending.machine, pending.version, pending.actor) == ("shelf", 1, ALICE)
    assert SHELF.effects.unpack(decode(pending.record)) == Telegram("pear is sold out")

    def settle(seq, ordinal, position):
        return asks((settle_order(Settle(seq, ordinal, position, Outcome.DONE)),))

    missing, no = run(sold, settle(2, 0, 0))
    assert no.answers[0].reason == "NOT_PENDING"
    by_bob = admitted(missing, settle(2, 1, 0), actor=BOB)
    foreign, no = apply(MACHINES, (), missing, by_bob)
    assert (no.answers[0].machine, no.answers[0].reason) == ("outbox", "NOT_YOURS")
    assert len(foreign.outbox) == 1
    settled, yes = run(foreign, settle(2, 1, 0))
    assert yes.answers == (None,)
    assert len(settled.outbox) == 0
    _, no = run(settled, settle(2, 1, 0))
    assert no.answers[0].reason == "NOT_PENDING"


def settle_order(settle: Settle) -> Order:
    return Order(
        "outbox", [1, 1, settle.seq, settle.ordinal, settle.position, settle.outcome.value]
    )


def test_an_effect_of_a_refused_transaction_never_enters_the_outbox(world):
    stocked, _ = run(world, asks((Put("pear", 3),)))
    after, receipt = run(stocked, asks((Take("pear", 3), Write(""))))
    assert receipt.effects == ()
    assert len(after.outbox) == 0


def test_an_upgrade_activates_at_its_height_and_not_before(world):
    asked, receipt = run(world, Upgrade("shelf", 2, 4))
    assert receipt.answers == (None,)
    stocked, _ = run(asked, asks((Put("pear", 1),)))
    third, receipt = run(stocked, asks((Put("pear", 1),)))
    assert (goods(third), third.versions["shelf"], receipt.activated) == ({"pear": 2}, 1, ())
    fourth, receipt = run(third, asks((Put("pear", 1),)))
    assert receipt.activated == (("shelf", 2),)
    assert goods(fourth) == {"pear": 2 + 12}
    assert fourth.states["shelf"].total == 2 + 12
    assert (fourth.versions["shelf"], fourth.schedule) == (2, ())


def test_an_old_log_replays_with_the_old_reducer(world):
    """The same packets, one program knowing only version 1 up to the height, agree root by root."""
    actions = [asks((Put("pear", 1),)), Upgrade("shelf", 2, 4), asks((Put("fig", 2),))]
    old_program = {key: machine for key, machine in MACHINES.items() if key != ("shelf", 2)}
    new, old = world, found(old_program, GENESIS)
    for action in actions:
        packet = admitted(new, action)
        new, _ = apply(MACHINES, (), new, packet)
        old, _ = apply(old_program, (), old, packet)
        assert new.root == old.root
    packet = admitted(new, asks((Put("fig", 2),)))
    after, _ = apply(MACHINES, (), new, packet)
    assert goods(after) == {"pear": 1, "fig": 2 + 24}
    with pytest.raises(Halt) as caught:
        apply(old_program, (), old, packet)
    assert caught.value.code is Code.VERSION_MISSING
    assert caught.value.facts["version"] == 2


def test_an_upgrade_can_enable_a_machine_that_genesis_did_not_name():
    world = found(MACHINES, Genesis("bare", (("shelf", 1),)))
    _, receipt = run(world, asks((Write("early"),)))
    assert receipt.answers[0].reason == "UNKNOWN_MACHINE"
    world, _ = run(world, Upgrade("audit", 1, 2))
    world, receipt = run(world, asks((Write("in time"),)))
    assert receipt.activated == (("audit", 1),)
    assert list(world.states) == ["audit", "shelf"]


UPGRADES = [
    ("its own height", Upgrade("shelf", 2, 1), "HEIGHT_NOT_AHEAD"),
    ("a height of the past", Upgrade("shelf", 2, 0), "HEIGHT_NOT_AHEAD"),
    ("a height beyond any log", Upgrade("shelf", 2, 2**63), "HEIGHT_NOT_AHEAD"),
    ("the next height", Upgrade("shelf", 2, 2), None),
    ("a version already active", Upgrade("shelf", 1, 9), "VERSION_NOT_NEXT"),
    ("a version left out", Upgrade("shelf", 3, 9), "VERSION_NOT_NEXT"),
    ("a new machine", Upgrade("moon", 3, 9), None),
    ("a new machine's version 0", Upgrade("moon", 0, 9), "VERSION_NOT_NEXT"),
    ("the reserved name", Upgrade("outbox", 2, 9), "NO_MACHINE_NAME"),
    ("no name", Upgrade("Moon base", 1, 9), "NO_MACHINE_NAME"),
]


@pytest.mark.parametrize(
    ("upgrade", "reason"), [case[1:] for case in UPGRADES], ids=[case[0] for case in UPGRADES]
)
def test_an_upgrade_goes_one_step_ahead(world, upgrade, reason):
    after, receipt = run(world, upgrade)
    (answer,) = receipt.answers
    assert (None if answer is None else answer.reason) == reason
    assert after.schedule == ((upgrade,) if reason is None else ())


def test_upgrades_of_one_machine_are_scheduled_in_order(world):
    world, _ = run(world, Upgrade("shelf", 2, 10))
    _, receipt = run(world, Upgrade("shelf", 3, 10))
    assert receipt.answers[0].reason == "HEIGHT_BEFORE_SCHEDULED"
    world, receipt = run(world, Upgrade("shelf", 3, 11))
    assert receipt.answers == (None,)


def test_a_receipt_has_its_own_digest(world):
    _, one = run(world, asks((Put("pear", 1),)))
    _, same = run(world, asks((Put("pear", 1),)))
    _, other = run(world, asks((Take("pear", 1),)))
    assert one.digest() == same.digest() != other.digest()


def test_a_watcher_sees_each_command_as_it_ran(world):
    seen = []
    groups = ((Put("pear", 3),), (Put("fig", 1), Take("moon", 1)))
    after, _ = run(world, asks(*groups), [NOTE], watch=seen.append)
    assert [
        (one.transaction, one.order, one.ordinal, one.machine, one.reaction, one.refusal)
        for one in seen
    ] == [
        (0, 0, 0, "shelf", "", ""),
        (0, 0, 1, "audit", "note", ""),
        (1, 0, 2, "shelf", "", ""),
        (1, 0, 3, "audit", "note", ""),
        (1, 1, 4, "shelf", "", "NOT_ENOUGH"),
    ]
    assert seen[0].command == Put("pear", 3)
    assert (seen[0].before.goods.get("pear"), seen[0].after.goods.get("pear")) == (None, 3)
    assert seen[4].before is seen[4].after
    unwatched, _ = run(world, asks(*groups), [NOTE])
    assert (unwatched.root, goods(after)) == (after.root, {"pear": 3})
