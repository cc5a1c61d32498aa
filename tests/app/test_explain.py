"""Every code is explained, from the code itself, in every spelling that names it."""

import json
import subprocess
import sys
from enum import Enum
from pathlib import Path

import pytest

from qfs.app.explain import Explanation, everything, explain
from qfs.app.failure import EXIT_FINDINGS, EXIT_HALTED, EXIT_USAGE, UsageError
from qfs.app.machines import MACHINES
from qfs.errors import QFSError
from qfs.halt import Code

QFS = Path(sys.executable).with_name("qfs")


def codes(kind: str) -> dict[str, Explanation]:
    """Return the catalogue's part of one kind, by code."""
    return {one.code: one for one in everything() if one.kind == kind}


def test_every_error_class_has_a_code_of_its_own_and_is_explained() -> None:
    everything()
    classes = [QFSError]
    for cls in classes:
        classes.extend(cls.__subclasses__())
    ours = [cls for cls in dict.fromkeys(classes) if cls.__module__.startswith("qfs")]
    assert [cls.__name__ for cls in ours if "code" not in vars(cls)] == []
    assert len({cls.code for cls in ours}) == len(ours)
    assert sorted(codes("error")) == sorted(cls.code for cls in ours)


def test_every_halt_code_is_explained() -> None:
    assert list(codes("halt")) == [f"CIR-{one.value}" for one in Code]
    assert {one.exit_code for one in codes("halt").values()} == {EXIT_HALTED}


def test_every_refusal_of_every_machine_is_explained() -> None:
    members: list[Enum] = [one for machine in MACHINES.values() for one in machine.refusals]
    explained = {one.name for one in codes("refusal").values()}
    assert members != []
    assert {f"{type(one).__name__}.{one.name}" for one in members} <= explained


def test_every_code_says_what_it_means() -> None:
    assert [one.code for one in everything() if len(one.summary.split()) < 3] == []


def test_no_two_codes_are_the_same() -> None:
    every = [one.code for one in everything()]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(
    ("asked", "code", "exit_code"),
    [
        ("QFS-INPUT", "QFS-INPUT", EXIT_USAGE),
        ("qfs-input", "QFS-INPUT", EXIT_USAGE),
        ("InputError", "QFS-INPUT", EXIT_USAGE),
        ("CIR-302.03", "CIR-302.03", EXIT_HALTED),
        ("302.03", "CIR-302.03", EXIT_HALTED),
        ("ROOT_MISMATCH", "CIR-302.03", EXIT_HALTED),
        ("ledger.EXCEEDS_BALANCE", "ledger.EXCEEDS_BALANCE", EXIT_FINDINGS),
        ("exceeds_balance", "ledger.EXCEEDS_BALANCE", EXIT_FINDINGS),
        ("gate.BAD_SIGNATURE", "gate.BAD_SIGNATURE", EXIT_FINDINGS),
        ("70", "70", 70),
    ],
)
def test_a_code_is_found_in_every_spelling(asked: str, code: str, exit_code: int) -> None:
    (found,) = explain(asked).found
    assert (found.code, found.exit_code) == (code, exit_code)


def test_a_name_that_two_rooms_use_gives_both() -> None:
    found = {one.code for one in explain("NOT_GENESIS").found}
    assert {code.split(".")[-1] for code in found} == {"NOT_GENESIS"}
    assert "ledger.NOT_GENESIS" in found


@pytest.mark.parametrize(
    ("asked", "way_out"),
    [
        ("QFS-INPUTT", "did you mean QFS-INPUT"),
        ("ledger.EXCEED_BALANCE", "did you mean ledger.EXCEEDS_BALANCE"),
        ("QFS401", "qfs rules QFS401"),
        ("?", "qfs explain lists every code"),
        ("", "qfs explain lists every code"),
    ],
)
def test_an_unknown_code_is_a_mistake_with_a_way_out(asked: str, way_out: str) -> None:
    with pytest.raises(UsageError) as raised:
        explain(asked)
    assert way_out in str(raised.value)


@pytest.mark.parametrize("asked", ["302.02.09", "CIR-302.02.09", "gate.KEY_REVOKED"])
def test_a_refusal_is_found_by_the_code_that_a_halt_and_a_count_print(asked: str) -> None:
    (found,) = explain(asked).found
    assert found.code == "gate.KEY_REVOKED"


def test_every_halt_says_what_it_is_and_then_what_to_do() -> None:
    for one in everything():
        if one.kind == "halt":
            what, todo = one.text.split("\n\n")
            assert what != todo
            assert "qfs" in todo or "replay" in todo, one.code


def test_the_command_prints_a_code_for_people_and_for_programs() -> None:
    text = subprocess.run([QFS, "explain", "302.03"], capture_output=True, text=True, check=True)
    assert text.stdout == (
        "CIR-302.03 (halt, ROOT_MISMATCH)\n\n"
        "Re-deriving a packet gives another state root than the one recorded.\n\n"
        "This program or environment is another one than the one that wrote the log:\n"
        "qfs replay --perturb names the variable, --against the revision, qfs bisect\n"
        "the packet and key. Append nothing until the two agree.\n\n"
        "exit code: 3\n"
    )
    asked = [QFS, "explain", "302.03", "--format", "json"]
    document = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)
    assert document["schema"] == "qfs.explain/1"
    assert [one["code"] for one in document["explanations"]] == ["CIR-302.03"]


def test_the_command_lists_every_code_when_none_is_asked_for() -> None:
    listed = subprocess.run([QFS, "explain"], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [
        one.code for one in everything()
    ]
