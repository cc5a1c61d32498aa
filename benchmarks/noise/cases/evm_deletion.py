"""The accounts that a computation deletes come in the order of a set of addresses."""

from types import SimpleNamespace

from eth.vm.computation import BaseComputation

made = SimpleNamespace(
    is_error=False, children=[], accounts_to_delete=[bytes([n]) * 20 for n in range(20)]
)
print(BaseComputation.get_accounts_for_deletion(made))
