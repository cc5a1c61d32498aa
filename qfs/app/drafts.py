"""Drafts: a packet's fields as JSON, for people and for programs that are not Python.

- ``{"ledger", "seq", "time_us", "seed", "previous", "kind", "payload"}``; the key is the signer's.
- Identities and seeds are hexadecimal. ``kind`` is a name. ``payload`` is the kind's own value:
  integers, texts, true, false, null and arrays stand for themselves; ``{"bytes": hex}`` is a byte
  string, ``{"array": "U64", "values": [...]}`` a typed array. There is no float.
"""

import json
from typing import Any

from qfs.canon import ArrayKind, Digest, TypedArray, Value, encode
from qfs.crypto import KeyId
from qfs.errors import CanonError, InputError
from qfs.packet import KINDS, Packet, action_of

FIELDS = ("ledger", "seq", "time_us", "seed", "previous", "kind", "payload")
_NUMBERS = {kind.name: kind.number for kind in KINDS}


def read_draft(text: bytes, place: str, key: KeyId) -> Packet:
    """Return the packet of a draft, for a key to sign; raises InputError."""
    fields = _object(text, place)
    try:
        packet = Packet(
            ledger=Digest(_hexadecimal(fields, "ledger")),
            seq=fields["seq"],
            time_us=fields["time_us"],
            seed=_hexadecimal(fields, "seed"),
            previous=Digest(_hexadecimal(fields, "previous")),
            key=key,
            kind=_kind(fields["kind"]),
            payload=encode(value_of(fields["payload"])),
        )
        action_of(packet.kind, packet.payload)
        packet.to_bytes()
    except CanonError as error:
        raise InputError(error.what, place=place, way_out=error.way_out) from None
    except InputError as error:
        raise InputError(
            error.what, place=f"{place}: {error.place}", way_out=error.way_out
        ) from None
    return packet


def value_of(tree: Any) -> Value:
    """Return the canonical value that a JSON tree stands for; raises InputError."""
    match tree:
        case None | bool() | int() | str():
            return tree
        case list():
            return [value_of(item) for item in tree]
        case {"bytes": str(text), **rest} if not rest:
            return _bytes(text, "payload")
        case {"array": str(name), "values": list(values), **rest} if not rest:
            if name not in ArrayKind.__members__ or not all(type(one) is int for one in values):
                raise InputError(f"no array of {name}", place="payload", way_out="see qfs.canon")
            try:
                return TypedArray.of(ArrayKind[name], values)
            except CanonError as error:
                raise InputError(error.what, place="payload") from None
    raise InputError(
        f"{json.dumps(tree)[:60]} stands for nothing",
        place="payload",
        way_out='use integers, texts, arrays, {"bytes": hex}',
    )


def shown(value: Value) -> Any:
    """Return the JSON tree that stands for a canonical value."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, TypedArray):
        return {"array": value.kind.name, "values": value.to_list()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return value


def _object(text: bytes, place: str) -> dict[str, Any]:
    try:
        fields = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"neither a packet body nor a draft in JSON: {error}", place=place
        ) from None
    if type(fields) is not dict or sorted(fields) != sorted(FIELDS):
        raise InputError(
            "a draft is an object of exactly these fields", place=place, way_out=", ".join(FIELDS)
        )
    return fields


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; a name that stands twice would let two readers see two drafts."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return made


def _kind(name: object) -> int:
    if type(name) is not str or name not in _NUMBERS:
        raise InputError(
            f"{json.dumps(name)[:60]} is no kind", place="kind", way_out=", ".join(_NUMBERS)
        )
    return _NUMBERS[name]


def _hexadecimal(fields: dict[str, Any], name: str) -> bytes:
    value = fields[name]
    if type(value) is not str:
        raise InputError("no text", place=name, way_out="give hexadecimal digits")
    return _bytes(value, name)


def _bytes(text: str, place: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError("not hexadecimal", place=place, way_out="use 0-9 and a-f") from None
