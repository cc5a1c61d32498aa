"""CertifiedMath: every function correctly rounded on ``Fixed``, so that all machines agree.

- ``f_R(X) = R(f(X / 10**18) * 10**18)``: X an integer, R one of the eight decimal roundings.
- The definition holds no algorithm; any correct implementation gives the same bits.
- No float, no ambient context, no NaN, infinity, -0 or silent saturation.
"""

from qfs.certmath.fixed import Fixed
from qfs.certmath.rounding import PLACES, SCALE, Rounding
from qfs.errors import (
    CertifiedMathError,
    ConversionSyntax,
    DivisionByZero,
    DomainError,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
)

__all__ = [
    "PLACES",
    "SCALE",
    "CertifiedMathError",
    "ConversionSyntax",
    "DivisionByZero",
    "DomainError",
    "Fixed",
    "FloatOperation",
    "Inexact",
    "InvalidOperation",
    "Overflow",
    "Rounding",
]
