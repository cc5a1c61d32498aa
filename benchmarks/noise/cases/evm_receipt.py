"""An error prints the address of a receipt."""

from eth.vm.forks.berlin.receipts import TypedReceipt
from eth_utils import ValidationError

inner = TypedReceipt.__new__(TypedReceipt)
try:
    TypedReceipt(1, inner)
except ValidationError as error:
    print(error)
