"""Finance on ``Fixed``: compound growth, level payments and present value, each rounded once.

- Rates are per period: ``Fixed("0.005")`` is half a percent.
- Arguments are ``Fixed`` or ``int``; ``rounding=`` comes last; ``log=`` records the operation.
"""

from collections.abc import Sequence

from qfs.certmath import finance
from qfs.certmath.fixed import Fixed, Number, from_raw, raw_of, raws_of, whole
from qfs.certmath.prooflog import ProofLog
from qfs.certmath.rounding import HALF_EVEN, Rounding, rounding_of


def compound(
    principal: Number,
    rate: Number,
    periods: int,
    rounding: Rounding = HALF_EVEN,
    *,
    log: ProofLog | None = None,
) -> Fixed:
    """Return principal * (1 + rate) ** periods; rate >= -1, periods >= 0.

    Raises DomainError, Overflow.
    """
    principal_ = raw_of(principal)
    rate_ = raw_of(rate)
    whole(periods)
    mode = rounding_of(rounding)
    raw = finance.compound(principal_, rate_, periods, mode)
    if log is not None:
        log.record("compound", mode, (principal_, rate_, periods), raw)
    return from_raw(raw)


def annuity(
    principal: Number,
    rate: Number,
    periods: int,
    rounding: Rounding = HALF_EVEN,
    *,
    log: ProofLog | None = None,
) -> Fixed:
    """Return the level payment that repays a principal; rate > -1, periods >= 1.

    Raises DomainError, Overflow.
    """
    principal_ = raw_of(principal)
    rate_ = raw_of(rate)
    whole(periods)
    mode = rounding_of(rounding)
    raw = finance.annuity(principal_, rate_, periods, mode)
    if log is not None:
        log.record("annuity", mode, (principal_, rate_, periods), raw)
    return from_raw(raw)


def npv(
    rate: Number,
    flows: Sequence[Number],
    rounding: Rounding = HALF_EVEN,
    *,
    log: ProofLog | None = None,
) -> Fixed:
    """Return the sum of flows[t] over (1 + rate) ** t, t from 0; rate > -1.

    Raises DomainError, InvalidOperation above 10,000 flows, Overflow.
    """
    rate_ = raw_of(rate)
    flows_ = raws_of(flows)
    mode = rounding_of(rounding)
    raw = finance.npv(rate_, flows_, mode)
    if log is not None:
        log.record("npv", mode, (rate_, flows_), raw)
    return from_raw(raw)
