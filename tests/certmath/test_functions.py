"""The functions on ``Fixed``: oracles on drawn arguments, laws, exact cases, domains, near-ties."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs import certmath
from qfs.certmath import (
    DivisionByZero,
    DomainError,
    Fixed,
    FloatOperation,
    InvalidOperation,
    Overflow,
    ProofLog,
    Rounding,
    certify,
    exponential,
    raw,
)
from qfs.certmath.hard import hard_points, near_ties
from qfs.certmath.logarithm import ln_enclosure
from qfs.certmath.rounding import round_enclosure
from qfs.shell.hypothesis_fixed import fixed_numbers, raw_numbers
from tools.certmath_prove import compare

SCALE = 10**18
MAX = 2**255 - 1
modes = st.sampled_from(list(Rounding))
ONE_NUMBER = (
    "sqrt", "exp", "exp2", "expm1", "ln", "log1p", "log2", "log10", "sin", "cos", "tan", "atan",
    "sinh", "cosh", "tanh", "sigmoid", "erf", "softplus", "phi_pow",
)  # fmt: skip


@cache
def arguments_of(function: str) -> st.SearchStrategy[int]:
    near = st.integers(-140 * SCALE, 200 * SCALE)
    return st.one_of(raw_numbers(near_ties_of=(function,)), near)


@pytest.mark.parametrize("function", ONE_NUMBER)
@given(data=st.data())
def test_a_function_of_one_number_is_what_both_oracles_say(function: str, data: Any) -> None:
    x = data.draw(arguments_of(function))
    assert compare(function, (x,)) == ""


@pytest.mark.parametrize("function", ["pow", "hypot"])
@given(x=raw_numbers(), y=raw_numbers(), unit=st.sampled_from([1, 10**9, SCALE >> 2, SCALE]))
def test_a_function_of_two_numbers_is_what_both_oracles_say(
    function: str, x: int, y: int, unit: int
) -> None:
    assert compare(function, (x, y)) == ""
    assert compare(function, (x, y % 2000 * unit)) == ""
    assert compare(function, (SCALE + x % SCALE, y % 2000 * unit)) == ""


@pytest.mark.parametrize("function", ["powi", "root"])
@given(x=raw_numbers(), n=st.one_of(st.integers(-70, 70), st.integers(-(10**12), 10**12)))
def test_whole_powers_and_roots_are_what_both_oracles_say(function: str, x: int, n: int) -> None:
    assert compare(function, (x, n)) == ""


rates = st.one_of(st.integers(-SCALE - 3, 3 * SCALE), st.integers(-(10**6), 10**6))


@pytest.mark.parametrize("function", ["compound", "annuity"])
@given(
    principal=raw_numbers(),
    rate=rates,
    periods=st.one_of(st.integers(-1, 400), st.integers(1, 10**12)),
)
def test_growth_and_payments_are_what_both_oracles_say(
    function: str, principal: int, rate: int, periods: int
) -> None:
    assert compare(function, (principal, rate, periods)) == ""


@given(rate=rates, flows=st.lists(raw_numbers(), max_size=8))
def test_present_values_are_what_both_oracles_say(rate: int, flows: list[int]) -> None:
    assert compare("npv", (rate, tuple(flows))) == ""


@given(x=st.one_of(raw_numbers(), st.integers(-3 * SCALE, 3 * SCALE)), n=st.integers(0, 30))
def test_the_arctangent_series_is_what_both_oracles_say(x: int, n: int) -> None:
    assert compare("phi_series", (x, n)) == ""


@pytest.mark.parametrize("function", [*ONE_NUMBER, "pow", "powi", "root", "hypot"])
def test_near_ties_and_exact_cases_are_what_both_oracles_say(function: str) -> None:
    for point in hard_points(function, 16)[::5]:
        assert compare(function, point) == ""


def test_one_third_of_the_logarithms_near_ties_need_more_than_the_first_precision() -> None:
    undecided = 0
    points = near_ties("ln", 100)
    for x in points:
        low, high, shift = ln_enclosure(x, 160)
        for mode in (Rounding.ROUND_HALF_EVEN, Rounding.ROUND_FLOOR):
            undecided += round_enclosure(low, high, shift, mode) is None
    assert undecided * 3 > len(points)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("powi", (SCALE * 3 >> 1, 300)),  # above the first precision
        ("annuity", (10**48, SCALE >> 1, 10**6)),  # beside the interest
        ("annuity", (-(10**48), SCALE >> 1, 10**6)),
        ("annuity", (10**48, -SCALE >> 1, 10**6)),  # beside zero
        ("annuity", (2**250, 2**160 + 1, 4)),  # a growth above the first precision
        ("annuity", (2**254 + 1, 2**200 + 1, 3)),
        ("annuity", (10**20, 1, 10**6)),
        ("annuity", (10**20, -1, 10**6)),
        ("root", (2**70 * SCALE, 10**9)),
        ("root", (3 * SCALE, 2**254)),
    ],
)
def test_cases_at_the_edges_of_the_methods_are_what_both_oracles_say(
    function: str, arguments: tuple[int, ...]
) -> None:
    assert compare(function, arguments) == ""


@pytest.mark.parametrize("mode", list(Rounding))
def test_a_first_precision_that_is_too_small_is_widened(
    mode: Rounding, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {x: raw.exp(x, mode) for x in (22 * SCALE, 25 * SCALE, 29 * SCALE)}
    monkeypatch.setattr(exponential, "precision_for", lambda _: 64)
    assert {x: raw.exp(x, mode) for x in wanted} == wanted


def test_there_are_hard_points_for_every_function_of_numbers() -> None:
    for function in (*ONE_NUMBER, "pow", "powi", "root", "hypot", "mul", "div"):
        points = hard_points(function, 4)
        assert len(points) > 100
        assert points == hard_points(function, 4)


# Names, arguments, results of exact cases, in decimal text.
EXACT = [
    ("sqrt", ["2.25"], "1.5"),
    ("root", ["-8", 3], "-2"),
    ("root", ["0", 70], "0"),
    ("root", ["73786976294838206464", 66], "2"),
    ("root", ["1", 10**9], "1"),
    ("hypot", ["3", "4"], "5"),
    ("pow", ["10", "2"], "100"),
    ("pow", ["2", "2"], "4"),
    ("pow", ["0.04", "-1.5"], "125"),
    ("pow", ["-2", "-3"], "-0.125"),
    ("pow", ["-2", "2"], "4"),
    ("pow", ["0", "0"], "1"),
    ("pow", ["0", "0.5"], "0"),
    ("pow", ["5", "0"], "1"),
    ("powi", ["1.5", 2], "2.25"),
    ("powi", ["0", 0], "1"),
    ("exp", ["0"], "1"),
    ("expm1", ["0"], "0"),
    ("exp2", ["10"], "1024"),
    ("exp2", ["-18"], "0.000003814697265625"),
    ("ln", ["1"], "0"),
    ("log1p", ["0"], "0"),
    ("log2", ["0.125"], "-3"),
    ("log2", ["1024"], "10"),
    ("log10", ["0.000000000000000001"], "-18"),
    ("log10", ["1000"], "3"),
    ("sin", ["0"], "0"),
    ("cos", ["0"], "1"),
    ("tan", ["0"], "0"),
    ("atan", ["0"], "0"),
    ("sinh", ["0"], "0"),
    ("cosh", ["0"], "1"),
    ("tanh", ["0"], "0"),
    ("sigmoid", ["0"], "0.5"),
    ("erf", ["0"], "0"),
    ("phi_pow", ["0"], "1"),
    ("phi_series", ["0.5", 1], "0.5"),
    ("phi_series", ["3", 2], "-6"),
    ("phi_series", ["3", 0], "0"),
    ("compound", ["100", "0.5", 2], "225"),
    ("compound", ["100", "0.5", 0], "100"),
    ("compound", ["100", "0", 9], "100"),
    ("compound", ["100", "-1", 9], "0"),
    ("compound", ["-100", "0.5", 2], "-225"),
    ("compound", ["0", "0.5", 2], "0"),
    ("annuity", ["300", "0", 3], "100"),
    ("annuity", ["0", "0.1", 3], "0"),
    ("annuity", ["3", "1", 2], "4"),
    ("annuity", ["-3", "1", 2], "-4"),
]


@pytest.mark.parametrize(("name", "arguments", "result"), EXACT)
@pytest.mark.parametrize("mode", list(Rounding))
def test_an_exact_case_is_the_same_in_every_mode(
    name: str, arguments: list[Any], result: str, mode: Rounding
) -> None:
    call = getattr(certmath, name)
    assert call(*[_read(a) for a in arguments], mode) == Fixed(result)
    assert certify(name, *[_read(a) for a in arguments], result=Fixed(result), rounding=mode)


def _read(argument: Any) -> Any:
    return Fixed(argument) if isinstance(argument, str) else argument


# What published libraries answer wrongly, with the correct answer.
@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("pow", ["10", "2"], "100"),  # PRBMath: 99.999999999999998071
        ("pow", ["2", "2"], "4"),  # Solady, Balancer: 3.999999999999999996
        ("ln", ["3"], "1.098612288668109691"),  # a public CertifiedMath: ln 5
        ("pow", ["2", "3.2"], "9.189586839976280054"),  # rust_decimal: 9.189586821
        ("sqrt", ["4"], "2"),  # fixedpointmath: 1.999999999999999999
        ("div", ["3.61525397940154486", "10.873234283169434027"], "0.332491132376091519"),
    ],
)
def test_known_errors_of_others_are_not_ours(name: str, arguments: list[str], result: str) -> None:
    assert str(getattr(certmath, name)(*[Fixed(a) for a in arguments])) == result


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("sqrt", ["-1"], DomainError),
        ("ln", ["0"], DomainError),
        ("log1p", ["-1"], DomainError),
        ("log2", ["-1"], DomainError),
        ("log10", ["0"], DomainError),
        ("root", ["-4", 2], DomainError),
        ("root", ["4", 0], DomainError),
        ("pow", ["-2", "0.5"], DomainError),
        ("pow", ["0", "-1"], DivisionByZero),
        ("powi", ["0", -1], DivisionByZero),
        ("pow", ["10", "60"], Overflow),
        ("pow", ["2", "1000000000000"], Overflow),
        ("pow", ["1.5", "1000000000000"], Overflow),
        ("pow", ["2.5", "1000.5"], Overflow),
        ("exp", ["135.30599936889323159"], Overflow),
        ("exp", ["200"], Overflow),
        ("expm1", ["137"], Overflow),
        ("exp2", ["196"], Overflow),
        ("sinh", ["138"], Overflow),
        ("cosh", ["-136.5"], Overflow),
        ("phi_pow", ["300"], Overflow),
        ("phi_series", ["3", 200], Overflow),
        ("phi_series", ["3", -1], InvalidOperation),
        ("phi_series", ["3", 4097], InvalidOperation),
        ("compound", ["1", "-1.5", 1], DomainError),
        ("compound", ["1", "0.5", -1], DomainError),
        ("compound", ["1", "0.5", 10**20], Overflow),
        ("annuity", ["1", "-1", 1], DomainError),
        ("annuity", ["1", "0.5", 0], DomainError),
        ("npv", ["-1", [1]], DomainError),
        ("npv", ["0.1", [1] * 10_001], InvalidOperation),
    ],
)
def test_outside_its_domain_a_function_raises(
    name: str, arguments: list[Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        getattr(certmath, name)(*[_read(a) for a in arguments])


@pytest.mark.parametrize("name", sorted(set(certmath.__all__) & {*ONE_NUMBER}))
def test_a_float_is_refused_by_every_function(name: str) -> None:
    with pytest.raises(FloatOperation):
        getattr(certmath, name)(0.5)


def test_counts_and_sequences_have_their_types() -> None:
    with pytest.raises(FloatOperation):
        certmath.powi(Fixed(2), 2.0)  # type: ignore[arg-type]
    with pytest.raises(certmath.ConversionSyntax):
        certmath.sum("12")  # type: ignore[arg-type]
    assert certmath.sum((Fixed(1), 2)) == 3
    assert certmath.dot([1, 2], [Fixed("0.5"), 2]) == Fixed("4.5")


def test_the_logarithm_of_the_largest_number_is_in_range() -> None:
    most = Fixed.from_raw(MAX)
    assert certify("ln", most, result=certmath.ln(most))
    with pytest.raises(Overflow):
        certmath.softplus(most, Rounding.ROUND_CEILING)
    assert certmath.softplus(most) == most


@given(fixed_numbers(), modes)
def test_directed_roundings_enclose_every_other(x: Fixed, mode: Rounding) -> None:
    for name in ("atan", "sin", "cos", "tanh", "sigmoid"):
        call = getattr(certmath, name)
        low, high = call(x, Rounding.ROUND_FLOOR), call(x, Rounding.ROUND_CEILING)
        assert low <= call(x, mode) <= high
        assert high.raw - low.raw <= 1


@given(fixed_numbers(low=Fixed(0)), fixed_numbers(low=Fixed(0)))
def test_monotone_functions_stay_monotone(x: Fixed, y: Fixed) -> None:
    low, high = min(x, y), max(x, y)
    for name in ("sqrt", "log1p", "atan", "tanh", "sigmoid", "erf"):
        call = getattr(certmath, name)
        assert call(low) <= call(high)


def test_each_function_records_its_raw_call() -> None:
    for function in raw.__all__:
        if function in ("MAX_RAW", "MIN_RAW", "mul_exact", "div_exact", "wrap", "saturate"):
            continue
        log = ProofLog()
        arguments = _SAMPLE.get(function, [Fixed("1.25")])
        result = getattr(certmath, function)(*arguments, log=log)
        (operation,) = log.operations
        assert operation.function == function
        assert certmath.recheck(operation)
        assert getattr(certmath, function)(*arguments) == result
        assert certify(getattr(certmath, function), *arguments, result=result, **_default(function))


def _default(function: str) -> dict[str, Rounding]:
    floors = ("divmod", "mod", "allocate")
    return {"rounding": Rounding.ROUND_FLOOR} if function in floors else {}


_SAMPLE: dict[str, list[Any]] = {
    **{name: [Fixed(7), 3] for name in ("add", "sub", "mul", "div", "divmod", "mod")},
    **{name: [Fixed(7), 3] for name in ("hypot", "pow")},
    **{name: [Fixed("1.25"), 3] for name in ("root", "powi", "phi_series", "quantize")},
    **{name: [Fixed(100), Fixed("0.05"), 12] for name in ("compound", "annuity")},
    **{name: [] for name in ("pi", "e", "phi")},
    "muldiv": [Fixed(7), Fixed(3), Fixed(9)],
    "sum": [[Fixed(1), Fixed(2)]],
    "dot": [[Fixed(1), Fixed(2)], [Fixed(3), Fixed(4)]],
    "npv": [Fixed("0.1"), [Fixed(-100), Fixed(60), Fixed(60)]],
    "allocate": [Fixed(100), [1, 1, 1]],
}
