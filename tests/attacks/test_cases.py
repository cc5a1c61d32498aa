"""Every attack gets its exact code, and the catalogue knows every code that there is to get."""

from pathlib import Path

import pytest

from qfs.app.explain import everything
from qfs.gate import Refusal
from qfs.keys import Refusal as KeysRefusal
from tests.attacks.attack import Attack
from tests.attacks.cases import ATTACKS


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.family}: {attack.name}")
def test_an_attack_gets_its_code(attack: Attack, tmp_path: Path) -> None:
    assert attack.run(tmp_path) == attack.expected


def test_every_refusal_of_the_gate_has_an_attack() -> None:
    # HALTED needs a halted ledger: tests/gate/test_order.py.
    got = {one.expected for one in ATTACKS if one.family == "gate"}
    assert got == {f"gate.{one.name}" for one in set(Refusal) - {Refusal.HALTED}}


def test_most_refusals_of_the_registry_have_an_attack() -> None:
    # The rest are mistakes rather than attacks: tests/keys/test_refusals.py has them all.
    got = {one.expected for one in ATTACKS if one.family == "key registry"}
    assert got < {f"keys.{one.name}" for one in KeysRefusal}
    assert len(got) >= 14


def test_every_code_is_in_the_catalogue() -> None:
    known = {one.code for one in everything()}
    codes = {one.expected for one in ATTACKS}
    # A halt at the gate's refusal carries the refusal's sub-code: CIR-302.02.12.
    assert {code[:10] if code.startswith("CIR") else code for code in codes} <= known


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [(attack.family, attack.name) for attack in ATTACKS]
    assert len(set(names)) == len(names) >= 150
