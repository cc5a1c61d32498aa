"""What an entry of the audit trail says happened, in a line for people.

- An order is unpacked by its machine: its name, then the fields that tell one from another. Of a
  public key stands its id, as everywhere; signatures and what is not given are left out.
- Content that is not kept, or that no registry reads, leaves the entry without words.
"""

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from qfs.canon import decode
from qfs.crypto import key_id
from qfs.errors import CanonError
from qfs.keys import COMMANDS as KEYS
from qfs.machines.trust.notary.commands import COMMANDS as NOTARY
from qfs.machines.trust.program.commands import COMMANDS as PROGRAM
from qfs.trail import Entry

_REGISTRIES = {"keys": KEYS, "notary": NOTARY, "program": PROGRAM}
_ID_DIGITS = 16


def words_of(entry: Entry) -> str:
    """Return ``Revoke key=88224baaeb318927 reason=KEY_COMPROMISE``; empty where nothing is told."""
    registry = _REGISTRIES.get(entry.machine)
    if registry is None or not entry.content:
        return ""
    try:
        order: Any = registry.unpack(decode(entry.content))
    except CanonError:
        return ""
    told = [type(order).__name__]
    profile, raw = getattr(order, "profile", None), getattr(order, "public_key", None)
    if profile is not None and raw is not None:
        told.append(f"new={key_id(profile, raw).hex()[:_ID_DIGITS]}")
    for field in fields(order):
        text = "" if field.name in _LEFT_OUT else _text(getattr(order, field.name))
        if text:
            told.append(f"{field.name}={text}")
    return " ".join(told)


_LEFT_OUT = ("public_key", "possession", "profile")


def _text(value: object) -> str:
    match value:
        case Enum():
            return value.name
        case bytes():
            return value.hex()[:_ID_DIGITS]
        case tuple():
            return ",".join(map(_text, value))
        case int() if value:
            return str(value)
    if is_dataclass(value):
        return ",".join(filter(None, [_text(getattr(value, one.name)) for one in fields(value)]))
    return ""
