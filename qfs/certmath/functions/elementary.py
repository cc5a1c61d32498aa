"""Elementary functions on ``Fixed``: R(f(x)), correct in all eight modes over the whole domain.

- Arguments are ``Fixed`` or ``int``; ``rounding=`` comes last; ``log=`` records the operation.
- Proofs, exact cases and error budgets stand in the module that computes each on raw integers.
"""

from qfs.certmath import circular, exponential, hyperbolic, logarithm, power, roots, special
from qfs.certmath.fixed import Fixed, Number, from_raw, raw_of, whole
from qfs.certmath.prooflog import ProofLog
from qfs.certmath.rounding import HALF_EVEN, Rounding, rounding_of


def sqrt(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the square root, x >= 0; always decided exactly. Raises DomainError."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = roots.sqrt(x_, mode)
    if log is not None:
        log.record("sqrt", mode, (x_,), raw)
    return from_raw(raw)


def root(
    x: Number, n: int, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return the n-th root, n >= 1; x >= 0, or n odd. Raises DomainError."""
    x_ = raw_of(x)
    whole(n)
    mode = rounding_of(rounding)
    raw = roots.root(x_, n, mode)
    if log is not None:
        log.record("root", mode, (x_, n), raw)
    return from_raw(raw)


def hypot(
    x: Number, y: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return sqrt(x**2 + y**2), rounded once. Raises Overflow."""
    x_ = raw_of(x)
    y_ = raw_of(y)
    mode = rounding_of(rounding)
    raw = roots.hypot(x_, y_, mode)
    if log is not None:
        log.record("hypot", mode, (x_, y_), raw)
    return from_raw(raw)


def pow_(
    x: Number, y: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return x ** y; 0 ** 0 is 1; a negative x needs a whole y.

    Raises DivisionByZero for a negative power of 0, DomainError, Overflow.
    """
    x_ = raw_of(x)
    y_ = raw_of(y)
    mode = rounding_of(rounding)
    raw = power.pow_(x_, y_, mode)
    if log is not None:
        log.record("pow", mode, (x_, y_), raw)
    return from_raw(raw)


def powi(
    x: Number, n: int, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return x ** n for a whole n; 0 ** 0 is 1. Raises DivisionByZero, Overflow."""
    x_ = raw_of(x)
    whole(n)
    mode = rounding_of(rounding)
    raw = power.powi(x_, n, mode)
    if log is not None:
        log.record("powi", mode, (x_, n), raw)
    return from_raw(raw)


def exp(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return e ** x; exact only at 0. Raises Overflow above 135.305999368893231589."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = exponential.exp(x_, mode)
    if log is not None:
        log.record("exp", mode, (x_,), raw)
    return from_raw(raw)


def exp2(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return 2 ** x; exact for whole x >= -18. Raises Overflow from 196 on."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = exponential.exp2(x_, mode)
    if log is not None:
        log.record("exp2", mode, (x_,), raw)
    return from_raw(raw)


def expm1(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return e ** x - 1; exact only at 0. Raises Overflow as exp."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = exponential.expm1(x_, mode)
    if log is not None:
        log.record("expm1", mode, (x_,), raw)
    return from_raw(raw)


def ln(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the natural logarithm, x > 0; exact only at 1. Raises DomainError."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = logarithm.ln(x_, mode)
    if log is not None:
        log.record("ln", mode, (x_,), raw)
    return from_raw(raw)


def log1p(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return ln(1 + x), x > -1; exact only at 0. Raises DomainError."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = logarithm.log1p(x_, mode)
    if log is not None:
        log.record("log1p", mode, (x_,), raw)
    return from_raw(raw)


def log2(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the binary logarithm, x > 0; exact at powers of 2. Raises DomainError."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = logarithm.log2(x_, mode)
    if log is not None:
        log.record("log2", mode, (x_,), raw)
    return from_raw(raw)


def log10(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the decimal logarithm, x > 0; exact at powers of 10. Raises DomainError."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = logarithm.log10(x_, mode)
    if log is not None:
        log.record("log10", mode, (x_,), raw)
    return from_raw(raw)


def sin(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the sine, x in radians; exact only at 0."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = circular.sin(x_, mode)
    if log is not None:
        log.record("sin", mode, (x_,), raw)
    return from_raw(raw)


def cos(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the cosine, x in radians; exact only at 0."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = circular.cos(x_, mode)
    if log is not None:
        log.record("cos", mode, (x_,), raw)
    return from_raw(raw)


def tan(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the tangent, x in radians; exact only at 0. Raises Overflow beside a pole."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = circular.tan(x_, mode)
    if log is not None:
        log.record("tan", mode, (x_,), raw)
    return from_raw(raw)


def atan(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the arc tangent, in radians; exact only at 0."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = circular.atan(x_, mode)
    if log is not None:
        log.record("atan", mode, (x_,), raw)
    return from_raw(raw)


def sinh(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the hyperbolic sine; exact only at 0. Raises Overflow."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = hyperbolic.sinh(x_, mode)
    if log is not None:
        log.record("sinh", mode, (x_,), raw)
    return from_raw(raw)


def cosh(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the hyperbolic cosine; exact only at 0. Raises Overflow."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = hyperbolic.cosh(x_, mode)
    if log is not None:
        log.record("cosh", mode, (x_,), raw)
    return from_raw(raw)


def tanh(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the hyperbolic tangent; exact only at 0."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = hyperbolic.tanh(x_, mode)
    if log is not None:
        log.record("tanh", mode, (x_,), raw)
    return from_raw(raw)


def sigmoid(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return 1 over 1 + e ** -x; exact only at 0."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = hyperbolic.sigmoid(x_, mode)
    if log is not None:
        log.record("sigmoid", mode, (x_,), raw)
    return from_raw(raw)


def softplus(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return ln(1 + e ** x); never exact. Raises Overflow at the end of the range."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = hyperbolic.softplus(x_, mode)
    if log is not None:
        log.record("softplus", mode, (x_,), raw)
    return from_raw(raw)


def erf(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the error function; exact at 0; termination unproved, capped at 4,096 bits.

    Raises InvalidOperation where these do not decide.
    """
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = special.erf(x_, mode)
    if log is not None:
        log.record("erf", mode, (x_,), raw)
    return from_raw(raw)


def pi(rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the ratio of a circle's circumference to its diameter."""
    mode = rounding_of(rounding)
    raw = circular.pi(mode)
    if log is not None:
        log.record("pi", mode, (), raw)
    return from_raw(raw)


def e(rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the base of the natural logarithm."""
    mode = rounding_of(rounding)
    raw = special.e(mode)
    if log is not None:
        log.record("e", mode, (), raw)
    return from_raw(raw)


def phi(rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return the golden ratio, (1 + sqrt 5) over 2."""
    mode = rounding_of(rounding)
    raw = special.phi(mode)
    if log is not None:
        log.record("phi", mode, (), raw)
    return from_raw(raw)


def phi_pow(x: Number, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None) -> Fixed:
    """Return phi ** x; exact only at 0. Raises Overflow above x = 281."""
    x_ = raw_of(x)
    mode = rounding_of(rounding)
    raw = special.phi_pow(x_, mode)
    if log is not None:
        log.record("phi_pow", mode, (x_,), raw)
    return from_raw(raw)


def phi_series(
    x: Number, n: int, rounding: Rounding = HALF_EVEN, *, log: ProofLog | None = None
) -> Fixed:
    """Return the sum of (-1)**k * x**(2k+1) over 2k+1 for k < n, 0 <= n <= 4096, rounded once.

    Raises InvalidOperation, Overflow.
    """
    x_ = raw_of(x)
    whole(n)
    mode = rounding_of(rounding)
    raw = special.phi_series(x_, n, mode)
    if log is not None:
        log.record("phi_series", mode, (x_, n), raw)
    return from_raw(raw)
