"""The one text form of a raw integer, and the strict way back.

- Text: optional sign, digits, and where needed a point and 1 to 18 places, the last not 0.
- Read strictly: no exponent, NaN, infinity, underscore, blank, non-ASCII digit or 19th place.
- ``format_spec`` follows Python's mini-language for ``f``, ``%`` and no type; its rounding is
  ROUND_HALF_EVEN, from no ambient context.
"""

import re
from decimal import Decimal
from typing import Final

from qfs.certmath.basic import in_range
from qfs.certmath.rounding import HALF_EVEN, PLACES, SCALE, round_ratio
from qfs.errors import ConversionSyntax

# 59 digits stand before the point of the largest value; more are leading zeros or an overflow.
_NUMBER: Final = re.compile(r"([+-]?)([0-9]{1,78})(?:\.([0-9]{1,18}))?")
_SPEC: Final = re.compile(
    r"(?:.?[<>=^])?[+\- ]?0?[0-9]*[,_]?(?:\.(?P<places>[0-9]{1,4}))?(?P<kind>[f%]?)",
    re.DOTALL,
)


def parse(text: str) -> int:
    """Return the raw integer of a decimal text.

    Raises ConversionSyntax for anything else, Overflow outside the range.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        shown = text if len(text) <= 80 else f"{text[:80]}..."
        raise ConversionSyntax(
            f"{shown!r} is no fixed-point number",
            way_out=f"write digits and at most {PLACES} places: -12.5",
        )
    places = match[3] or ""
    raw = int(match[2]) * SCALE + int(places.ljust(PLACES, "0"))
    return in_range(-raw if match[1] == "-" else raw)


def to_text(raw: int) -> str:
    """Return the one text form: ``-12.5``, ``3``, ``0.000000000000000001``."""
    whole, rest = divmod(abs(raw), SCALE)
    sign = "-" if raw < 0 else ""
    if rest == 0:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{rest:018d}".rstrip("0")


def format_spec(raw: int, spec: str) -> str:
    """Return the text under a format specification: ``,.2f``, ``>12``, ``.1%``.

    Raises ConversionSyntax for a type other than ``f``, ``%`` or none.
    """
    if not spec:
        return to_text(raw)
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ConversionSyntax(
            f"format {spec!r}", way_out="use [[fill]align][sign][0][width][,][.places][f or %]"
        )
    kind = match["kind"]
    if match["places"] is None:
        return format(Decimal(to_text(raw)), spec if kind else f"{spec}f")
    places = int(match["places"])
    kept = places + 2 if kind == "%" else places
    if kept < PLACES:
        step: int = 10 ** (PLACES - kept)
        raw = round_ratio(raw, step, HALF_EVEN) * step
    # The value has no more places than are shown, so that Decimal's own rounding is never asked.
    return format(Decimal(to_text(raw)), spec if kind else f"{spec}f")
