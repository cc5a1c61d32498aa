"""The registry of machines: one line a machine and version; old versions stay, so old logs replay."""

from typing import Any

from qfs import keys
from qfs.kernel.contract import Machine

MACHINES: dict[tuple[str, int], Machine[Any, Any, Any]] = {
    (keys.MACHINE.name, keys.MACHINE.version): keys.MACHINE,
}
