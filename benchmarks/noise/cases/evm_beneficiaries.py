"""The beneficiaries of a computation come in the order of a set of addresses."""

from types import SimpleNamespace

from eth.vm.computation import BaseComputation

made = SimpleNamespace(
    is_error=False, children=[], beneficiaries=[bytes([n]) * 20 for n in range(20)]
)
print(BaseComputation.get_self_destruct_beneficiaries(made))
