"""Kind 3: a tick, ``[]``: it moves time and nothing else."""

from qfs.canon import Value, pack, unpack
from qfs.kernel.admitted import Action, Tick
from qfs.packet.kinds.kind import Kind


def _pack(action: Tick) -> Value:
    return pack(action)


def _unpack(value: Value) -> Action:
    return unpack(Tick, value)


KIND = Kind(3, "tick", Tick, _pack, _unpack)
