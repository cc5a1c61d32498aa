"""Enclosures at many precisions hold Arb's value: the error budgets, checked by an oracle."""

import random
from collections.abc import Callable
from typing import Any

import flint
import pytest

from qfs.certmath import (
    circular,
    exponential,
    hyperbolic,
    logarithm,
    power,
    series,
    special,
    ziv,
)
from qfs.certmath.rounding import HALF_EVEN
from qfs.errors import InvalidOperation
from tests.certmath.poles import deep_pole

SCALE = 10**18
PRECISIONS = (160, 192, 384, 1000, 1100, 2100)


def number(raw: int) -> Any:
    return flint.arb(flint.fmpq(raw, SCALE))


def holds(low: int, high: int, shift: int, value: Any) -> bool:
    scaled = value * flint.arb(2) ** shift
    return bool(flint.arb(low) < scaled < flint.arb(high))


ENCLOSURES: list[tuple[str, Callable[[int, int], ziv.Enclosure], Callable[[Any], Any], int]] = [
    ("exp", exponential.exp_enclosure, lambda x: x.exp(), 66),
    ("ln", logarithm.ln_enclosure, lambda x: abs(x).log(), 254),
    ("log2", lambda x, p: logarithm.log_enclosure(x, 2, p),
     lambda x: x.log() / flint.arb.const_log2(), 254),
    ("log10", lambda x, p: logarithm.log_enclosure(x, 10, p),
     lambda x: x.log() / flint.arb.const_log10(), 254),
    ("tan", circular.tan_enclosure, lambda x: x.tan(), 120),
    ("atan", circular.atan_enclosure, lambda x: x.atan(), 254),
    ("erf", special.erf_enclosure, lambda x: x.erf(), 62),
    ("root", lambda x, p: power.root_enclosure(x, 70, p), lambda x: (x.log() / 70).exp(), 254),
]  # fmt: skip


@pytest.mark.parametrize("p", PRECISIONS)
@pytest.mark.parametrize(
    ("enclose", "oracle", "bits"), [e[1:] for e in ENCLOSURES], ids=[e[0] for e in ENCLOSURES]
)
def test_an_enclosure_holds_the_value_at_every_precision(
    enclose: Callable[[int, int], ziv.Enclosure], oracle: Callable[[Any], Any], bits: int, p: int
) -> None:
    rng = random.Random(p)
    flint.ctx.prec = p + 700
    for _ in range(12):
        x = rng.getrandbits(rng.randint(1, bits)) or 1
        low, high, shift = enclose(x, p)
        assert holds(low, high, shift, oracle(number(x)) * SCALE)


@pytest.mark.parametrize("p", PRECISIONS)
def test_the_series_err_by_no_more_than_they_say(p: int) -> None:
    rng = random.Random(p)
    flint.ctx.prec = p + 100
    two = flint.arb(2)
    cases: list[tuple[int, Any, int]] = [
        (series.ln2(p), flint.arb.const_log2(), 2),
        (series.ln10(p), flint.arb.const_log10(), 2),
        (series.pi(p), flint.arb.pi(), 2),
        (special.ln_phi(p), ((1 + flint.arb(5).sqrt()) / 2).log(), 4),
    ]
    for _ in range(10):
        s = rng.getrandbits(p)
        x = flint.arb(s) / two**p
        sine, cosine = series.sin_cos_fraction(s, p)
        cases += [
            (series.exp_fraction(s, p), x.exp(), 2),
            (series.ln_mantissa((1 << p) + s, p), (1 + x).log(), 2),
            (sine, x.sin(), 2),
            (cosine, x.cos(), 2),
            (series.atan_fraction(s, p), x.atan(), 2),
            (series.ln_ratio(s % 512 + 512, 1023, p),
             (flint.arb(s % 512 + 512) / 1023).log(), 2),
        ]  # fmt: skip
    for found, true, ulps in cases:
        assert abs(flint.arb(found) - true * two**p) <= ulps


@pytest.mark.parametrize("p", PRECISIONS)
def test_the_exponential_kernel_errs_by_at_most_32_ulps_for_an_argument_that_errs_by_3(
    p: int,
) -> None:
    rng = random.Random(p)
    flint.ctx.prec = p + 200
    for _ in range(20):
        t = rng.getrandbits(p + 5) - (1 << (p + 4))
        for off in (-3, 0, 3):
            v, k = exponential.power_of_two(t + off, p)
            tau = flint.arb(t) / flint.arb(2) ** p
            assert abs(flint.arb(v) - flint.arb(2) ** (p - k + tau)) <= exponential.POWER_ULPS


@pytest.mark.parametrize("p", [1100, 2100])
def test_powers_and_hyperbolic_functions_hold_above_the_tables(p: int) -> None:
    flint.ctx.prec = p + 700
    for x, y in ((3 * SCALE + 1, 7 * SCALE + 3), (SCALE // 3, -5 * SCALE + 1)):
        low, high, shift = power._power_of(x, y, p)
        assert holds(low, high, shift, (number(x).log() * number(y)).exp() * SCALE)
        v, k = exponential.exp_parts(y, p)
        true = number(y).exp() * flint.arb(2) ** (p - k)
        assert abs(flint.arb(v) - true) <= exponential.POWER_ULPS
        decay = flint.arb(hyperbolic._decay(abs(y), p))
        assert abs(decay - (-number(abs(y))).exp() * flint.arb(2) ** p) <= hyperbolic.DECAY_ULPS


def test_precision_doubles_without_end() -> None:
    asked: list[int] = []

    def enclose(p: int) -> ziv.Enclosure:
        asked.append(p)
        # Undecided about 1/2 until 20,000 bits: a tie that is only nearly one.
        return ((1 << p) - (p > 20_000) - 1, (1 << p) + (p <= 20_000) - 1, p + 1)

    assert ziv.settle(enclose, 160, HALF_EVEN) == 0
    assert asked == [160, 384, 768, 1536, 3072, 6144, 12288, 24576]


def test_without_a_termination_proof_the_loop_ends_at_its_cap() -> None:
    with pytest.raises(InvalidOperation, match="undecided after 4096 bits"):
        ziv.settle(lambda p: ((1 << p) - 1, (1 << p) + 1, p + 1), 160, HALF_EVEN, ziv.UNPROVED_CAP)


def test_a_tangent_beside_its_pole_is_widened_until_the_cosine_is_not_zero() -> None:
    pole = circular.pi_series(400) * SCALE >> 401
    assert circular.tan_enclosure(pole, 160)[2] == 160
    assert circular.tan_enclosure(deep_pole(), 160) == (-SCALE, SCALE, 1)
