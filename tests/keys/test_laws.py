"""The laws of every machine, over the registry's own commands."""

from qfs import keys
from qfs.canon import Digest
from qfs.crypto import KeyId, Profile
from qfs.kernel import Context
from qfs.keys import Reason, Role
from qfs.keys.possession import possession_of
from tests.gate.worlds import FOUNDERS, enrol, name_of, order, signer
from tests.kernel.laws import check_machine
from tests.keys.test_refusals import CASES, recover, rotate

LEDGER = Digest(b"l" * 32)


def context(seq: int, actor: KeyId) -> Context:
    return Context(LEDGER, seq, LEDGER, 0, actor, bytes(32), "keys", 0)


def test_the_registry_keeps_the_laws_of_a_machine() -> None:
    ada, sam = name_of("ada"), name_of("sam")
    founding = [(command, context(0, KeyId(bytes(32)))) for command in FOUNDERS]
    later = [
        (case.command, context(9, name_of(case.by)))
        for case in CASES
        if case.by not in ("tim", "sue")
    ]
    life = [
        (rotate(sam, "sam2", overlap=3), context(10, sam)),
        (keys.Revoke(sam, Reason.SUPERSEDED, 12), context(11, sam)),
        (recover(sam, "sam3"), context(12, ada)),
        (keys.Expire(name_of("cy"), 90), context(13, name_of("cy"))),
    ]
    state = check_machine(keys.MACHINE, [*founding, *later, *life])
    assert len(state.keys) >= len(FOUNDERS)


def test_an_order_without_a_proof_has_none_to_verify() -> None:
    without = {
        "another command": order(keys.Approve(LEDGER)).record,
        "an unknown command": [99, 1],
        "no record": 5,
        "an empty proof": order(enrol("new", Role.SUBMITTER)).record,
        "a key of a wrong length": order(
            keys.Enrol(Profile.ML_DSA_87, b"short", (Role.SUBMITTER,), possession=b"p")
        ).record,
    }
    assert [name for name, record in without.items() if possession_of(LEDGER, record)] == []


def test_a_proof_covers_everything_but_itself() -> None:
    command = enrol("new", Role.SUBMITTER, possession=b"proof")
    found = possession_of(LEDGER, order(command).record)
    assert found is not None
    assert (found.profile, found.public_key) == (Profile.ML_DSA_87, signer("new").public_key)
    assert found.signature == b"proof"
    other = enrol("new", Role.SUBMITTER, possession=b"other")
    assert keys.possession_message(LEDGER, other) == found.message
    assert keys.subject_of(other) != keys.subject_of(command)
    changed = [
        keys.possession_message(Digest(b"m" * 32), command),
        keys.possession_message(LEDGER, enrol("newer", Role.SUBMITTER)),
        keys.possession_message(LEDGER, enrol("new", Role.OPERATOR)),
        keys.possession_message(LEDGER, enrol("new", Role.SUBMITTER, active_from=5)),
        keys.possession_message(LEDGER, enrol("new", Role.SUBMITTER, expires=5)),
    ]
    assert found.message not in changed
    assert len(set(changed)) == len(changed)
