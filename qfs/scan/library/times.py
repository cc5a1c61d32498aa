"""Dates and times: which are aware of their zone, and which formats ask for the locale.

- A naive ``datetime`` is read in the zone of the machine by ``timestamp`` and ``astimezone``; an
  aware one is not. Where nobody knows which it is, the rules speak.
- A format of digits alone is the same under every locale.
- Source: Python datetime documentation, "Aware and Naive Objects", "Format Codes".
"""

import re
from typing import Final

from qfs.scan.domain.values import FLOATING, KNOWN, OBJECT, Atom, Value
from qfs.scan.facts.ir import Pos
from qfs.scan.rules.rule import lookup
from qfs.scan.solver.dispatch import Arguments
from qfs.scan.solver.frame import Frame

AWARE, NAIVE = "aware", "naive"
_DIGITS: Final = re.compile(r"%[YmdHMSfzjUWwuGVyI%]")
_FORMATS: Final = {"datetime.datetime.strptime": 1, "time.strptime": 1}
_ZONES: Final = {
    "datetime.datetime": (7, "tzinfo"), "datetime.datetime.now": (0, "tz"),
    "datetime.datetime.fromtimestamp": (1, "tz"), "datetime.datetime.combine": (2, "tzinfo"),
}  # fmt: skip


TIMESTAMP: Final = "timestamp() of an aware time"
"""What ``int()`` of it makes whole again: the seconds are exact."""


def of_datetime(
    frame: Frame, receiver: Atom, name: str, arguments: Arguments, pos: Pos
) -> Value | None:
    """Return what a method of a datetime gives, where its zone decides; else None."""
    if name == "replace":
        given = arguments.gives(7, "tzinfo")
        return ((OBJECT, receiver[1], AWARE if given else receiver[2]),)
    if receiver[2] == AWARE and name == "timestamp":
        frame.site("float-result", pos, TIMESTAMP)
        return FLOATING
    if name == "astimezone" and arguments.gives(0, "tz"):
        if receiver[2] == NAIVE:
            hits = lookup(frame.solver.rules.index.calls, "datetime.datetime.timestamp")[1]
            frame.hits(hits, pos, "astimezone() of a naive time")
        return ((OBJECT, receiver[1], AWARE),)
    return None


def made(name: str, arguments: Arguments) -> Value | None:
    """Return a new datetime, and whether it is aware; None for any other function."""
    if name not in _ZONES:
        return None
    position, keyword = _ZONES[name]
    known = AWARE if arguments.gives(position, keyword) else NAIVE
    return ((OBJECT, "datetime.datetime", "" if arguments.double else known),)


def in_digits(name: str, arguments: Arguments) -> bool:
    """Say whether a format is given, and asks for digits alone."""
    if not name.endswith((".strftime", ".strptime")):
        return False
    form = arguments.at(_FORMATS.get(name, 0), "format")
    return bool(form) and all(
        atom[:2] == (KNOWN, "str") and "%" not in _DIGITS.sub("", atom[2]) for atom in form
    )


__all__ = ["AWARE", "NAIVE", "in_digits", "made", "of_datetime"]
