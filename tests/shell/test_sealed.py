"""A sealed step cannot reach the outside; each attempt is refused, named and kept."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qfs.shell.perturbation import Machine, usual, variables
from qfs.shell.perturbed_run import Failed, Job, Told, run, workshop
from qfs.shell.perturbed_run_machine import machine
from qfs.shell.sealed import INSTEAD
from tests.shell.sealed_attempts import ALLOWED, ATTEMPTS, HEAD

NAMES = [(effect, name) for effect, every in ATTEMPTS.items() for name in every]
PYTHONS = machine(Path("/nonexistent")).pythons


@dataclass(frozen=True)
class Sealed:
    """What became of every attempt, run one after the other in one process."""

    refusals: dict[int, list[dict[str, Any]]]
    told: Told


def module_of(bodies: list[str], head: str) -> str:
    """Return a module whose `attempt(number)` does what the numbered body says."""
    made = [head, HEAD]
    for number, body in enumerate(bodies):
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        made.append(f"def attempt_{number}():\n{lines}\n")
    names = ", ".join(f"attempt_{number}" for number in range(len(bodies)))
    made.append(f"ALL = [{names}]\n\ndef attempt(number):\n    return repr(ALL[number]())\n")
    return "".join(made)


def sealed(bodies: list[str], folder: Path, python: str = sys.executable, head: str = "") -> Sealed:
    """Run the bodies, each a step."""
    (folder / "program.py").write_text(module_of(bodies, head), encoding="utf-8")
    inputs = folder / "inputs.jsonl"
    inputs.write_text("".join(f"{n}\n" for n in range(len(bodies))), encoding="utf-8")
    job = Job("program:attempt", inputs, folder, sealed=True, readable=(str(inputs),))
    known = variables(Machine((python, "/nonexistent"), "", addresses=False, folder=False))
    with workshop() as shop:
        told = run(job, usual(known), shop)
    assert not isinstance(told, Failed), told
    refusals: dict[int, list[dict[str, Any]]] = {}
    for one in told.noticed["refusals"]:
        refusals.setdefault(one["input"], []).append(one)
    return Sealed(refusals, told)


@pytest.fixture(scope="module")
def attempted(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the refusals of each attempt."""
    bodies = [ATTEMPTS[effect][name] for effect, name in NAMES]
    found = sealed(bodies, tmp_path_factory.mktemp("attempts"))
    assert len(found.told.digests) == len(NAMES)
    return {key: found.refusals.get(number, []) for number, key in enumerate(NAMES)}


def test_there_are_more_than_sixty_attempts() -> None:
    assert len(NAMES) > 100
    assert {effect for effect, _ in NAMES} == set(INSTEAD)


@pytest.mark.parametrize(("effect", "name"), NAMES, ids=[f"{e}: {n}" for e, n in NAMES])
def test_an_attempt_is_refused_with_its_line_and_the_way_out(
    effect: str, name: str, attempted: dict[tuple[str, str], list[dict[str, Any]]]
) -> None:
    refusals = attempted[effect, name]
    assert refusals, "it escaped"
    assert refusals[0]["effect"] == effect, refusals
    assert refusals[0]["place"].startswith("program.py:"), refusals
    assert refusals[0]["instead"] == INSTEAD[effect]


@pytest.mark.parametrize("python", PYTHONS, ids=[str(n) for n in range(len(PYTHONS))])
def test_every_python_refuses_every_attempt(python: str, tmp_path: Path) -> None:
    found = sealed([ATTEMPTS[effect][name] for effect, name in NAMES], tmp_path, python)
    escaped = [key for number, key in enumerate(NAMES) if number not in found.refusals]
    assert escaped == []


@pytest.mark.parametrize("python", PYTHONS, ids=[str(n) for n in range(len(PYTHONS))])
def test_what_is_deterministic_is_allowed(python: str, tmp_path: Path) -> None:
    found = sealed(list(ALLOWED.values()), tmp_path, python)
    assert [(list(ALLOWED)[n], every) for n, every in found.refusals.items()] == []
    assert found.told.noticed["raised"] == 0, found.told.noticed["notes"]


def test_the_inputs_may_be_read_again_and_nothing_else_beside_them(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("secret", encoding="utf-8")
    path = str(tmp_path / "inputs.jsonl")
    bodies = [
        f"return open({path!r}).read()",
        f"return open({str(tmp_path / 'other.txt')!r}).read()",
    ]
    found = sealed([*bodies, f"return open({path!r}, 'a')"], tmp_path)
    assert sorted(found.refusals) == [1, 2]


def test_a_native_module_outside_the_library_is_reported(tmp_path: Path) -> None:
    found = sealed(["import cbor2; return 1", "import json; return json.dumps(1)"], tmp_path)
    assert any("cbor2" in name for name in found.told.noticed["native"])
    assert json.dumps(found.told.noticed)


def test_ctypes_loaded_before_the_seal_closes_is_reported(tmp_path: Path) -> None:
    assert sealed(["return 1"], tmp_path).told.noticed["native"] == []
    early = sealed(["return 1"], tmp_path, head="import ctypes\n")
    assert early.told.noticed["native"] == ["ctypes"]
