"""What the notary notes and refuses, and the laws that every machine keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import Digest
from qfs.crypto.ports import KeyId
from qfs.kernel import Context, Decision
from qfs.machines.trust.notary import (
    MACHINE,
    Command,
    Kind,
    NoteCertificate,
    NoteCheckpoint,
    Noted,
    Refusal,
    Row,
    State,
)
from qfs.machines.trust.notary.reducer import decide, evolve
from qfs.machines.trust.notary.state import SIZE_MAX, genesis
from tests.kernel.laws import check_machine

ADA, BOB = KeyId(b"a" * 32), KeyId(b"b" * 32)
PAPER, OTHER, ROOT = Digest(b"p" * 32), Digest(b"o" * 32), Digest(b"r" * 32)
SHORT = Digest(b"short")
BY_ADA = Noted(PAPER, Row(Kind.CERTIFICATE, ADA, 7))
NOTED = evolve(genesis(), BY_ADA)


def checkpoint(actor: KeyId) -> Noted:
    return Noted(PAPER, Row(Kind.CHECKPOINT, actor, 7))


CASES: tuple[tuple[str, State, KeyId, Command, Noted | Refusal], ...] = (
    ("a certificate is noted", genesis(), ADA, NoteCertificate(PAPER), BY_ADA),
    ("another beside it", NOTED, ADA, NoteCertificate(OTHER), Noted(OTHER, BY_ADA.row)),
    ("not twice", NOTED, ADA, NoteCertificate(PAPER), Refusal.ALREADY_NOTED),
    ("nor by somebody else", NOTED, BOB, NoteCertificate(PAPER), Refusal.ALREADY_NOTED),
    ("nor as another kind", NOTED, BOB, NoteCheckpoint(PAPER, 1, ROOT), Refusal.ALREADY_NOTED),
    ("a digest has 32 bytes", NOTED, ADA, NoteCertificate(SHORT), Refusal.DIGEST_MALFORMED),
    ("a checkpoint is noted", genesis(), BOB, NoteCheckpoint(PAPER, 0, ROOT), checkpoint(BOB)),
    ("its root has", genesis(), ADA, NoteCheckpoint(PAPER, 0, SHORT), Refusal.DIGEST_MALFORMED),
    ("the largest", genesis(), BOB, NoteCheckpoint(PAPER, SIZE_MAX, ROOT), checkpoint(BOB)),
    ("no larger", NOTED, BOB, NoteCheckpoint(PAPER, 1 << 63, ROOT), Refusal.SIZE_OUT_OF_RANGE),
    ("none below 0", NOTED, BOB, NoteCheckpoint(PAPER, -1, ROOT), Refusal.SIZE_OUT_OF_RANGE),
)


def context(actor: KeyId) -> Context:
    return Context(ROOT, 7, ROOT, 0, actor, bytes(32), "notary", 0)


@pytest.mark.parametrize(("sentence", "state", "actor", "command", "expected"), CASES)
def test_the_notary_answers(
    sentence: str, state: State, actor: KeyId, command: Command, expected: Noted | Refusal
) -> None:
    answer = decide(state, command, context(actor))
    if isinstance(expected, Refusal):
        assert answer is expected, sentence
    else:
        assert isinstance(answer, Decision), sentence
        assert answer.events == (expected,)


def test_every_refusal_is_reached_by_a_case() -> None:
    assert {case[-1] for case in CASES if isinstance(case[-1], Refusal)} == set(Refusal)


digests = st.sampled_from([PAPER, OTHER, ROOT, SHORT])
commands = st.one_of(
    st.builds(NoteCertificate, digests),
    st.builds(NoteCheckpoint, digests, st.sampled_from([-1, 0, 5, SIZE_MAX + 1]), digests),
)


@given(st.lists(st.tuples(commands, st.sampled_from([ADA, BOB])), max_size=8))
def test_the_notary_keeps_the_laws_of_a_machine(history: list[tuple[Command, KeyId]]) -> None:
    state = check_machine(MACHINE, [(command, context(actor)) for command, actor in history])
    assert len(state.documents) <= 3
