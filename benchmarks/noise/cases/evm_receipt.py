"""An error prints the address of a receipt."""

from eth.vm.forks.berlin.receipts import TypedReceipt

inner = TypedReceipt.__new__(TypedReceipt)
try:
    TypedReceipt(1, inner)
except Exception as error:  # noqa: BLE001
    print(error)
