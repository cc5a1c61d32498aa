"""What each function is: how its value stands to a given number of half units.

- ``side(c)`` is the sign of 2 * f * S - c, S = 10**18: 1, 0 or -1, always certain.
- A rational value is compared exactly, a root by powers, any other by bounds that are widened
  until they exclude c; they do, since such a value is irrational and c is whole.
- Exact cases are recognised here by their own arithmetic, not the kernels'.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt
from typing import Final, TypeAlias

from qfs.certmath.checker import bounds
from qfs.certmath.checker.bounds import Bounds
from qfs.errors import InvalidOperation

Side: TypeAlias = Callable[[int], int]

SCALE: Final = 10**18
WIDEST: Final = 1 << 15
"""Bits after which a check is called inconclusive; it raises rather than guess."""
LARGE_POWER_BITS: Final = 1 << 14
"""A rational power with more bits than this is no breakpoint, and is compared by bounds."""


def rational(value: Fraction) -> Side:
    """Compare an exact value, in units."""

    def side(c: int) -> int:
        difference = 2 * value - c
        return (difference > 0) - (difference < 0)

    return side


def widen(start: int, attempt: Callable[[int], int]) -> int:
    """Return the first sign that an attempt at growing precision gives.

    Raises InvalidOperation where WIDEST bits give none.
    """
    p = start
    while p <= WIDEST:
        sign = attempt(p)
        if sign:
            return sign
        p *= 2
    raise InvalidOperation(f"undecided after {WIDEST} bits")


def bounded(enclose: Callable[[int], Bounds]) -> Side:
    """Compare an irrational value f by bounds of it; they are open, so an end may equal c."""

    def side(c: int) -> int:
        def attempt(p: int) -> int:
            low, high = enclose(p)
            return (2 * SCALE * low >= c << p) - (2 * SCALE * high <= c << p)

        return widen(128, attempt)

    return side


def algebraic(radicand: int, degree: int) -> Side:
    """Compare the degree-th root of radicand >= 0, in units, by powers."""

    def side(c: int) -> int:
        if c < 0:
            return 1
        left: int = radicand << degree
        right: int = c**degree
        return (left > right) - (left < right)

    return side


def negated(side: Side) -> Side:
    """Compare -f."""
    return lambda c: -side(-c)


# Roots and powers.


def root(x: int, n: int) -> Side:
    """Compare the n-th root of x."""
    if x < 0:
        return negated(root(-x, n))
    if n <= 64 or x in (0, SCALE):
        return algebraic(x * SCALE ** (n - 1), n) if n <= 64 else rational(Fraction(x))
    whole = _whole_root(x, n)
    if whole:
        return rational(Fraction(whole * SCALE))
    return bounded(lambda p: _power_bounds(Fraction(x, SCALE), Fraction(1, n), p))


def _whole_root(x: int, n: int) -> int:
    """Return k >= 2 with k**n * S = x, or 0; n > 64 leaves k < 2**4, and n <= 195."""
    for k in range(2, 16 if n <= 195 else 2):
        if k**n * SCALE == x:
            return k
    return 0


def pow_(x: int, y: int) -> Side:
    """Compare the power x ** y; x not negative unless y is whole."""
    exponent = Fraction(y, SCALE)
    if x == 0 or y == 0:
        return rational(Fraction(0 if y else SCALE))
    if exponent.denominator == 1:
        return powi(x, exponent.numerator)
    base = Fraction(x, SCALE)
    q = exponent.denominator
    top, bottom = _exact_root(base.numerator, q), _exact_root(base.denominator, q)
    if top and bottom:
        return _rational_power(Fraction(top, bottom), exponent.numerator, Fraction(SCALE))
    return bounded(lambda p: _power_bounds(base, exponent, p))


def powi(x: int, n: int) -> Side:
    """Compare the power x ** n."""
    if n == 0 or x == 0:
        return rational(Fraction(0 if n else SCALE))
    if x < 0:
        return negated(powi(-x, n)) if n % 2 else powi(-x, n)
    return _rational_power(Fraction(x, SCALE), n, Fraction(SCALE))


def compound(principal: int, rate: int, periods: int) -> Side:
    """Compare principal * (1 + rate) ** periods."""
    base = Fraction(SCALE + rate, SCALE)
    if periods == 0 or principal == 0 or base == 0:
        return rational(Fraction(principal if periods == 0 else 0))
    if principal < 0:
        return negated(compound(-principal, rate, periods))
    return _rational_power(base, periods, Fraction(principal))


def _exact_root(n: int, k: int) -> int:
    """Return the k-th root of n >= 1 where it is whole, else 0, by bisection."""
    if n == 1:
        return 1
    if k >= n.bit_length():
        return 0
    low, high = 1, 1 << (n.bit_length() // k + 1)
    while high - low > 1:
        middle = (low + high) >> 1
        if middle**k <= n:
            low = middle
        else:
            high = middle
    return low if low**k == n else 0


def _rational_power(base: Fraction, n: int, factor: Fraction) -> Side:
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base == 1:
        return rational(factor)
    if abs(n) * bits <= LARGE_POWER_BITS:
        return rational(factor * base**n)
    scaled = factor * Fraction(1, SCALE)

    def enclose(p: int) -> Bounds:
        extra = scaled.numerator.bit_length()
        low, high = _power_bounds(base, Fraction(n), p + extra)
        down = scaled.denominator << extra
        return low * scaled.numerator // down, -(-high * scaled.numerator // down)

    return bounded(enclose)


def _power_bounds(base: Fraction, exponent: Fraction, p: int) -> Bounds:
    """Bounds of base ** exponent, base not 1, exponent not 0."""
    extra = max(exponent.numerator.bit_length() - exponent.denominator.bit_length(), 0)
    q = p + extra + 320
    low, high = bounds.ln_bounds(base.numerator, base.denominator, q)
    n, d = exponent.numerator, exponent.denominator << q
    ends = sorted([low * n, high * n])
    return bounds.exp_bounds(ends[0], d, p)[0], bounds.exp_bounds(ends[1], d, p)[1]


# Exponentials and logarithms.


def exp(x: int) -> Side:
    """Compare e ** x."""
    if x == 0:
        return rational(Fraction(SCALE))
    return bounded(lambda p: bounds.exp_bounds(x, SCALE, p))


def expm1(x: int) -> Side:
    """Compare e ** x - 1."""
    inner = exp(x)
    return lambda c: inner(c + 2 * SCALE)


def exp2(x: int) -> Side:
    """Compare 2 ** x."""
    return pow_(2 * SCALE, x)


def ln(x: int) -> Side:
    """Compare ln x: the sign of ln x - b is that of x - e**b."""
    if x == SCALE:
        return rational(Fraction(0))

    def side(c: int) -> int:
        if c == 0:
            return 1 if x > SCALE else -1

        def attempt(p: int) -> int:
            low, high = bounds.exp_bounds(c, 2 * SCALE, p)
            return (high * SCALE <= x << p) - (low * SCALE >= x << p)

        return widen(128 + x.bit_length() + 4 * abs(c) // SCALE, attempt)

    return side


def log1p(x: int) -> Side:
    """Compare ln(1 + x)."""
    return ln(x + SCALE)


def log(x: int, base: int) -> Side:
    """Compare the logarithm to a whole base: exact only for a whole power of it."""
    value = Fraction(x, SCALE)
    for n in range(-60, 257):
        if value == Fraction(base) ** n:
            return rational(Fraction(n * SCALE))

    def enclose(p: int) -> Bounds:
        q = p + 16
        low, high = bounds.ln_bounds(x, SCALE, q)
        base_low, base_high = bounds.ln_bounds(base, 1, q)
        return (
            (low << p) // (base_high if low > 0 else base_low),
            -((-high << p) // (base_low if high > 0 else base_high)),
        )

    return bounded(enclose)


def phi_pow(x: int) -> Side:
    """Compare phi ** x = e ** (x * ln phi), and ln phi = ln((1 + sqrt 5)/2) by bounds of sqrt 5."""
    if x == 0:
        return rational(Fraction(SCALE))

    def enclose(p: int) -> Bounds:
        q = p + max(x.bit_length() - 59, 0) + 320
        five = isqrt(5 << (2 * q))
        low = bounds.ln_bounds((1 << q) + five, 2 << q, q)[0]
        high = bounds.ln_bounds((1 << q) + five + 1, 2 << q, q)[1]
        ends = sorted([low * x, high * x])
        return (
            bounds.exp_bounds(ends[0], SCALE << q, p)[0],
            bounds.exp_bounds(ends[1], SCALE << q, p)[1],
        )

    return bounded(enclose)


# Circular and hyperbolic functions.


def sin(x: int) -> Side:
    """Compare sin x."""
    if x == 0:
        return rational(Fraction(0))
    return bounded(lambda p: bounds.sin_cos_bounds(x, SCALE, p)[0])


def cos(x: int) -> Side:
    """Compare cos x."""
    if x == 0:
        return rational(Fraction(SCALE))
    return bounded(lambda p: bounds.sin_cos_bounds(x, SCALE, p)[1])


def tan(x: int) -> Side:
    """Compare tan x: the sign of tan x - b is that of (sin x - b cos x) cos x."""
    if x == 0:
        return rational(Fraction(0))

    def side(c: int) -> int:
        def attempt(p: int) -> int:
            (sine_low, sine_high), (low, high) = bounds.sin_cos_bounds(x, SCALE, p)
            if low < 0 < high:
                return 0
            ends = sorted([low * c, high * c])
            above = (2 * SCALE * sine_low >= ends[1]) - (2 * SCALE * sine_high <= ends[0])
            return above if low >= 0 else -above

        return widen(128 + 2 * abs(c).bit_length(), attempt)

    return side


def atan(x: int) -> Side:
    """Compare atan x."""
    if x == 0:
        return rational(Fraction(0))
    if x < 0:
        return negated(atan(-x))
    return bounded(lambda p: bounds.atan_bounds(x, SCALE, p))


def half_sum(x: int, sign: int) -> Side:
    """Compare (e ** x + sign * e ** -x)/2: cosh and sinh."""
    if x == 0:
        return rational(Fraction((1 + sign) * SCALE, 2))
    if x < 0:
        return half_sum(-x, 1) if sign > 0 else negated(half_sum(-x, -1))

    def enclose(p: int) -> Bounds:
        low, high = bounds.exp_bounds(x, SCALE, p + 1)
        small, large = bounds.exp_bounds(-x, SCALE, p + 1)
        if sign < 0:
            small, large = -large, -small
        return (low + small) >> 2, ((high + large) >> 2) + 1

    return bounded(enclose)


def tanh(x: int) -> Side:
    """Compare tanh x = (1 - u)/(1 + u), u = e ** (-2 x)."""
    if x == 0:
        return rational(Fraction(0))
    if x < 0:
        return negated(tanh(-x))

    def enclose(p: int) -> Bounds:
        low, high = bounds.exp_bounds(-2 * x, SCALE, p)
        one = 1 << p
        return ((one - high) << p) // (one + high), -((-(one - low) << p) // (one + low))

    return bounded(enclose)


def sigmoid(x: int) -> Side:
    """Compare 1/(1 + e ** -x); for x < 0 it is u/(1 + u), u = e ** x."""
    if x == 0:
        return rational(Fraction(SCALE, 2))

    def enclose(p: int) -> Bounds:
        low, high = bounds.exp_bounds(-abs(x), SCALE, p)
        one = 1 << p
        if x > 0:
            return (one << p) // (one + high), -((-one << p) // (one + low))
        return (low << p) // (one + low), -((-high << p) // (one + high))

    return bounded(enclose)


def softplus(x: int) -> Side:
    """Compare ln(1 + e ** x) = max(x, 0) + ln(1 + e ** -|x|)."""

    def enclose(p: int) -> Bounds:
        one = 1 << p
        low, high = bounds.exp_bounds(-abs(x), SCALE, p) if x else (one, one)
        base = max(x, 0) << p
        return (
            (bounds.ln_bounds(one + low, one, p)[0] if low else 0) + base // SCALE,
            bounds.ln_bounds(one + high, one, p)[1] - (-base // SCALE),
        )

    return bounded(enclose)


def erf(x: int) -> Side:
    """Compare erf x; beyond 8 it lies within 2**-80 of 1 (DLMF 7.8.1)."""
    if x == 0:
        return rational(Fraction(0))
    if x < 0:
        return negated(erf(-x))
    if x >= 8 * SCALE:
        return bounded(lambda p: ((1 << p) - (1 << max(p - 80, 0)), 1 << p))
    return bounded(lambda p: bounds.erf_bounds(x, SCALE, p))


# Constants and rationals.


def pi() -> Side:
    """Compare the circle's constant."""
    return bounded(bounds.pi_bounds)


def e() -> Side:
    """Compare the base of the natural logarithm."""
    return exp(SCALE)


def phi() -> Side:
    """Compare the golden ratio: the sign of 2 phi S - c is that of 5 S² - (c - S)²."""

    def side(c: int) -> int:
        rest = c - SCALE
        return 1 if rest < 0 or rest * rest < 5 * SCALE * SCALE else -1

    return side


def phi_series(x: int, n: int) -> Side:
    """Compare the sum of (-1)**k * x**(2k+1)/(2k+1) over k < n."""
    z = Fraction(x, SCALE)
    total = Fraction(0)
    power = z
    for k in range(n):
        total += power * Fraction(1 if k % 2 == 0 else -1, 2 * k + 1)
        power *= z * z
    return rational(total * SCALE)


def annuity(principal: int, rate: int, periods: int) -> Side:
    """Compare P r g/(g - 1), g = (1 + r) ** periods."""
    if principal < 0:
        return negated(annuity(-principal, rate, periods))
    if rate == 0 or principal == 0:
        return rational(Fraction(principal, periods))
    base = Fraction(SCALE + rate, SCALE)
    if periods * base.denominator.bit_length() <= LARGE_POWER_BITS:
        power = base**periods
        return rational(Fraction(principal * rate, SCALE) * Fraction(power, power - 1))
    return bounded(lambda p: _annuity_bounds(base, periods, principal * rate, p))


def _annuity_bounds(base: Fraction, periods: int, interest: int, p: int) -> Bounds:
    """With u = g**-1 (r > 0) it is P r/(1 - u); with u = g (r < 0) it is -P r u/(1 - u)."""
    size = abs(interest)
    q = p + size.bit_length()
    one = 1 << q
    low, high = _power_bounds(base, Fraction(-periods if interest > 0 else periods), q)
    # |ln u| >= 10**-18 > 2**-60, so that bounds of 128 bits and more keep away from 1.
    above_low, above_high = (one, one) if interest > 0 else (low, high)
    square = SCALE * SCALE
    return (
        (size * above_low << p) // (square * (one - low)),
        -((-size * above_high << p) // (square * (one - high))),
    )


def npv(rate: int, flows: Sequence[int]) -> Side:
    """Compare the sum of flows[t]/(1 + rate)**t."""
    factor = Fraction(SCALE, SCALE + rate)
    total = Fraction(0)
    for flow in reversed(flows):
        total = total * factor + flow
    return rational(total)
