"""What the machine program requires and refuses, and the laws that every machine keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import Digest, decode, encode
from qfs.crypto.ports import KeyId
from qfs.kernel import Context, Decision
from qfs.machines.trust.program import (
    COMMANDS,
    EVENTS,
    MACHINE,
    Certificate,
    Certified,
    Certify,
    Command,
    Event,
    Refusal,
    Require,
    Required,
    State,
)
from qfs.machines.trust.program.reducer import decide, evolve
from qfs.machines.trust.program.state import CERTIFIERS_MAX, genesis
from tests.kernel.laws import check_machine

ADA, BOB, CAT = (KeyId(letter * 32) for letter in (b"a", b"b", b"c"))
FIRST = Certificate(Digest(b"1" * 32), Digest(b"d" * 32), ADA)
NEXT = Certificate(Digest(b"2" * 32), Digest(b"e" * 32), BOB)
AGAIN = Certificate(FIRST.program, NEXT.document, BOB)
SHORT = Certificate(Digest(b"1"), Digest(b"d" * 32), ADA)
UNSIGNED = Certificate(Digest(b"1" * 32), Digest(b"d" * 32), KeyId(b""))
BOTH = (ADA, BOB)
STANDING = evolve(genesis(), Required(FIRST, BOTH))
MANY = tuple(KeyId(number.to_bytes(32, "big")) for number in range(CERTIFIERS_MAX + 1))

CASES: tuple[tuple[str, State, int, KeyId, Command, Event | Refusal], ...] = (
    ("a genesis requires", genesis(), 0, CAT, Require(FIRST, BOTH), Required(FIRST, BOTH)),
    ("later is too late", genesis(), 1, ADA, Require(FIRST, BOTH), Refusal.NOT_IN_GENESIS),
    ("once is enough", STANDING, 0, CAT, Require(NEXT, BOTH), Refusal.ALREADY_REQUIRED),
    ("somebody may certify", genesis(), 0, CAT, Require(FIRST, ()), Refusal.CERTIFIERS_MALFORMED),
    (
        "as many as may be",
        genesis(),
        *(0, CAT, Require(FIRST, MANY[1:]), Required(FIRST, MANY[1:])),
    ),
    ("no more", genesis(), 0, CAT, Require(FIRST, MANY), Refusal.CERTIFIERS_MALFORMED),
    ("in order", genesis(), 0, CAT, Require(FIRST, (BOB, ADA)), Refusal.CERTIFIERS_MALFORMED),
    ("each once", genesis(), 0, CAT, Require(FIRST, (ADA, ADA)), Refusal.CERTIFIERS_MALFORMED),
    ("a digest is whole", genesis(), 0, CAT, Require(SHORT, BOTH), Refusal.DIGEST_MALFORMED),
    ("a signer too", STANDING, 5, ADA, Certify(UNSIGNED), Refusal.DIGEST_MALFORMED),
    (
        "a certifier too",
        genesis(),
        *(0, CAT, Require(FIRST, (KeyId(b"a"),)), Refusal.DIGEST_MALFORMED),
    ),
    ("a certifier certifies another", STANDING, 5, BOB, Certify(NEXT), Certified(NEXT)),
    ("or the same program anew", STANDING, 5, ADA, Certify(AGAIN), Certified(AGAIN)),
    ("nobody else does", STANDING, 5, CAT, Certify(NEXT), Refusal.NOT_A_CERTIFIER),
    ("not what stands", STANDING, 5, ADA, Certify(FIRST), Refusal.ALREADY_CERTIFIED),
    ("where one is required", genesis(), 5, ADA, Certify(NEXT), Refusal.NOTHING_REQUIRED),
)


def context(actor: KeyId, seq: int) -> Context:
    return Context(Digest(b"l" * 32), seq, Digest(b"p" * 32), 0, actor, bytes(32), "program", 0)


@pytest.mark.parametrize(("sentence", "state", "seq", "actor", "command", "expected"), CASES)
def test_the_machine_answers(
    sentence: str,
    state: State,
    seq: int,
    actor: KeyId,
    command: Command,
    expected: Event | Refusal,
) -> None:
    answer = decide(state, command, context(actor, seq))
    if isinstance(expected, Refusal):
        assert answer is expected, sentence
    else:
        assert isinstance(answer, Decision), sentence
        assert answer.events == (expected,)


def test_every_refusal_is_reached_by_a_case() -> None:
    assert {case[-1] for case in CASES if isinstance(case[-1], Refusal)} == set(Refusal)


certificates = st.sampled_from([FIRST, NEXT, AGAIN, SHORT])
commands = st.one_of(
    st.builds(Certify, certificates),
    st.builds(Require, certificates, st.sampled_from([(), (ADA,), BOTH, (BOB, ADA)])),
)


@given(st.lists(st.tuples(commands, st.sampled_from([ADA, CAT]), st.integers(0, 1)), max_size=8))
def test_the_machine_keeps_the_laws_of_a_machine(history: list[tuple[Command, KeyId, int]]) -> None:
    asked = [(command, context(actor, seq)) for command, actor, seq in history]
    state = check_machine(MACHINE, asked)
    assert state.certificate in (None, FIRST, NEXT, AGAIN)


@pytest.mark.parametrize("record", [Require(FIRST, BOTH), Certify(NEXT)])
def test_a_command_survives_its_bytes(record: Command) -> None:
    assert COMMANDS.unpack(decode(encode(COMMANDS.pack(record)))) == record


@pytest.mark.parametrize("record", [Required(FIRST, BOTH), Certified(NEXT)])
def test_an_event_survives_its_bytes(record: Event) -> None:
    assert EVENTS.unpack(decode(encode(EVENTS.pack(record)))) == record
