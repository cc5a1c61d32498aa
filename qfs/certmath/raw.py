"""Every function on raw integers, under its public name: for hot loops.

- A raw integer n stands for n / 10**18. Rounding must be a member of ``Rounding``.
- Arguments are trusted to be ints; results are range-checked as on ``Fixed``.
- ``sum``, ``divmod`` and ``pow`` are named after their operation: import the module, not its names.
"""

from qfs.certmath.basic import (
    MAX_RAW,
    MIN_RAW,
    add,
    allocate,
    div,
    div_exact,
    dot,
    mod,
    mul,
    mul_exact,
    muldiv,
    quantize,
    saturate,
    sub,
    wrap,
)
from qfs.certmath.basic import divmod_ as divmod  # noqa: A004 (the operation's public name)
from qfs.certmath.basic import sum_ as sum  # noqa: A004 (the operation's public name)
from qfs.certmath.circular import atan, cos, pi, sin, tan
from qfs.certmath.exponential import exp, exp2, expm1
from qfs.certmath.finance import annuity, compound, npv
from qfs.certmath.hyperbolic import cosh, sigmoid, sinh, softplus, tanh
from qfs.certmath.logarithm import ln, log1p, log2, log10
from qfs.certmath.power import pow_ as pow  # noqa: A004 (the operation's public name)
from qfs.certmath.power import powi
from qfs.certmath.roots import hypot, root, sqrt
from qfs.certmath.special import e, erf, phi, phi_pow, phi_series

__all__ = [
    "MAX_RAW",
    "MIN_RAW",
    "add",
    "allocate",
    "annuity",
    "atan",
    "compound",
    "cos",
    "cosh",
    "div",
    "div_exact",
    "divmod",
    "dot",
    "e",
    "erf",
    "exp",
    "exp2",
    "expm1",
    "hypot",
    "ln",
    "log1p",
    "log2",
    "log10",
    "mod",
    "mul",
    "mul_exact",
    "muldiv",
    "npv",
    "phi",
    "phi_pow",
    "phi_series",
    "pi",
    "pow",
    "powi",
    "quantize",
    "root",
    "saturate",
    "sigmoid",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "sub",
    "sum",
    "tan",
    "tanh",
    "wrap",
]
