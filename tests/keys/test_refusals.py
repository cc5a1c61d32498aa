"""Every refusal of the key registry, beside a command that differs by one thing and is accepted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from qfs import keys
from qfs.canon import Digest
from qfs.crypto import Profile
from qfs.keys import Reason, Refusal, Role
from tests.gate.worlds import Run, enrol, name_of, signer

ADA, BOB, CY = name_of("ada"), name_of("bob"), name_of("cy")
OLGA, SAM, SUE, TIM = name_of("olga"), name_of("sam"), name_of("sue"), name_of("tim")
SMALL = name_of("small", Profile.ML_DSA_44)


def rotate(old: bytes, new: str, **changes: Any) -> keys.Rotate:
    profile = changes.pop("profile", Profile.ML_DSA_87)
    values = {"overlap": 0, "expires": None} | changes
    return keys.Rotate(
        old,  # type: ignore[arg-type]
        profile,
        signer(new, profile).public_key,
        possession=b"",
        **values,
    )


def recover(principal: bytes, new: str, **changes: Any) -> keys.Recover:
    profile = changes.pop("profile", Profile.ML_DSA_87)
    expires = changes.pop("expires", None)
    return keys.Recover(
        principal,  # type: ignore[arg-type]
        profile,
        signer(new, profile).public_key,
        expires,
        b"",
    )


def nothing(run: Run) -> None:
    """No preparation."""


def approved(command: Any, by: str) -> Callable[[Run], None]:
    """Let a root line approve a command first."""
    return asked(by, keys.Approve(keys.subject_of(command)))


def sam_rotated(overlap: int) -> Callable[[Run], None]:
    def prepare(run: Run) -> None:
        assert run.ask("sam", rotate(SAM, "sam2", overlap=overlap), "sam2") == "yes"

    return prepare


def sam_rotated_and_revoked(run: Run) -> None:
    sam_rotated(overlap=5)(run)
    assert run.ask("sam2", keys.Revoke(name_of("sam2"), Reason.KEY_COMPROMISE)) == "yes"


def asked(by: str, command: Any) -> Callable[[Run], None]:
    def prepare(run: Run) -> None:
        assert run.ask(by, command) == "yes"

    return prepare


def policy(**changes: int) -> Callable[[Run], None]:
    values = {"threshold": 0, "cryptoperiod": 0, "overlap_max": 100_000} | changes

    def prepare(run: Run) -> None:
        command = keys.SetPolicy(**values)
        assert run.ask("bob", keys.Approve(keys.subject_of(command))) == "yes"
        assert run.ask("ada", command) == "yes"

    return prepare


@dataclass(frozen=True)
class Case:
    """One question, and the answer."""

    name: str
    by: str
    command: Any
    answer: Refusal | None
    new: str | None = None
    """Whose proof of possession the command gets."""
    before: Callable[[Run], None] = nothing


def new(name: str = "new", *roles: Role, **changes: Any) -> keys.Enrol:
    return enrol(name, *(roles or (Role.SUBMITTER,)), **changes)


ROOT2 = new("root2", Role.ROOT)
REVOKE_CY = keys.Revoke(CY, Reason.KEY_COMPROMISE)
EXPIRE_CY = keys.Expire(CY, 50)
POLICY = keys.SetPolicy(2, 1000, 10)
RECOVER_SAM = recover(SAM, "sam2")

CASES = [
    # enrol
    Case("an operator enrols a submitter", "olga", new(), None, "new"),
    Case("a root enrols an operator", "ada", new("new", Role.OPERATOR), None, "new"),
    Case("a submitter enrols", "sam", new(), Refusal.LACKS_AUTHORITY, "new"),
    Case(
        "an operator enrols an operator",
        "olga",
        new("new", Role.OPERATOR),
        Refusal.LACKS_AUTHORITY,
        "new",
    ),
    Case(
        "a key one byte short",
        "ada",
        keys.Enrol(Profile.ML_DSA_87, bytes(2591), (Role.SUBMITTER,), possession=b"x"),
        Refusal.KEY_MALFORMED,
    ),
    Case(
        "a key of another profile",
        "ada",
        keys.Enrol(
            Profile.ML_DSA_44, signer("new").public_key, (Role.SUBMITTER,), possession=b"x"
        ),
        Refusal.KEY_MALFORMED,
    ),
    Case("a key that is enrolled", "ada", new("sam"), Refusal.KEY_KNOWN, "sam"),
    Case(
        "no role",
        "ada",
        keys.Enrol(Profile.ML_DSA_87, signer("new").public_key, ()),
        Refusal.ROLES_MALFORMED,
        "new",
    ),
    Case(
        "a role twice",
        "ada",
        new("new", Role.SUBMITTER, Role.SUBMITTER),
        Refusal.ROLES_MALFORMED,
        "new",
    ),
    Case(
        "roles out of order",
        "ada",
        new("new", Role.SUBMITTER, Role.OPERATOR),
        Refusal.ROLES_MALFORMED,
        "new",
    ),
    Case("active from this packet", "ada", new(active_from=1), Refusal.HEIGHT_NOT_AHEAD, "new"),
    Case("active from the next packet", "ada", new(active_from=2), None, "new"),
    Case("waiting for its activation", "ada", new(active_from=None), None, "new"),
    Case("expiring before it may sign", "ada", new(expires=2), Refusal.EXPIRES_TOO_EARLY, "new"),
    Case("signing one packet", "ada", new(expires=3), None, "new"),
    Case(
        "longer than the cryptoperiod",
        "ada",
        new(expires=105),
        Refusal.EXPIRES_TOO_LATE,
        "new",
        policy(cryptoperiod=100),
    ),
    Case(
        "as long as the cryptoperiod",
        "ada",
        new(expires=104),
        None,
        "new",
        policy(cryptoperiod=100),
    ),
    Case("without a proof of possession", "ada", new(), Refusal.POSSESSION_MISSING),
    Case("a root line by one root", "ada", ROOT2, Refusal.APPROVALS_MISSING, "root2"),
    # activate
    Case("an operator activates a waiting key", "olga", keys.Activate(SUE), None),
    Case("a submitter activates", "sam", keys.Activate(SUE), Refusal.LACKS_AUTHORITY),
    Case("nobody's key is activated", "olga", keys.Activate(b"?" * 32), Refusal.KEY_UNKNOWN),
    Case("an active key is activated", "olga", keys.Activate(SAM), Refusal.NOT_PRE_ACTIVE),
    Case(
        "a waiting key that was revoked",
        "olga",
        keys.Activate(SUE),
        Refusal.NOT_PRE_ACTIVE,
        before=asked("ada", keys.Revoke(SUE, Reason.CESSATION)),
    ),
    # rotate
    Case("a rotation", "sam", rotate(SAM, "sam2"), None, "sam2"),
    Case("of nobody's key", "sam", rotate(b"?" * 32, "sam2"), Refusal.KEY_UNKNOWN, "sam2"),
    Case("of another's key", "ada", rotate(SAM, "sam2"), Refusal.LACKS_AUTHORITY, "sam2"),
    Case("to an enrolled key", "sam", rotate(SAM, "ada"), Refusal.KEY_KNOWN, "ada"),
    Case(
        "to a malformed key",
        "sam",
        keys.Rotate(SAM, Profile.ML_DSA_87, b"", 0, None, b"x"),
        Refusal.KEY_MALFORMED,
    ),
    Case(
        "of a key that was rotated",
        "sam",
        rotate(SAM, "sam3"),
        Refusal.NOT_NEWEST,
        "sam3",
        sam_rotated(overlap=5),
    ),
    Case(
        "of the newest key while the old one may sign",
        "sam",
        rotate(name_of("sam2"), "sam3"),
        Refusal.OVERLAP_RUNNING,
        "sam3",
        sam_rotated(overlap=5),
    ),
    Case(
        "to a weaker algorithm",
        "sam",
        rotate(SAM, "sam2", profile=Profile.ML_DSA_65),
        Refusal.WEAKER_PROFILE,
        "sam2",
    ),
    Case("with a negative overlap", "sam", rotate(SAM, "sam2", overlap=-1),
         Refusal.OVERLAP_TOO_LONG, "sam2"),
    Case("with the longest overlap", "sam", rotate(SAM, "sam2", overlap=100_000), None, "sam2"),
    Case("with a longer overlap", "sam", rotate(SAM, "sam2", overlap=100_001),
         Refusal.OVERLAP_TOO_LONG, "sam2"),
    Case("to a key that never signs", "sam", rotate(SAM, "sam2", expires=2),
         Refusal.EXPIRES_TOO_EARLY, "sam2"),
    Case("to a key beyond its cryptoperiod", "sam", rotate(SAM, "sam2", expires=105),
         Refusal.EXPIRES_TOO_LATE, "sam2", policy(cryptoperiod=100)),
    Case("without the new key's signature", "sam", rotate(SAM, "sam2"),
         Refusal.POSSESSION_MISSING),
    Case(
        "of a newest key that is revoked",
        "sam",
        rotate(name_of("sam2"), "sam3"),
        Refusal.NOT_ACTIVE,
        "sam3",
        sam_rotated_and_revoked,
    ),
    # revoke
    Case("a person revokes the own key", "sam", keys.Revoke(SAM, Reason.CESSATION), None),
    Case("a root revokes a submitter's", "ada", keys.Revoke(SAM, Reason.CESSATION), None),
    Case("of nobody's key", "ada", keys.Revoke(b"?" * 32, Reason.CESSATION), Refusal.KEY_UNKNOWN),
    Case("an operator revokes", "olga", keys.Revoke(SAM, Reason.CESSATION),
         Refusal.LACKS_AUTHORITY),
    Case("from this packet on", "sam", keys.Revoke(SAM, Reason.CESSATION, 1),
         Refusal.HEIGHT_NOT_AHEAD),
    Case("from the next packet on", "sam", keys.Revoke(SAM, Reason.CESSATION, 2), None),
    Case("sooner than it was to be", "ada", keys.Revoke(SAM, Reason.KEY_COMPROMISE, 9), None,
         before=asked("ada", keys.Revoke(SAM, Reason.CESSATION, 10))),
    Case("later than it was to be", "ada", keys.Revoke(SAM, Reason.CESSATION, 10),
         Refusal.ALREADY_REVOKED, before=asked("ada", keys.Revoke(SAM, Reason.CESSATION, 10))),
    Case("a root revokes a root's alone", "ada", REVOKE_CY, Refusal.APPROVALS_MISSING),
    Case("two roots revoke a third's", "ada", REVOKE_CY, None, before=approved(REVOKE_CY, "bob")),
    Case("a root revokes the own key", "cy", REVOKE_CY, None),
    Case("a root revokes a key that the threshold needs", "cy", REVOKE_CY, Refusal.LAST_ROOTS,
         before=policy(threshold=3)),
    # expire
    Case("a person lets the own key expire", "sam", keys.Expire(SAM, 5), None),
    Case("of nobody's key", "ada", keys.Expire(b"?" * 32, 5), Refusal.KEY_UNKNOWN),
    Case("of another's key", "olga", keys.Expire(SAM, 5), Refusal.LACKS_AUTHORITY),
    Case("at this packet", "sam", keys.Expire(SAM, 1), Refusal.HEIGHT_NOT_AHEAD),
    Case("later than it does", "tim", keys.Expire(TIM, 5), Refusal.EXPIRES_TOO_LATE),
    Case("sooner than it does", "tim", keys.Expire(TIM, 3), None),
    Case("a root lets a root's expire alone", "ada", EXPIRE_CY, Refusal.APPROVALS_MISSING),
    Case("two roots let a third's expire", "ada", EXPIRE_CY, None,
         before=approved(EXPIRE_CY, "bob")),
    Case("a root lets a key expire that the threshold needs", "cy", EXPIRE_CY,
         Refusal.LAST_ROOTS, before=policy(threshold=3)),
    # approve
    Case("a root approves", "ada", keys.Approve(Digest(bytes(32))), None),
    Case("an operator approves", "olga", keys.Approve(Digest(bytes(32))),
         Refusal.LACKS_AUTHORITY),
    Case("of a short digest", "ada", keys.Approve(Digest(b"x")), Refusal.SUBJECT_MALFORMED),
    # recover
    Case("one root recovers", "ada", RECOVER_SAM, Refusal.APPROVALS_MISSING, "sam2"),
    Case("an operator recovers", "olga", RECOVER_SAM, Refusal.LACKS_AUTHORITY, "sam2"),
    Case("the person recovers alone", "sam", RECOVER_SAM, Refusal.LACKS_AUTHORITY, "sam2"),
    Case("a line that is none", "ada", recover(b"?" * 32, "sam2"), Refusal.KEY_UNKNOWN, "sam2"),
    Case("to an enrolled key", "ada", recover(SAM, "tim"), Refusal.KEY_KNOWN, "tim"),
    Case("to a weaker algorithm", "ada", recover(SAM, "sam2", profile=Profile.ML_DSA_44),
         Refusal.WEAKER_PROFILE, "sam2"),
    Case("to a key that never signs", "ada", recover(SAM, "sam2", expires=1),
         Refusal.EXPIRES_TOO_EARLY, "sam2"),
    Case("without the new key's signature", "ada", RECOVER_SAM, Refusal.POSSESSION_MISSING),
    # policy
    Case("one root sets the policy", "ada", POLICY, Refusal.APPROVALS_MISSING),
    Case("two roots set the policy", "ada", POLICY, None, before=approved(POLICY, "cy")),
    Case("an operator sets the policy", "olga", POLICY, Refusal.LACKS_AUTHORITY),
    Case("a threshold above the roots", "ada", keys.SetPolicy(4, 0, 0),
         Refusal.POLICY_MALFORMED),
    Case("a negative cryptoperiod", "ada", keys.SetPolicy(0, -1, 0), Refusal.POLICY_MALFORMED),
    Case("an overlap beyond all heights", "ada", keys.SetPolicy(0, 0, 1 << 49),
         Refusal.POLICY_MALFORMED),
]  # fmt: skip


def label(case: Case) -> str:
    """A case's name, with its command's."""
    return f"{type(case.command).__name__}: {case.name}"


@pytest.mark.parametrize("case", CASES, ids=label)
def test_the_registry_answers_as_it_must(case: Case) -> None:
    run = Run()
    case.before(run)
    before = run.keys
    answer = run.ask(case.by, case.command, case.new)
    assert answer == ("yes" if case.answer is None else case.answer.name)
    if case.answer is not None:
        assert run.keys == before


def test_every_refusal_of_the_registry_has_a_case() -> None:
    assert {case.answer for case in CASES} - {None} == set(Refusal)


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({label(case) for case in CASES}) == len(CASES)


def test_every_command_has_a_yes_and_a_no() -> None:
    for command in keys.COMMANDS.classes():
        answers = {case.answer is None for case in CASES if type(case.command) is command}
        # A recovery's yes needs an approval of its very proof: test_lines.py.
        assert answers == ({False} if command is keys.Recover else {True, False})
