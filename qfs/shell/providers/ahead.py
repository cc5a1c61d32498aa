"""A verifier whose answers other processes work out before they are asked for.

- It answers nothing of its own: each answer is its verifier's to exactly the question that is
  asked, so who works it out, and when, can be seen only on a clock.
- What no process has begun when it is waited for is done here meanwhile, the newest first.
- A process that dies, or a verifier that cannot answer there, leaves its questions to this one: its
  fault is then raised at the packet that is at hand, as without processes.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import Self, TypeAlias

from qfs.crypto import Profile, Verifier
from qfs.errors import ProviderFault

TOGETHER = 32
"""Questions that one process takes at a time: 32 of ML-DSA-87 take some 7 ms."""
CHUNKS = 8
"""So many are given out ahead, a process."""
Question: TypeAlias = tuple[Profile, bytes, bytes, bytes, bytes]
"""Profile, public key, message, signature, context: what `Verifier.verify` takes."""


@dataclass(slots=True)
class _Chunk:
    """Questions that are answered together."""

    questions: list[Question]
    future: "Future[list[bool | None]] | None" = None
    """What a process makes of it; None while none has it."""
    answers: list[bool | None] | None = None


class Ahead:
    """A verifier in front of another; for one thread. Use it as a context manager."""

    def __init__(self, verifier: Verifier, jobs: int) -> None:
        """Start jobs - 1 processes beside this one; jobs is 2 or more."""
        self.name = verifier.name
        self.verifier = verifier
        self.room = TOGETHER * CHUNKS * (jobs - 1)
        """How many questions may wait for somebody to ask them."""
        self._begun_most = 2 * (jobs - 1)
        self._pool = ProcessPoolExecutor(
            jobs - 1, get_context("spawn"), initializer=_begin, initargs=(verifier,)
        )
        self._waiting: dict[Question, None] = {}
        self._idle: deque[_Chunk] = deque()
        self._begun: list[Future[list[bool | None]]] = []
        self._where: dict[Question, tuple[_Chunk, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()

    def expect(self, questions: Sequence[Question]) -> None:
        """Have questions answered that will be asked; each should be `forget`-ed once it was."""
        self._waiting |= {one: None for one in questions if one not in self._where}
        if len(self._waiting) >= TOGETHER:
            self.give_out()

    def give_out(self) -> None:
        """Give out what is expected so far."""
        if not self._waiting:
            return
        chunk = _Chunk(list(self._waiting))
        self._waiting = {}
        self._idle.append(chunk)
        for number, question in enumerate(chunk.questions):
            self._where[question] = chunk, number
        self._begin_more()

    def forget(self, questions: Sequence[Question]) -> None:
        """Let go of questions that nobody will ask again."""
        for question in questions:
            self._where.pop(question, None)

    def verify(
        self, profile: Profile, public_key: bytes, message: bytes, signature: bytes, context: bytes
    ) -> bool:
        """Say what the verifier says; raises ProviderFault as it does."""
        question = (profile, public_key, message, signature, context)
        place = self._where.get(question)
        answer = None if place is None else self._answers(place[0])[place[1]]
        if answer is None:
            return self.verifier.verify(*question)
        return answer

    def _begin_more(self) -> None:
        """Keep each process busy: one chunk at work, one waiting."""
        self._begun = [one for one in self._begun if not one.done()]
        while self._idle and len(self._begun) < self._begun_most:
            chunk = self._idle.popleft()
            try:
                chunk.future = self._pool.submit(_answer, chunk.questions)
            except BrokenProcessPool:
                chunk.answers = [None] * len(chunk.questions)
                continue
            self._begun.append(chunk.future)

    def _answers(self, chunk: _Chunk) -> list[bool | None]:
        """Return the answers of a chunk; until they are there, work on those that nobody has."""
        self._begin_more()
        while chunk.answers is None:
            if chunk.future is None or not (chunk.future.done() or not self._idle):
                idle = self._idle.pop()
                idle.answers = _answers_of(self.verifier, idle.questions)
                self._begin_more()
                continue
            try:
                chunk.answers = chunk.future.result()
            except BrokenProcessPool:
                chunk.answers = [None] * len(chunk.questions)
        return chunk.answers


def _answers_of(verifier: Verifier, questions: Sequence[Question]) -> list[bool | None]:
    """Return each answer; None where the verifier cannot give one, or gives what is none."""
    found: list[bool | None] = []
    for question in questions:
        try:
            answer: object = verifier.verify(*question)
        except ProviderFault:
            answer = None
        found.append(answer if isinstance(answer, bool) else None)
    return found


_VERIFIER: list[Verifier] = []
"""A process's own."""


def _begin(verifier: Verifier) -> None:
    _VERIFIER.append(verifier)


def _answer(questions: list[Question]) -> list[bool | None]:
    return _answers_of(_VERIFIER[0], questions)
