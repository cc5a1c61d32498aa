"""Walks over graphs: what is reached from where; however many ask, each edge is walked once.

- Bits flow against the edges: a place has its own and those of every place that comes after it.
- Places that come after one another (strongly connected components) have the same bits.
- Source: R. Tarjan, Depth-first search and linear graph algorithms (1972).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

Place = TypeVar("Place")
_DONE: Final = 1 << 60


def gathered(bits: Mapping[Place, int], after: Mapping[Place, Sequence[Place]]) -> dict[Place, int]:
    """Return the bits of each place and of all that come after it; those without any left out."""
    out: dict[Place, int] = {}
    shared: dict[int, int] = {}
    index: dict[Place, int] = {}
    lowest: dict[Place, int] = {}
    open_: list[Place] = []
    for start in (*after, *bits):
        if start in index:
            continue
        index[start] = lowest[start] = len(index)
        open_.append(start)
        way: list[tuple[Place, Iterator[Place]]] = [(start, iter(after.get(start, ())))]
        while way:
            at, rest = way[-1]
            for each in rest:
                if each not in index:
                    index[each] = lowest[each] = len(index)
                    open_.append(each)
                    way.append((each, iter(after.get(each, ()))))
                    break
                lowest[at] = min(lowest[at], lowest[each])
            else:
                way.pop()
                if way:
                    above = way[-1][0]
                    lowest[above] = min(lowest[above], lowest[at])
                if lowest[at] == index[at]:
                    members = _closed(open_, at, lowest)
                    mine = _together(members, bits, after, out)
                    if mine:
                        out.update(dict.fromkeys(members, shared.setdefault(mine, mine)))
    return out


def _closed(open_: list[Place], first: Place, lowest: dict[Place, int]) -> list[Place]:
    """Take a component, whose first place is known, off the places that are still open."""
    members: list[Place] = []
    while not members or members[-1] != first:
        members.append(open_.pop())
        lowest[members[-1]] = _DONE
    return members


def _together(
    members: Sequence[Place],
    bits: Mapping[Place, int],
    after: Mapping[Place, Sequence[Place]],
    out: Mapping[Place, int],
) -> int:
    """Return the bits of a component, and of all components after it."""
    mine = 0
    for at in members:
        mine |= bits.get(at, 0)
        for each in after.get(at, ()):
            mine |= out.get(each, 0)
    return mine


def leads(
    goals: Iterable[Place],
    before: Mapping[Place, Sequence[Place]],
    starts: Collection[Place],
    closed: Collection[Place] = (),
) -> bool:
    """Say whether a way leads from a start to a goal that goes through no closed place."""
    waiting = [each for each in goals if each not in closed]
    seen = dict.fromkeys(waiting)
    while waiting:
        at = waiting.pop()
        if at in starts:
            return True
        for each in before.get(at, ()):
            if each not in seen and each not in closed:
                seen[each] = None
                waiting.append(each)
    return False
