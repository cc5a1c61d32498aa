"""The gate's order of checks: of several things that are wrong, the first is the answer."""

from dataclasses import replace

import pytest

from qfs import gate, keys
from qfs.canon import Digest
from qfs.errors import ProviderFault
from qfs.gate import MAX_STEP_US, Refusal
from qfs.kernel import Order, Resume, Tick, Transactions, Upgrade
from qfs.packet import decode, encode
from tests.gate.worlds import START_US, Run, enrol, name_of, order, sign, signer

NOTHING = Transactions((((Order("nobody", [1, 1])),),))


def test_the_numbers_are_the_order_and_the_subcodes() -> None:
    assert [one.value for one in Refusal] == list(range(1, 20))
    assert Refusal.MALFORMED.subcode == "302.02.01"
    assert Refusal.BAD_POSSESSION.subcode == "302.02.19"


def test_an_admitted_packet_carries_what_was_signed() -> None:
    run = Run()
    data = run.signed("sam", NOTHING)
    admitted = gate.verify(data, run.world, run.verifier)
    assert not isinstance(admitted, Refusal)
    signed = decode(data)
    assert (admitted.packet, admitted.seq, admitted.actor) == (signed.id, 1, name_of("sam"))
    assert (admitted.ledger, admitted.previous) == (run.world.ledger, run.world.head)
    assert (admitted.time_us, admitted.seed) == (START_US, signed.packet.seed)
    assert admitted.action == NOTHING


def test_everything_wrong_at_once_is_mended_one_check_at_a_time() -> None:
    run = Run()
    assert run.send("sam", NOTHING)
    halt = Digest(b"h" * 32)
    key = name_of("sam")
    wrong = replace(
        run.packet("sam", NOTHING),
        ledger=Digest(bytes(32)),
        seq=9,
        previous=Digest(bytes(32)),
        time_us=START_US - 1,
        key=name_of("nobody"),
        kind=9,
    )
    steps: list[tuple[Refusal, dict[str, object]]] = [
        (Refusal.WRONG_LEDGER, {"ledger": run.world.ledger}),
        (Refusal.HALTED, {}),
        (Refusal.WRONG_SEQUENCE, {"seq": 2}),
        (Refusal.WRONG_PREVIOUS, {"previous": run.world.head}),
        (Refusal.TIME_BACKWARD, {"time_us": START_US + MAX_STEP_US + 1}),
        (Refusal.TIME_STEP, {"time_us": START_US}),
        (Refusal.KEY_UNKNOWN, {"key": key}),
        (Refusal.BAD_SIGNATURE, {}),
    ]
    halted: Digest | None = halt
    assert gate.verify(b"", run.world, run.verifier, halted=halted) is Refusal.MALFORMED
    for refusal, mend in steps:
        data = encode(wrong.to_bytes(), bytes(4627))
        assert gate.verify(data, run.world, run.verifier, halted=halted) is refusal
        wrong = replace(wrong, **mend)  # type: ignore[arg-type]
        halted = None if refusal is Refusal.HALTED else halted
    data = sign(wrong, signer("sam"))
    assert gate.verify(data, run.world, run.verifier) is Refusal.BAD_PAYLOAD


@pytest.mark.parametrize(
    ("step_us", "tick", "expected"),
    [
        (-1, False, Refusal.TIME_BACKWARD),
        (-1, True, Refusal.TIME_BACKWARD),
        (0, False, None),
        (MAX_STEP_US, False, None),
        (MAX_STEP_US + 1, False, Refusal.TIME_STEP),
        (MAX_STEP_US + 1, True, None),
        (400 * MAX_STEP_US, True, None),
    ],
)
def test_time_does_not_go_back_and_only_a_tick_leaps(
    step_us: int, tick: bool, expected: Refusal | None
) -> None:
    run = Run()
    run.send("olga", Tick())
    run.time_us += step_us
    answer = run.send("olga", Tick() if tick else NOTHING)
    assert (answer if isinstance(answer, Refusal) else None) is expected


def test_the_first_packet_starts_the_time_of_the_ledger() -> None:
    run = Run()
    assert not isinstance(run.send("sam", NOTHING), Refusal)
    assert run.world.time_us == START_US


ROLES = {
    # action: who may send it alone, of ada (root), olga (operator), sam (submitter)
    "transactions": (NOTHING, {"ada": None, "olga": None, "sam": None}),
    "tick": (Tick(), {"ada": None, "olga": None, "sam": Refusal.LACKS_ROLE}),
    "upgrade": (
        Upgrade("keys", 2, 99),
        {
            "ada": Refusal.LACKS_THRESHOLD,
            "olga": Refusal.LACKS_ROLE,
            "sam": Refusal.LACKS_ROLE,
        },
    ),
}


@pytest.mark.parametrize("kind", ROLES)
def test_each_kind_needs_its_role(kind: str) -> None:
    action, answers = ROLES[kind]
    for name, expected in answers.items():
        run = Run()
        answer = run.send(name, action)  # type: ignore[arg-type]
        assert (answer if isinstance(answer, Refusal) else None) is expected, name


@pytest.mark.parametrize(
    ("also", "expected"),
    [
        ((), Refusal.LACKS_THRESHOLD),
        (("olga", "sam"), Refusal.LACKS_THRESHOLD),
        (("bob",), None),
        (("bob", "cy"), None),
        (("ada",), Refusal.COSIGNER_UNUSABLE),
        (("sue",), Refusal.COSIGNER_UNUSABLE),
        (("nobody",), Refusal.COSIGNER_UNUSABLE),
    ],
)
def test_an_upgrade_needs_two_of_three_roots(
    also: tuple[str, ...], expected: Refusal | None
) -> None:
    answer = Run().send("ada", Upgrade("keys", 2, 99), *also)
    assert (answer if isinstance(answer, Refusal) else None) is expected


def test_a_halted_ledger_takes_the_resume_of_its_halt_and_nothing_else() -> None:
    run = Run()
    halt, other = Digest(b"h" * 32), Digest(b"o" * 32)

    def answer(data: bytes, halted: Digest | None) -> Refusal | None:
        admitted = gate.verify(data, run.world, run.verifier, halted=halted)
        return admitted if isinstance(admitted, Refusal) else None

    resume = run.signed("ada", Resume(halt), "bob")
    assert answer(resume, halt) is None
    assert answer(resume, other) is Refusal.WRONG_HALT
    assert answer(resume, None) is Refusal.WRONG_HALT
    assert answer(run.signed("ada", Resume(halt)), halt) is Refusal.LACKS_THRESHOLD
    assert answer(run.signed("sam", Resume(halt)), halt) is Refusal.LACKS_ROLE
    assert answer(run.signed("sam", NOTHING), halt) is Refusal.HALTED
    assert answer(run.signed("ada", Upgrade("keys", 2, 99), "bob"), halt) is Refusal.HALTED


def test_an_old_signature_is_no_shortcut_for_a_trusted_replay() -> None:
    # admit_trusted skips signatures alone: every other check answers as verify does.
    run = Run()
    data = run.signed("sam", NOTHING)
    broken = encode(decode(data).body, bytes(4627))
    assert gate.verify(broken, run.world, run.verifier) is Refusal.BAD_SIGNATURE
    assert gate.admit_trusted(broken, run.world) == gate.admit_trusted(data, run.world)
    short = encode(decode(data).body, bytes(4626))
    assert gate.admit_trusted(short, run.world) is Refusal.BAD_SIGNATURE
    assert gate.admit_trusted(run.signed("sue", NOTHING), run.world) is Refusal.KEY_NOT_ACTIVE
    assert gate.admit_trusted(run.signed("sam", Tick()), run.world) is Refusal.LACKS_ROLE


class Answers:
    """A verifier that gives one answer whatever it is asked: what broken bindings do."""

    name = "broken"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def verify(self, *asked: object) -> bool:
        """Answer as made."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]


@pytest.mark.parametrize("answer", [None, 1, 0, "", b"ok", [True]])
def test_a_provider_that_answers_anything_but_true_or_false_has_failed(answer: object) -> None:
    run = Run()
    with pytest.raises(ProviderFault, match="is no answer"):
        gate.verify(run.signed("sam", NOTHING), run.world, Answers(answer))


def test_a_fault_of_the_provider_passes_and_records_nothing() -> None:
    run = Run()
    root = run.world.root
    with pytest.raises(ProviderFault, match="library lost"):
        gate.verify(run.signed("sam", NOTHING), run.world, Answers(ProviderFault("library lost")))
    assert run.world.root == root


def test_a_world_without_a_key_registry_admits_nobody() -> None:
    run = Run()
    data = run.signed("sam", NOTHING)
    bare = replace(run.world, states={})
    assert gate.verify(data, bare, run.verifier) is Refusal.KEY_UNKNOWN


def test_an_order_that_the_registry_cannot_read_is_left_to_the_kernel() -> None:
    run = Run()
    answer = run.send("ada", Transactions(((Order("keys", [99, 1]),),)))
    assert not isinstance(answer, Refusal)
    (refused,) = answer.answers
    assert refused is not None
    assert refused.reason == "MALFORMED_ORDER"


def test_a_handler_behind_requires_packet_sees_only_admitted_packets() -> None:
    seen: list[int] = []

    @gate.requires_packet
    def handler(admitted: object, weight: int) -> str:
        seen.append(weight)
        return "done"

    run = Run()
    assert handler(run.signed("sam", NOTHING), run.world, run.verifier, weight=1) == "done"
    assert handler(b"junk", run.world, run.verifier, weight=2) is Refusal.MALFORMED
    assert seen == [1]


def test_the_same_key_twice_in_one_enrolment_order_is_the_machines_business() -> None:
    run = Run()
    again = order(enrol("sam", keys.Role.SUBMITTER, possession=b""))
    answer = run.send("olga", Transactions(((again,),)))
    assert not isinstance(answer, Refusal)
    assert answer.answers[0] is not None
    assert answer.answers[0].reason == "KEY_KNOWN"
