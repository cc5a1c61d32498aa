"""Lines of keys through their lives: rotation, revocation, recovery, the root threshold."""

from dataclasses import replace
from typing import Any

import pytest

from qfs import gate, keys
from qfs.crypto import Profile
from qfs.errors import InputError
from qfs.gate import Refusal
from qfs.kernel import Context, Order, Receipt, Tick, Transactions, Upgrade, found
from qfs.keys import Reason, Role, Standing, standing
from qfs.packet import CONTEXT, encode, signing_message
from tests.gate.worlds import MACHINES, Run, enrol, genesis, name_of, order, proved, signer
from tests.keys.test_refusals import recover, rotate

NOTHING = Transactions((((Order("nobody", [1, 1])),),))
SAM, CY = name_of("sam"), name_of("cy")


def sends(run: Run, name: str) -> bool:
    """Whether a person's next packet would be admitted."""
    answer = gate.verify(run.signed(name, NOTHING), run.world, run.verifier)
    return not isinstance(answer, Refusal)


def test_a_rotated_key_signs_beside_its_successor_and_then_no_more() -> None:
    run = Run()
    assert run.ask("sam", rotate(SAM, "sam2", overlap=2), "sam2") == "yes"
    seen = []
    for _ in range(4):
        seen.append((sends(run, "sam"), sends(run, "sam2")))
        run.idle()
    assert seen == [(True, True), (True, True), (False, True), (False, True)]


def test_both_keys_of_a_line_act_under_its_first_name_with_its_roles() -> None:
    run = Run()
    assert run.ask("olga", rotate(name_of("olga"), "olga2", overlap=5), "olga2") == "yes"
    for name in ("olga", "olga2"):
        admitted = gate.verify(run.signed(name, Tick()), run.world, run.verifier)
        assert not isinstance(admitted, Refusal)
        assert admitted.actor == name_of("olga")


def test_a_line_may_be_rotated_again_once_the_overlap_is_over() -> None:
    run = Run()
    assert run.ask("sam", rotate(SAM, "sam2", overlap=1), "sam2") == "yes"
    third = rotate(name_of("sam2"), "sam3")
    assert run.ask("sam2", third, "sam3") == "OVERLAP_RUNNING"
    assert run.ask("sam2", third, "sam3") == "yes"
    assert run.keys.newest.get(SAM) == name_of("sam3")
    assert sends(run, "sam3")


def test_a_thief_of_a_retiring_key_cannot_rotate_the_line_to_a_key_of_his_own() -> None:
    run = Run()
    assert run.ask("sam", rotate(SAM, "sam2", overlap=50), "sam2") == "yes"
    assert run.ask("sam", rotate(SAM, "thief"), "thief") == "NOT_NEWEST"
    assert run.ask("sam", rotate(name_of("sam2"), "thief"), "thief") == "OVERLAP_RUNNING"


def test_a_revocation_spares_what_was_signed_before_it() -> None:
    run = Run()
    world = run.world
    early = run.signed("sam", NOTHING)
    assert isinstance(run.submit(early), Receipt)
    assert run.ask("ada", keys.Revoke(SAM, Reason.KEY_COMPROMISE)) == "yes"
    assert not sends(run, "sam")
    assert not isinstance(gate.verify(early, world, run.verifier), Refusal)
    record = run.keys.keys.get(SAM)
    assert record is not None
    assert [standing(record, seq) for seq in (0, 1, 2, 3)] == [
        Standing.PRE_ACTIVE,
        Standing.ACTIVE,
        Standing.ACTIVE,
        Standing.REVOKED,
    ]
    assert record.reason is Reason.KEY_COMPROMISE


def test_a_revoked_key_is_not_enrolled_again() -> None:
    run = Run()
    assert run.ask("ada", keys.Revoke(SAM, Reason.KEY_COMPROMISE)) == "yes"
    assert run.ask("ada", enrol("sam", Role.SUBMITTER), "sam") == "KEY_KNOWN"


def test_an_activated_key_signs_from_the_next_packet_on() -> None:
    run = Run()
    assert not sends(run, "sue")
    assert run.ask("olga", keys.Activate(name_of("sue"))) == "yes"
    assert sends(run, "sue")


def test_the_cryptoperiod_of_the_policy_ends_a_key() -> None:
    run = Run()
    policy = keys.SetPolicy(0, 2, 0)
    assert run.ask("bob", keys.Approve(keys.subject_of(policy))) == "yes"
    assert run.ask("ada", policy) == "yes"
    assert run.ask("olga", enrol("new", Role.SUBMITTER), "new") == "yes"
    seen = []
    for _ in range(3):
        seen.append(sends(run, "new"))
        run.idle()
    assert seen == [True, True, False]


def with_proof(run: Run, command: Any, new: str) -> Any:
    return proved(run.world.ledger, command, new)


def test_two_of_three_roots_give_a_stolen_line_a_new_key() -> None:
    run = Run()
    command = with_proof(run, recover(SAM, "sam2"), "sam2")
    assert run.ask("bob", keys.Approve(keys.subject_of(command))) == "yes"
    assert run.ask("ada", command) == "yes"
    assert not sends(run, "sam")
    assert sends(run, "sam2")
    old, new = run.keys.keys.get(SAM), run.keys.keys.get(name_of("sam2"))
    assert old is not None
    assert new is not None
    assert (old.reason, new.principal, new.roles) == (Reason.KEY_COMPROMISE, SAM, old.roles)


def test_a_recovery_ends_both_keys_of_a_rotation() -> None:
    run = Run()
    assert run.ask("sam", rotate(SAM, "sam2", overlap=50), "sam2") == "yes"
    command = with_proof(run, recover(SAM, "sam3"), "sam3")
    assert run.ask("bob", keys.Approve(keys.subject_of(command))) == "yes"
    assert run.ask("ada", command) == "yes"
    assert [sends(run, name) for name in ("sam", "sam2", "sam3")] == [False, False, True]


def test_two_roots_recover_the_third() -> None:
    run = Run()
    command = with_proof(run, recover(CY, "cy2"), "cy2")
    assert run.ask("bob", keys.Approve(keys.subject_of(command))) == "yes"
    assert run.ask("ada", command) == "yes"
    assert len(keys.roots_standing(run.keys, run.world.seq + 1)) == 3
    assert isinstance(run.send("cy2", Upgrade("keys", 2, 99), "ada"), Receipt)


def test_an_approval_serves_one_command_once() -> None:
    run = Run()
    one = keys.Revoke(CY, Reason.CESSATION, 50)
    assert run.ask("bob", keys.Approve(keys.subject_of(one))) == "yes"
    assert run.ask("ada", keys.Revoke(CY, Reason.CESSATION, 51)) == "APPROVALS_MISSING"
    assert run.ask("ada", one) == "yes"
    assert len(run.keys.approvals) == 0
    assert run.ask("ada", keys.Revoke(CY, Reason.CESSATION, 49)) == "APPROVALS_MISSING"


def test_a_root_that_approves_twice_counts_once() -> None:
    run = Run()
    command = keys.Revoke(CY, Reason.CESSATION)
    for _ in range(2):
        assert run.ask("ada", keys.Approve(keys.subject_of(command))) == "yes"
    assert run.ask("ada", command) == "APPROVALS_MISSING"


def test_an_approval_by_a_root_that_was_revoked_since_does_not_count() -> None:
    run = Run()
    command = with_proof(run, enrol("root2", Role.ROOT), "root2")
    assert run.ask("bob", keys.Approve(keys.subject_of(command))) == "yes"
    assert run.ask("bob", keys.Revoke(name_of("bob"), Reason.CESSATION)) == "yes"
    assert run.ask("ada", command) == "APPROVALS_MISSING"
    assert run.ask("cy", keys.Approve(keys.subject_of(command))) == "yes"
    assert run.ask("ada", command) == "yes"


def test_an_approval_grows_old() -> None:
    run = Run()
    state = run.keys
    command = keys.Revoke(CY, Reason.CESSATION)
    place = (bytes(keys.subject_of(command)), bytes(name_of("bob")))
    told = replace(state, approvals=state.approvals.set(place, 1))
    for seq, answer in ((100_000, True), (100_001, False)):
        asked = keys.MACHINE.decide(told, command, at(run, "ada", seq))
        assert (asked is not keys.Refusal.APPROVALS_MISSING) is answer


def at(run: Run, by: str, seq: int) -> Any:
    """A context at a sequence number."""
    return Context(
        run.world.ledger, seq, run.world.head, run.time_us, name_of(by), bytes(32), "keys", 0
    )


@pytest.mark.parametrize(("roots", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_the_threshold_is_the_majority_of_the_roots(roots: int, needed: int) -> None:
    founders = [enrol(f"root-{at}", Role.ROOT) for at in range(roots)]
    run = Run(found(MACHINES, genesis(founders)))
    assert keys.threshold(run.keys, 1) == needed


def test_a_lone_root_governs_alone_but_does_not_end_itself() -> None:
    run = Run(found(MACHINES, genesis([enrol("ada", Role.ROOT)])))
    assert isinstance(run.send("ada", Upgrade("keys", 2, 99)), Receipt)
    revoke = keys.Revoke(name_of("ada"), Reason.CESSATION)
    assert run.ask("ada", revoke) == "LAST_ROOTS"
    assert run.ask("ada", rotate(name_of("ada"), "ada2"), "ada2") == "yes"
    assert run.ask("ada2", keys.Revoke(name_of("ada2"), Reason.CESSATION)) == "LAST_ROOTS"
    assert run.ask("ada2", revoke) == "yes"  # the old key: its line goes on


def test_a_genesis_with_a_key_twice_is_no_genesis() -> None:
    with pytest.raises(InputError, match="KEY_KNOWN"):
        found(MACHINES, genesis([enrol("ada", Role.ROOT), enrol("ada", Role.SUBMITTER)]))


def test_the_commands_of_one_packet_see_each_other_and_fail_together() -> None:
    run = Run()
    enrolled = order(with_proof(run, enrol("new", Role.SUBMITTER), "new"))
    revoked = order(keys.Revoke(name_of("new"), Reason.CESSATION))
    unknown = order(keys.Revoke(name_of("nobody"), Reason.CESSATION))
    answer = run.send("ada", Transactions(((enrolled, unknown), (enrolled, revoked))))
    assert isinstance(answer, Receipt)
    first, second = answer.answers
    assert first is not None
    assert (first.order, first.reason, second) == (1, "KEY_UNKNOWN", None)


def test_a_record_says_what_the_key_is_and_the_packet_does_not() -> None:
    run = Run()
    record = run.keys.keys.get(name_of("small", Profile.ML_DSA_44))
    assert record is not None
    assert record.profile is Profile.ML_DSA_44
    packet = run.packet("sam", NOTHING, key=name_of("small", Profile.ML_DSA_44))
    body = packet.to_bytes()
    signature = signer("small", Profile.ML_DSA_44).sign(signing_message(body), CONTEXT)
    assert isinstance(run.submit(encode(body, signature)), Receipt)
