"""Kind 4: a resume, ``[digest of the halt record]``; its envelope carries the root threshold."""

from qfs.canon import DIGEST_BYTES, Value, pack, unpack
from qfs.errors import RecordError
from qfs.kernel.admitted import Action, Resume
from qfs.packet.kinds.kind import Kind


def _pack(action: Resume) -> Value:
    _check(action)
    return pack(action)


def _unpack(value: Value) -> Action:
    action = unpack(Resume, value)
    _check(action)
    return action


def _check(action: Resume) -> None:
    if len(action.halt) != DIGEST_BYTES:
        raise RecordError(f"a halt is named by {DIGEST_BYTES} bytes", place="payload")


KIND = Kind(4, "resume", Resume, _pack, _unpack)
