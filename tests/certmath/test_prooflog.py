"""The proof log: what it records, its one encoding, and re-checking it elsewhere."""

import pytest

from qfs import certmath
from qfs.canon import encode
from qfs.certmath import Fixed, Operation, ProofLog, Rounding, describe, recheck
from qfs.errors import (
    CanonError,
    CertifiedMathError,
    InvalidOperation,
    Overflow,
    RecordError,
)

HALF_EVEN = Rounding.ROUND_HALF_EVEN


def a_transaction() -> ProofLog:
    log = ProofLog()
    fee = certmath.mul(Fixed("1000.10"), Fixed("0.0025"), log=log)
    growth = certmath.exp(Fixed("0.05"), Rounding.ROUND_FLOOR, log=log)
    certmath.allocate(fee, [1, 2, 2], log=log)
    certmath.divmod(growth, Fixed("0.1"), log=log)
    certmath.npv(Fixed("0.01"), [-1, 2], log=log)
    certmath.compound(Fixed(1), Fixed("0.01"), 12, log=log)
    certmath.pi(log=log)
    return log


def test_nothing_is_recorded_unless_a_log_is_passed() -> None:
    log = ProofLog()
    certmath.exp(1)
    assert len(log) == 0
    certmath.exp(1, log=log)
    assert len(log) == 1


def test_an_operation_says_all_that_is_needed_to_check_it_again() -> None:
    log = a_transaction()
    assert log.operations[1] == Operation(
        "exp", Rounding.ROUND_FLOOR, (5 * 10**16,), 1_051271096376024039
    )
    assert [recheck(operation) for operation in log.operations] == [True] * 7


def test_an_operation_is_written_as_people_write_it() -> None:
    assert [describe(operation) for operation in a_transaction().operations] == [
        "mul(1000.1, 0.0025) ROUND_HALF_EVEN = 2.50025",
        "exp(0.05) ROUND_FLOOR = 1.051271096376024039",
        "allocate(2.50025, [1, 2, 2]) ROUND_FLOOR = [0.50005, 1.0001, 1.0001]",
        "divmod(1.051271096376024039, 0.1) ROUND_FLOOR = 10, 0.051271096376024039",
        "npv(0.01, [-1, 2]) ROUND_HALF_EVEN = 0.980198019801980198",
        "compound(1, 0.01, 12) ROUND_HALF_EVEN = 1.126825030131969721",
        "pi() ROUND_HALF_EVEN = 3.141592653589793238",
    ]


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (Operation("gamma", HALF_EVEN, (1,), 1), InvalidOperation),
        (Operation("exp", HALF_EVEN, (1, 2), 1), InvalidOperation),
        (Operation("exp", HALF_EVEN, (1 << 255,), 1), Overflow),
    ],
)
def test_what_is_no_operation_is_not_written(
    operation: Operation, error: type[CertifiedMathError]
) -> None:
    with pytest.raises(error):
        describe(operation)


def test_a_log_has_one_encoding_and_one_digest() -> None:
    log = a_transaction()
    data = log.to_bytes()
    again = ProofLog.from_bytes(data)
    assert again.operations == log.operations
    assert again.to_bytes() == data
    assert again.digest() == log.digest() == a_transaction().digest()
    assert log.digest() != ProofLog().digest()
    assert log.digest().hex().startswith("a643b12d987d4786")


@pytest.mark.parametrize(
    "value",
    [
        [],
        [2, []],
        [1, 5],
        [1, [5]],
        [1, [["exp", "ROUND_FLOOR", [1]]]],
        [1, [["exp", "ROUND_ODD", [1], 1]]],
        [1, [[1, "ROUND_FLOOR", [1], 1]]],
        [1, [["exp", "ROUND_FLOOR", 1, 1]]],
        [1, [["exp", "ROUND_FLOOR", ["1"], 1]]],
        [1, [["exp", "ROUND_FLOOR", [[b"1"]], 1]]],
    ],
)
def test_other_values_are_no_proof_log(value: list) -> None:  # type: ignore[type-arg]
    with pytest.raises(RecordError):
        ProofLog.from_bytes(encode(value))


def test_bytes_that_are_not_canonical_are_refused() -> None:
    with pytest.raises(CanonError):
        ProofLog.from_bytes(a_transaction().to_bytes() + b"\x00")


@pytest.mark.parametrize(
    ("operation", "verdict"),
    [
        (Operation("exp", HALF_EVEN, (0,), 10**18), True),
        (Operation("exp", HALF_EVEN, (0,), 10**18 + 1), False),
        (Operation("exp", HALF_EVEN, (0,), (10**18,)), False),
        (Operation("divmod", HALF_EVEN, (7, 2), 4), False),
        (Operation("divmod", HALF_EVEN, (7, 2), (4, -1)), True),
        (Operation("divmod", HALF_EVEN, (7, 2), (4,)), False),
        (Operation("divmod", HALF_EVEN, (7, 2), (4, -2)), False),
        (Operation("mod", HALF_EVEN, (7, 2), -1), True),
        (Operation("mod", HALF_EVEN, (7, 2), 0), False),
        (Operation("allocate", HALF_EVEN, (3, (1, 1)), 3), False),
        (Operation("div", HALF_EVEN, (3, 0), 3), False),
        (Operation("dot", HALF_EVEN, ((1,), (1, 2)), 3), False),
    ],
)
def test_a_recorded_operation_is_rechecked(operation: Operation, verdict: bool) -> None:
    assert recheck(operation) is verdict


@pytest.mark.parametrize(
    "operation",
    [
        Operation("nonsense", HALF_EVEN, (1,), 1),
        Operation("exp", HALF_EVEN, (1, 2), 1),
        Operation("exp", HALF_EVEN, ((1,),), 1),
        Operation("sum", HALF_EVEN, (1,), 1),
    ],
)
def test_an_operation_that_no_function_can_have_made_is_an_error(operation: Operation) -> None:
    with pytest.raises(InvalidOperation):
        recheck(operation)
