"""An error prints the address of a virtual machine."""

from eth.vm.base import VM
from eth.vm.forks.frontier import FrontierVM
from eth_utils import ValidationError

made = FrontierVM.__new__(FrontierVM)
try:
    VM.validate_block(made, object)
except ValidationError as error:
    print(str(error))
