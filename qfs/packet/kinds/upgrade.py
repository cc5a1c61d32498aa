"""Kind 2: an upgrade, ``[machine, version, height]``; whether it may be is the kernel's answer."""

from qfs.canon import Value, pack, unpack
from qfs.errors import RecordError
from qfs.kernel.admitted import Action, Upgrade
from qfs.packet.kinds.kind import Kind

MAX_MACHINE_NAME = 64


def _pack(action: Upgrade) -> Value:
    _check(action)
    return pack(action)


def _unpack(value: Value) -> Action:
    action = unpack(Upgrade, value)
    _check(action)
    return action


def _check(action: Upgrade) -> None:
    if len(action.machine) > MAX_MACHINE_NAME:
        raise RecordError(
            f"a machine name of {len(action.machine)} characters",
            place="payload",
            way_out=f"names have at most {MAX_MACHINE_NAME}",
        )


KIND = Kind(2, "upgrade", Upgrade, _pack, _unpack)
