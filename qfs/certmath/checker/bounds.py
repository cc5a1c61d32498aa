"""Open intervals around elementary functions of rationals, in integers.

- A pair (low, high) at precision p means low < v * 2**p < high for the irrational value v.
- Series are summed term by term; each floor loses less than one unit, and the loss is added to the
  upper end. Nothing here is shared with the kernels: e**x by Taylor and interval squaring, ln by
  Halley's iteration on it with a proof by evaluation, atan by Euler's series, erf by Maclaurin's.
- Source: Euler, "Investigatio quarundam serierum" (1779) for atan and pi; DLMF 7.6.1 for erf.
"""

from functools import lru_cache
from math import isqrt
from typing import Final, TypeAlias

Bounds: TypeAlias = tuple[int, int]

EXP_CLAMP: Final = 1000
"""Above e**1000 every value exceeds every number that it is ever compared with."""


def exp_bounds(n: int, d: int, p: int) -> Bounds:
    """Return bounds of e**(n/d), d > 0, n/d not 0; above e**1000 those of e**1000."""
    if n < 0:
        size = -n // d
        if size > p:
            return 0, 1  # e**-size < 2**-p
        q = p + 8 + 2 * size
        low, high = exp_bounds(-n, d, q)
        return (1 << (p + q)) // high, -(-(1 << (p + q)) // low)
    if n > EXP_CLAMP * d:
        n, d = EXP_CLAMP, 1
    # e**(n/d) = (e**(n/(d 2**k)))**(2**k), with an argument below 2**-8.
    k = (n // d).bit_length() + 8
    w = p + k + 2 * (n // d) + 16
    divisor = d << k
    low = high = 0
    term_low = term_high = 1 << w
    i = 0
    while term_high > 1:
        low += term_low
        high += term_high
        i += 1
        term_low = term_low * n // (divisor * i)
        term_high = -(-term_high * n // (divisor * i))
    high += 2 * term_high + 2  # the tail is geometric with a ratio below 1/2
    for _ in range(k):
        low = low * low >> w
        high = (high * high >> w) + 1
    return low >> (w - p), (high >> (w - p)) + 1


def ln_bounds(n: int, d: int, p: int) -> Bounds:
    """Return bounds of ln(n/d), n/d > 0 and not 1.

    Halley's iteration y += 2 (x - e**y)/(x + e**y) finds a candidate; that e**(y - k) < x <
    e**(y + k), k = 0, 1, 3 ... units of 2**-q, is then evaluated: all that the answer rests on.
    """
    q = p + 8
    y = (n.bit_length() - d.bit_length()) * 45426 * (1 << q) // 65536 or 1
    step = slack = 1 << 4
    while abs(step) >= slack:
        size = abs(y) >> q
        w = q + 2 * size + 8
        middle = sum(exp_bounds(y, 1 << q, w)) >> 1
        x = (n << w) // d
        step = ((x - middle) << (q + 1)) // (x + middle)
        y = y + step or 1
    slack = 0
    while True:
        low, high = y - slack, y + slack
        w = q + 2 * (abs(y) >> q) + 16 + max(d.bit_length() - n.bit_length(), 0)
        if _exp_below(low, q, n, d, w) and _exp_above(high, q, n, d, w):
            return low >> 8, (high >> 8) + 1
        slack = 2 * slack + 1


def _exp_below(y: int, q: int, n: int, d: int, w: int) -> bool:
    """Say whether e**(y * 2**-q) < n/d is certain at precision w."""
    return n > d if y == 0 else exp_bounds(y, 1 << q, w)[1] * d <= n << w


def _exp_above(y: int, q: int, n: int, d: int, w: int) -> bool:
    """Say whether e**(y * 2**-q) > n/d is certain at precision w."""
    return n < d if y == 0 else exp_bounds(y, 1 << q, w)[0] * d >= n << w


def atan_bounds(n: int, d: int, p: int) -> Bounds:
    """Return bounds of atan(n/d), n > 0, d > 0.

    Euler: atan x = sum of t_k, t_0 = x/(1 + x²), t_k = t_(k-1) * 2k/(2k + 1) * x²/(1 + x²).
    For x > 1 it is pi/2 - atan(1/x).
    """
    if n > d:
        low, high = atan_bounds(d, n, p + 2)
        pi_low, pi_high = pi_bounds(p + 2)
        return (pi_low - 2 * high) >> 3, ((pi_high - 2 * low) >> 3) + 1
    q = p + 2 * p.bit_length() + 8
    square, total_square = n * n, n * n + d * d
    term = (n * d << q) // total_square
    total = 0
    k = 0
    while term:
        total += term
        k += 1
        term = term * 2 * k * square // ((2 * k + 1) * total_square)
    # Ratios are below 1/2: each floor costs at most 2 in all later terms, and the tail at most 2.
    return total >> (q - p), ((total + 2 * k + 4) >> (q - p)) + 1


@lru_cache(maxsize=32)
def pi_bounds(p: int) -> Bounds:
    """Return bounds of pi = 20 atan(1/7) + 8 atan(3/79) (Euler)."""
    a, b = atan_bounds(1, 7, p + 8), atan_bounds(3, 79, p + 8)
    return (20 * a[0] + 8 * b[0]) >> 8, ((20 * a[1] + 8 * b[1]) >> 8) + 1


def sin_cos_bounds(n: int, d: int, p: int) -> tuple[Bounds, Bounds]:
    """Return bounds of sin(n/d) and cos(n/d): Taylor after taking away whole turns."""
    extra = max(abs(n).bit_length() - d.bit_length(), 0) + 8
    q = p + extra + 16
    pi_low, pi_high = pi_bounds(q)
    x = (n << q) // d
    turns = (x + pi_low) // (2 * pi_low)
    rest = x - turns * (pi_low + pi_high)
    # The rest errs by 1 of x and by |turns| times the width of 2 pi; both functions by no more.
    width = 1 + abs(turns) * (pi_high - pi_low) * 2
    sine, sine_loss = _taylor(rest, rest, 2, q)
    cosine, cosine_loss = _taylor(rest, 1 << q, 1, q)
    sine_loss += width
    cosine_loss += width
    down = q - p
    return (
        ((sine - sine_loss) >> down, ((sine + sine_loss) >> down) + 1),
        ((cosine - cosine_loss) >> down, ((cosine + cosine_loss) >> down) + 1),
    )


def _taylor(x: int, first: int, start: int, q: int) -> tuple[int, int]:
    """Return first - first x²/(start (start + 1)) + ..., |x| < 4, and how much it may be off.

    A loss grows by at most the product of all later ratios, below e**4 < 64.
    """
    square = x * x >> q
    term = total = first
    n = start
    while term not in (0, -1):
        term = -(term * square >> q) // (n * (n + 1))
        total += term
        n += 2
    return total, 64 * (n + 4) * 4


def erf_bounds(n: int, d: int, p: int) -> Bounds:
    """Return bounds of erf(n/d) for 0 < n/d < 8: 2/sqrt(pi) sum (-1)**k x**(2k+1)/(k! (2k+1)).

    Terms reach e**(x²) < 2**93; a loss grows over later terms by no more than that.
    """
    grow = 3 * (n * n // (d * d)) + 8
    q = p + grow + 24
    term = (n << q) // d
    total = 0
    k = 0
    square_n, square_d = n * n, d * d
    while term:
        total += term // (2 * k + 1) if k & 1 == 0 else -(term // (2 * k + 1))
        k += 1
        term = term * square_n // (square_d * k)
    loss = (k + 4) << grow
    pi_low, pi_high = pi_bounds(2 * p + 32)
    # 2/sqrt(pi) at precision p + 16, one unit either way.
    low_c = isqrt((4 << (4 * p + 64)) // pi_high) - 1
    high_c = isqrt((4 << (4 * p + 64)) // pi_low) + 1
    down = q + 16
    low = max(total - loss, 0) * low_c
    high = (total + loss) * high_c
    return low >> down, (high >> down) + 1
