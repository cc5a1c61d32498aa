"""How deep a value is kept: what lies below is ANY, so that no value grows for ever.

- Containers nest so many levels at most, and fewer where they are wide: a container that holds
  itself by way of an alias would double with each level.
- What was cut is unknown to whoever reads it.
"""

from typing import Final

from qfs.scan.domain.values import (
    ALTERNATIVES_MAX,
    ANY,
    ANYTHING,
    METHOD,
    PARTIAL,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Value,
    remember,
)

DEPTH_MAX: Final = 3
WEIGHT_MAX: Final = 600
_BOUNDED: Final[dict[Value, Value]] = {}
_NESTED: Final = frozenset((SEQUENCE, SET, TABLE, TUPLE, PARTIAL))


def bounded(value: Value) -> Value:
    """Return the value with everything below a depth forgotten: below less, the wider it is."""
    for atom in value:
        if atom[0] in _NESTED:
            known = _BOUNDED.get(value)
            if known is None:
                known = remember(_BOUNDED, value, _light(value))
            return known
    return value


def _light(value: Value) -> Value:
    depth = DEPTH_MAX
    out = _cut(value, depth)
    while depth > 1 and _weight(out, WEIGHT_MAX) > WEIGHT_MAX:
        depth -= 1
        out = _cut(out, depth)
    return out


def _weight(value: Value, most: int) -> int:
    """Return how many alternatives a value and its items have; more than most is not counted on."""
    weight = len(value)
    for atom in value:
        tag = atom[0]
        parts: tuple[Value, ...] = ()
        if tag in {SEQUENCE, SET}:
            parts = (atom[2],)
        elif tag == TABLE:
            parts = (atom[1], atom[2])
        elif tag == TUPLE:
            parts = atom[1]
        for part in parts:
            if weight > most:
                return weight
            weight += _weight(part, most)
    return weight


def _cut(value: Value, depth: int) -> Value:
    out: list[Atom] = []
    for atom in value:
        tag = atom[0]
        if tag in {SEQUENCE, SET}:
            out.append((tag, atom[1], _cut(atom[2], depth - 1) if depth else ANY, atom[3]))
        elif tag == TABLE:
            key = _cut(atom[1], depth - 1) if depth else ANY
            out.append((tag, key, _cut(atom[2], depth - 1) if depth else ANY, atom[3]))
        elif tag == TUPLE:
            if depth and len(atom[1]) <= ALTERNATIVES_MAX * 2:
                out.append((TUPLE, tuple([_cut(item, depth - 1) for item in atom[1]])))
            else:
                out.append((SEQUENCE, "tuple", ANY, None))
        elif tag == PARTIAL:
            out.append(_cut_partial(atom, depth - 1) if depth > 1 else (ANYTHING, "deep"))
        elif tag == METHOD and depth <= 0:
            out.append((ANYTHING, "deep"))
        else:
            out.append(atom)
    return tuple(out)


def _cut_partial(atom: Atom, depth: int) -> Atom:
    """Return a partial whose parts are cut: one may be filled with another, and so on for ever."""
    positional = [_cut(item, depth) for item in atom[2]]
    words = [(name, _cut(item, depth)) for name, item in atom[3]]
    return (PARTIAL, _cut(atom[1], depth), tuple(positional), tuple(words))
