"""CIR-302: a halt says what, where and why, the same bytes everywhere."""

import subprocess
import sys

import pytest

from qfs.canon import Digest
from qfs.errors import CanonError, EnvironmentFault, ProviderFault
from qfs.halt import EXIT_HALTED, Code, Halt, HaltRecord, check, guard

ROOT, PACKET, OTHER = (Digest(bytes([n]) * 32) for n in (1, 2, 3))


def test_a_true_condition_goes_on_and_a_false_one_halts():
    check(True, Code.INVARIANT_BROKEN)
    with pytest.raises(Halt) as caught:
        check(False, Code.INVARIANT_BROKEN, seq=7, invariant="supply_is_conserved", at=b"\x01")
    assert caught.value.lines() == ("at=01", "invariant=supply_is_conserved", "seq=7")
    assert str(caught.value).startswith("CIR-302.04 INVARIANT_BROKEN: at=01")
    assert EXIT_HALTED == 3


def test_a_check_survives_optimisation():
    code = "from qfs.halt import Code, check; check(False, Code.ROOT_MISMATCH)"
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, check=False)
    assert b"CIR-302.03" in done.stderr


@pytest.mark.parametrize("error", [ValueError, KeyError, ZeroDivisionError, AssertionError])
def test_an_error_of_a_machine_is_a_halt_that_names_it(error):
    def fail():
        raise error("library text that may differ from version to version")

    with pytest.raises(Halt) as caught:
        guard(fail, Code.EVOLVE_FAILED, seq=3)
    assert caught.value.lines() == (f"error={error.__name__}", "seq=3")


@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(),
        RecursionError(),
        OSError(),
        EnvironmentFault("disk"),
        ProviderFault("library"),
        KeyboardInterrupt(),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_fault_of_the_environment_never_enters_history(fault):
    def fail():
        raise fault

    with pytest.raises(type(fault)):
        guard(fail, Code.EVOLVE_FAILED)


def test_a_halt_inside_a_guard_stays_what_it_is():
    with pytest.raises(Halt) as caught:
        guard(lambda: check(False, Code.REACTION_DEPTH, seq=1), Code.EVOLVE_FAILED, seq=2)
    assert (caught.value.code, caught.value.facts) == (Code.REACTION_DEPTH, {"seq": 1})
    assert guard(lambda: 5, Code.EVOLVE_FAILED) == 5


def test_a_record_is_canonical_and_chained():
    halt = Halt(Code.ROOT_MISMATCH, seq=7, derived=OTHER, recorded=ROOT)
    record = halt.record(7, PACKET, ROOT)
    assert record.facts == (f"derived={OTHER.hex()}", f"recorded={ROOT.hex()}", "seq=7")
    assert HaltRecord.from_bytes(record.to_bytes()) == record
    again = Halt(Code.ROOT_MISMATCH, recorded=ROOT, derived=OTHER, seq=7).record(7, PACKET, ROOT)
    assert again.to_bytes() == record.to_bytes()
    following = halt.record(7, PACKET, ROOT, record.digest())
    assert following.previous == record.digest() != following.digest()


def test_other_bytes_are_no_record():
    data = Halt(Code.ROOT_MISMATCH).record(7, PACKET, ROOT).to_bytes()
    for spoiled in (b"", data[:-1], data + b"\x00", b"\x80"):
        with pytest.raises(CanonError):
            HaltRecord.from_bytes(spoiled)


def test_every_code_has_a_number_of_its_own():
    values = [code.value for code in Code]
    assert values == sorted(values)
    assert all(value.startswith("302.") for value in values)
    assert len(dict.fromkeys(values)) == len(Code)
