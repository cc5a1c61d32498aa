"""Hypothesis strategies for ``Fixed``: every magnitude, and the hard cases.

- Outside the deterministic zone, because drawing examples is chance; imported only by tests, so
  that QFS does not depend on Hypothesis at run time.
- ``fixed_numbers()`` shrinks towards small whole numbers; about a third of its examples are ends of
  the range, neighbours of exact cases, powers, and near-ties of ``qfs.certmath.hard``.
"""

from hypothesis import strategies as st

from qfs.certmath import Fixed, hard
from qfs.certmath.raw import MAX_RAW, MIN_RAW


def raw_numbers(
    low: int = MIN_RAW, high: int = MAX_RAW, near_ties_of: tuple[str, ...] = ()
) -> st.SearchStrategy[int]:
    """Return raw units in [low, high]; near_ties_of names functions whose near-ties join in."""
    special = [raw for raw in hard.grid() if low <= raw <= high]
    for function in near_ties_of:
        special += [raw for raw in hard.near_ties(function, 64) if low <= raw <= high]
    bits = max(abs(low), abs(high)).bit_length()
    sizes = st.integers(0, bits).flatmap(lambda size: st.integers(-(1 << size), 1 << size))
    parts = [sizes.map(lambda raw: min(max(raw, low), high)), st.integers(low, high)]
    if special:
        parts.append(st.sampled_from(sorted(special, key=abs)))
    return st.one_of(parts)


def fixed_numbers(
    low: Fixed | None = None, high: Fixed | None = None, near_ties_of: tuple[str, ...] = ()
) -> st.SearchStrategy[Fixed]:
    """Return ``Fixed`` numbers in [low, high], the whole range by default."""
    least = MIN_RAW if low is None else low.raw
    most = MAX_RAW if high is None else high.raw
    return raw_numbers(least, most, near_ties_of).map(Fixed.from_raw)
