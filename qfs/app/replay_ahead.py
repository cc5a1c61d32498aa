"""Reading a log ahead of its replay, so that signatures are verified before their packet's turn.

- What will be asked is guessed from the packet and the keys enrolled so far: a key id is the digest
  of its public key, so a guess can be superfluous, never wrong. What was not guessed is verified
  at its turn.
- Nothing is decided here. Bytes that have changed, or are no packet, are met at their turn too.
- At most BYTES of bodies, and so many packets as the verifier has room for, are held.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from qfs import packet as packet_
from qfs.errors import CanonError, EnvironmentFault, ProofError
from qfs.halt import Halt
from qfs.kernel import World
from qfs.keys import MACHINE, State
from qfs.packet import BATCH_CONTEXT, CONTEXT
from qfs.shell.log_frames import Bodies, Frame
from qfs.shell.providers.ahead import Ahead, Question

BYTES = 16 * 1024 * 1024  # 16_777_216


class ReadAhead:
    """A log's frames with their bodies, in order, while their signatures are being verified."""

    def __init__(self, ahead: Ahead) -> None:
        self.ahead = ahead
        self.world: World | None = None
        """The newest world: who derives the frames sets it after each."""
        self._frames: Iterator[Frame] = iter(())
        self._bodies = Bodies()
        self._held: deque[tuple[Frame, bytes, Sequence[Question]]] = deque()
        self._bytes = 0
        self._stopped: Frame | None = None
        """A frame whose body could not be read ahead."""

    def over(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, bytes | None]]:
        """Yield each frame with its body, or None for one that has to be read at its turn."""
        self._frames = iter(frames)
        if self.world is None:  # no key is known before genesis
            for frame in self._frames:
                yield frame, None
                break
        while True:
            self._fill()
            if not self._held:
                break
            frame, body, questions = self._held.popleft()
            self._bytes -= len(body)
            yield frame, body
            self.ahead.forget(questions)
        if self._stopped is not None:
            yield self._stopped, None

    def _fill(self) -> None:
        """Read on while there is room; nothing before half of it is free again."""
        if 2 * len(self._held) > self.ahead.room or self._stopped is not None:
            return
        while len(self._held) < self.ahead.room and self._bytes < BYTES:
            frame = next(self._frames, None)
            if frame is None:
                break
            try:
                body = self._bodies.of(frame)
            except (Halt, EnvironmentFault):
                self._stopped = frame
                break
            questions = self._questions(body)
            self._held.append((frame, body, questions))
            self._bytes += len(body)
            self.ahead.expect(questions)
        self.ahead.give_out()

    def _questions(self, body: bytes) -> Sequence[Question]:
        """Return what the gate will ask about a packet, as far as it can be known now."""
        keys = None if self.world is None else self.world.states.get(MACHINE.name)
        if not isinstance(keys, State):
            return ()
        try:
            signed = packet_.decode(body)
            message: bytes = signed.id
            context = CONTEXT
            if signed.place is not None:
                message, context = signed.place.message(signed.id), BATCH_CONTEXT
        except (CanonError, ProofError):
            return ()
        signers = [(signed.packet.key, signed.signature, context)]
        signers += [(one.key, one.signature, CONTEXT) for one in signed.cosignatures]
        found: list[Question] = []
        for key, signature, own in signers:
            record = keys.keys.get(key)
            if record is not None:
                found.append((record.profile, record.public_key, message, signature, own))
        return found
