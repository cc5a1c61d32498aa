"""What those who hold keys may ask of the registry and must not get."""

from dataclasses import replace

from qfs import keys
from qfs.canon import Digest
from qfs.crypto import Profile
from qfs.keys import Reason, Role
from tests.attacks.attack import asks
from tests.gate.worlds import Run, enrol, name_of, signer


def rotation(old: str, new: str, **changes: object) -> keys.Rotate:
    key = signer(new, Profile.ML_DSA_87).public_key
    made = keys.Rotate(name_of(old), Profile.ML_DSA_87, key, 0, None, b"")
    return replace(made, **changes)  # type: ignore[arg-type]


@asks("a submitter enrols a friend", "LACKS_AUTHORITY")
def _(run: Run) -> str:
    return run.ask("sam", enrol("new", Role.SUBMITTER), "new")


@asks("an operator enrols an operator", "LACKS_AUTHORITY")
def _(run: Run) -> str:
    return run.ask("olga", enrol("new", Role.OPERATOR), "new")


@asks("one root alone enrols a root", "APPROVALS_MISSING")
def _(run: Run) -> str:
    return run.ask("ada", enrol("new", Role.ROOT), "new")


@asks("one root alone revokes another", "APPROVALS_MISSING")
def _(run: Run) -> str:
    return run.ask("ada", keys.Revoke(name_of("bob"), Reason.KEY_COMPROMISE))


@asks("an approval is used a second time", "APPROVALS_MISSING")
def _(run: Run) -> str:
    policy = keys.SetPolicy(2, 0, 10)
    assert run.ask("bob", keys.Approve(keys.subject_of(policy))) == "yes"
    assert run.ask("ada", policy) == "yes"
    return run.ask("ada", policy)


@asks("an approval of another command", "APPROVALS_MISSING")
def _(run: Run) -> str:
    assert run.ask("bob", keys.Approve(keys.subject_of(keys.SetPolicy(2, 0, 10)))) == "yes"
    return run.ask("ada", keys.SetPolicy(2, 0, 11))


@asks("a key that is enrolled already", "KEY_KNOWN")
def _(run: Run) -> str:
    return run.ask("olga", enrol("sam", Role.SUBMITTER), "sam")


@asks("a new key without its proof of possession", "POSSESSION_MISSING")
def _(run: Run) -> str:
    return run.ask("olga", enrol("new", Role.SUBMITTER))


@asks("an enrolment that begins in the past", "HEIGHT_NOT_AHEAD")
def _(run: Run) -> str:
    run.idle(2)
    return run.ask("olga", enrol("new", Role.SUBMITTER, active_from=2), "new")


@asks("a thief rotates somebody's line to his own key", "LACKS_AUTHORITY")
def _(run: Run) -> str:
    return run.ask("olga", rotation("sam", "thief"), "thief")


@asks("a thief of the old key, within the overlap", "NOT_NEWEST")
def _(run: Run) -> str:
    assert run.ask("sam", rotation("sam", "sam2", overlap=9), "sam2") == "yes"
    return run.ask("sam", rotation("sam", "thief"), "thief")


@asks("a second rotation before the first is over", "OVERLAP_RUNNING")
def _(run: Run) -> str:
    assert run.ask("sam", rotation("sam", "sam2", overlap=9), "sam2") == "yes"
    return run.ask("sam2", rotation("sam2", "sam3"), "sam3")


@asks("a rotation to a weaker algorithm", "WEAKER_PROFILE")
def _(run: Run) -> str:
    small = signer("sam2", Profile.ML_DSA_44).public_key
    rotate = rotation("sam", "sam2", profile=Profile.ML_DSA_44, public_key=small)
    return run.ask("sam", rotate, "sam2")


@asks("an overlap without end", "OVERLAP_TOO_LONG")
def _(run: Run) -> str:
    return run.ask("sam", rotation("sam", "sam2", overlap=1 << 40), "sam2")


@asks("a rotation back to the key that was replaced", "KEY_KNOWN")
def _(run: Run) -> str:
    assert run.ask("sam", rotation("sam", "sam2", overlap=0), "sam2") == "yes"
    return run.ask("sam2", rotation("sam2", "sam"), "sam")


@asks("a revocation put off", "ALREADY_REVOKED")
def _(run: Run) -> str:
    assert run.ask("ada", keys.Revoke(name_of("sam"), Reason.SUPERSEDED, 5)) == "yes"
    return run.ask("ada", keys.Revoke(name_of("sam"), Reason.SUPERSEDED, 9))


@asks("a revocation dated back", "HEIGHT_NOT_AHEAD")
def _(run: Run) -> str:
    run.idle(2)
    return run.ask("ada", keys.Revoke(name_of("sam"), Reason.KEY_COMPROMISE, 1))


@asks("an expiry put off", "EXPIRES_TOO_LATE")
def _(run: Run) -> str:
    return run.ask("tim", keys.Expire(name_of("tim"), 99))


@asks("an activation of a key that needs none", "NOT_PRE_ACTIVE")
def _(run: Run) -> str:
    return run.ask("ada", keys.Activate(name_of("sam")))


@asks("a policy that nobody could meet", "POLICY_MALFORMED")
def _(run: Run) -> str:
    return run.ask("ada", keys.SetPolicy(4, 0, 10))


@asks("an approval of something that is no digest", "SUBJECT_MALFORMED")
def _(run: Run) -> str:
    return run.ask("bob", keys.Approve(Digest(b"everything")))


@asks("a root ends the line that the policy needs", "LAST_ROOTS")
def _(run: Run) -> str:
    policy = keys.SetPolicy(3, 0, 10)
    assert run.ask("bob", keys.Approve(keys.subject_of(policy))) == "yes"
    assert run.ask("ada", policy) == "yes"
    return run.ask("cy", keys.Revoke(name_of("cy"), Reason.CESSATION))
