"""An error prints the address of a virtual machine."""

from eth.vm.base import VM
from eth.vm.forks.frontier import FrontierVM

made = FrontierVM.__new__(FrontierVM)
try:
    VM.validate_block(made, object)
except Exception as error:  # noqa: BLE001
    print(str(error))
