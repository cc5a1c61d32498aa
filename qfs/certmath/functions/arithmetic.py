"""Arithmetic on ``Fixed``: each result is an exact rational, rounded once.

- Arguments are ``Fixed`` or ``int``; ``rounding=`` comes last; ``log=`` records the operation.
- add, sub and sum are exact and take ``rounding=`` only for uniformity.
- The same by raw integers: ``qfs.certmath.raw``.
"""

from collections.abc import Sequence

from qfs.certmath import basic
from qfs.certmath.fixed import Fixed, Number, from_raw, raw_of, raws_of, whole
from qfs.certmath.prooflog import ProofLog
from qfs.certmath.rounding import FLOOR, HALF_EVEN, Rounding, rounding_of


def add(
    x: Number, y: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return x + y, exactly. Raises Overflow."""
    x_ = raw_of(x)
    y_ = raw_of(y)
    mode = rounding_of(rounding)
    raw = basic.add(x_, y_)
    if log is not None:
        log.record("add", mode, (x_, y_), raw)
    return from_raw(raw)


def sub(
    x: Number, y: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return x - y, exactly. Raises Overflow."""
    x_ = raw_of(x)
    y_ = raw_of(y)
    mode = rounding_of(rounding)
    raw = basic.sub(x_, y_)
    if log is not None:
        log.record("sub", mode, (x_, y_), raw)
    return from_raw(raw)


def mul(
    x: Number, y: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return x * y, rounded once. Raises Overflow."""
    x_ = raw_of(x)
    y_ = raw_of(y)
    mode = rounding_of(rounding)
    raw = basic.mul(x_, y_, mode)
    if log is not None:
        log.record("mul", mode, (x_, y_), raw)
    return from_raw(raw)


def div(
    x: Number, y: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return x over y, rounded once. Raises DivisionByZero, Overflow."""
    x_ = raw_of(x)
    y_ = raw_of(y)
    mode = rounding_of(rounding)
    raw = basic.div(x_, y_, mode)
    if log is not None:
        log.record("div", mode, (x_, y_), raw)
    return from_raw(raw)


def muldiv(
    x: Number, y: Number, z: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return x * y over z, rounded once; no intermediate overflows.

    Raises DivisionByZero, Overflow.
    """
    x_ = raw_of(x)
    y_ = raw_of(y)
    z_ = raw_of(z)
    mode = rounding_of(rounding)
    raw = basic.muldiv(x_, y_, z_, mode)
    if log is not None:
        log.record("muldiv", mode, (x_, y_, z_), raw)
    return from_raw(raw)


def divmod_(
    x: Number, y: Number, rounding: Rounding = FLOOR, *, log: ProofLog | None = None
) -> tuple[int, Fixed]:
    """Return (q, x - q * y) with q = R(x over y), a whole number; the default is Python's.

    Raises DivisionByZero.
    """
    x_ = raw_of(x)
    y_ = raw_of(y)
    mode = rounding_of(rounding)
    raw = basic.divmod_(x_, y_, mode)
    if log is not None:
        log.record("divmod", mode, (x_, y_), raw)
    return raw[0], from_raw(raw[1])


def mod(x: Number, y: Number, rounding: Rounding = FLOOR, *, log: ProofLog | None = None) -> Fixed:
    """Return x - R(x over y) * y, exactly; with the default it has the sign of y, as in Python.

    Raises DivisionByZero.
    """
    x_ = raw_of(x)
    y_ = raw_of(y)
    mode = rounding_of(rounding)
    raw = basic.mod(x_, y_, mode)
    if log is not None:
        log.record("mod", mode, (x_, y_), raw)
    return from_raw(raw)


def quantize(
    x: Number, places: int, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return x rounded to 0 to 18 decimal places. Raises InvalidOperation, Overflow."""
    x_ = raw_of(x)
    whole(places)
    mode = rounding_of(rounding)
    raw = basic.quantize(x_, places, mode)
    if log is not None:
        log.record("quantize", mode, (x_, places), raw)
    return from_raw(raw)


def sum_(
    values: Sequence[Number], rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return the exact sum; only the total must be in range. Raises Overflow."""
    values_ = raws_of(values)
    mode = rounding_of(rounding)
    raw = basic.sum_(values_)
    if log is not None:
        log.record("sum", mode, (values_,), raw)
    return from_raw(raw)


def dot(
    left: Sequence[Number],
    right: Sequence[Number],
    rounding: Rounding = HALF_EVEN,
    *,
    log: ProofLog | None = None,
) -> Fixed:
    """Return the sum of left[i] * right[i], rounded once.

    Raises InvalidOperation for unequal lengths, Overflow.
    """
    left_ = raws_of(left)
    right_ = raws_of(right)
    mode = rounding_of(rounding)
    raw = basic.dot(left_, right_, mode)
    if log is not None:
        log.record("dot", mode, (left_, right_), raw)
    return from_raw(raw)


def allocate(
    amount: Number,
    weights: Sequence[Number],
    rounding: Rounding = FLOOR,
    *,
    log: ProofLog | None = None,
) -> list[Fixed]:
    """Split an amount in proportion to weights; the parts add up to it exactly.

    Each part starts as R of its exact share; single units then correct the total, the part that is
    furthest off first, the earlier of equals first. Raises DomainError.
    """
    amount_ = raw_of(amount)
    weights_ = raws_of(weights)
    mode = rounding_of(rounding)
    raw = basic.allocate(amount_, weights_, mode)
    if log is not None:
        log.record("allocate", mode, (amount_, weights_), tuple(raw))
    return [from_raw(part) for part in raw]
