"""Every attack on the gate gets its exact refusal, and leaves the ledger as it was."""

import pytest

from qfs import gate
from qfs.gate import Refusal
from tests.attacks.attack import Attack
from tests.attacks.packets import ATTACKS, NOTHING
from tests.gate.worlds import Run


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_on_the_gate_gets_its_refusal(attack: Attack) -> None:
    run = Run()
    data = attack.make(run)
    before = run.world.root
    assert gate.verify(data, run.world, run.verifier) is attack.refusal
    assert run.world.root == before
    # The ledger goes on: a refused packet stops nobody.
    assert not isinstance(run.send("bob", NOTHING), Refusal)


def test_every_refusal_of_the_gate_has_an_attack() -> None:
    # HALTED needs a halted ledger: tests/gate/test_order.py.
    assert {attack.refusal for attack in ATTACKS} == set(Refusal) - {Refusal.HALTED}


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names) >= 70
