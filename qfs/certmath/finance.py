"""compound, annuity and npv on raw integers, each rounded once.

- All are rationals. Where the exact ratio would be large, an interval decides; each docstring
  proves that the value is then no breakpoint, so that widening ends.
- Rates are per period and at least -1 (above -1 where one divides by 1 + rate).
"""

from collections.abc import Sequence
from math import gcd
from typing import Final

from qfs.certmath.basic import in_range
from qfs.certmath.power import power_enclosure, scaled_power
from qfs.certmath.rounding import (
    HALF_EVEN,
    SCALE,
    Rounding,
    mirrored,
    round_beside,
    round_ratio,
)
from qfs.certmath.ziv import Enclosure, settle
from qfs.errors import DomainError, InvalidOperation

FLOWS_MAX: Final = 10_000


def compound(principal: int, rate: int, periods: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(principal * (1 + rate)**periods), in units; rate >= -1, periods >= 0.

    Exact where v**periods divides 2 * principal (1 + rate = u/v in lowest terms), else no
    breakpoint (see ``power.scaled_power``). Raises DomainError, Overflow.
    """
    growth = SCALE + rate
    if growth < 0 or periods < 0:
        raise DomainError(
            f"a rate of {rate} units over {periods} periods",
            way_out="pass a rate >= -1 and periods >= 0",
        )
    if principal == 0 or (growth == 0 and periods > 0):
        return 0
    common = gcd(growth, SCALE)
    u, v = growth // common, SCALE // common
    if periods == 0 or growth == SCALE:
        return principal
    if principal < 0:
        return in_range(-scaled_power(-principal, u, v, periods, mirrored(rounding)))
    return in_range(scaled_power(principal, u, v, periods, rounding))


def annuity(principal: int, rate: int, periods: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R of the level payment that repays a principal: P r g/(g - 1), g = (1 + r)**periods.

    With r = 0 it is P/periods. rate > -1, periods >= 1. With 1 + r = a/b in lowest terms the value
    in units is P R a**n/(S (a**n - b**n)), R = r * S: a breakpoint only if a**n - b**n divides
    2 P R. It is computed exactly where that number may be small; elsewhere
    |a**n - b**n| >= max(a, b)**(n - 1) > |2 P R|, so that an interval decides.
    Raises DomainError, Overflow.
    """
    growth = SCALE + rate
    if growth <= 0 or periods < 1:
        raise DomainError(
            f"a rate of {rate} units over {periods} periods",
            way_out="pass a rate > -1 and periods >= 1",
        )
    if principal < 0:
        return -annuity(-principal, rate, periods, mirrored(rounding))
    if rate == 0 or principal == 0:
        return round_ratio(principal, periods, rounding)
    common = gcd(growth, SCALE)
    a, b = growth // common, SCALE // common
    interest = principal * rate
    if (periods - 1) * (max(a, b).bit_length() - 1) <= (2 * interest).bit_length():
        power, other = a**periods, b**periods
        below = SCALE * (power - other)
        sign = 1 if below > 0 else -1
        return in_range(round_ratio(sign * interest * power, sign * below, rounding))
    return in_range(_long_annuity(a, b, periods, interest, rounding))


def _long_annuity(a: int, b: int, n: int, interest: int, rounding: Rounding) -> int:
    """Return R(interest * g/(S (g - 1))) for g = (a/b)**n, where it is no breakpoint.

    The value is interest/S + interest/(S (g - 1)). Where g - 1 > interest > 0 the second part is
    below 1/S, and no breakpoint lies within 1/S above interest/S, a multiple of 1/S.
    """
    size = abs(interest)
    # 192 bits beyond those of the interest: 60 for 10**18, 60 for |g - 1| >= 2**-60, the rest to
    # decide; and g < 2**(bits + 2) keeps every shift positive.
    start = size.bit_length() + 192
    low, high, shift = power_enclosure(a, b, n, start)
    if low.bit_length() - shift > size.bit_length() + 2:
        return round_ratio(2 * interest + 1, 2 * SCALE, rounding)
    if shift - high.bit_length() > size.bit_length() + 2:
        return round_beside(0, 1, rounding)

    def enclose(p: int) -> Enclosure:
        # size * g over S * |g - 1|; the end of g that is nearer to 1 gives more.
        low, high, shift = power_enclosure(a, b, n, p)
        one = 1 << shift
        far, near = (high, low) if a > b else (low, high)
        return (
            (size * far << p) // (SCALE * abs(far - one)),
            (size * near << p) // (SCALE * abs(near - one)) + 1,
            p,
        )

    return settle(enclose, start, rounding)


def npv(rate: int, flows: Sequence[int], rounding: Rounding = HALF_EVEN) -> int:
    """Return R of the net present value: the sum of flows[t]/(1 + rate)**t, t from 0.

    Exact rational arithmetic, rounded once; at most 10,000 flows. rate > -1.
    Raises DomainError, InvalidOperation, Overflow.
    """
    growth = SCALE + rate
    if growth <= 0:
        raise DomainError(f"a rate of {rate} units", way_out="pass a rate above -1")
    if len(flows) > FLOWS_MAX:
        raise InvalidOperation(f"{len(flows)} flows", way_out=f"pass at most {FLOWS_MAX}")
    common = gcd(growth, SCALE)
    a, b = growth // common, SCALE // common
    power = 1
    total = 0
    # Horner in b/a from the last flow: total is over power, a power of a.
    for index in range(len(flows) - 1, -1, -1):
        total = total * b + flows[index] * power
        power *= a
    return in_range(round_ratio(total * a, power, rounding))
