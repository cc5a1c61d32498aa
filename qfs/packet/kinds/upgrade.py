"""Kind 2: an upgrade, ``[machine, version, height]``."""

from qfs.canon import Value, pack, unpack
from qfs.kernel.admitted import Action, Upgrade
from qfs.packet.kinds.kind import Kind


def _pack(action: Upgrade) -> Value:
    return pack(action)


def _unpack(value: Value) -> Action:
    return unpack(Upgrade, value)


KIND = Kind(2, "upgrade", Upgrade, _pack, _unpack)
