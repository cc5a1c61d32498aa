"""Which line of another thread makes a race: from two recordings of one step.

- Threads are laid side by side by what they were asked to do: a function of the program that a
  library called is compared with the same of the other recording, if it is all that its thread did
  and its numbers and texts are the same, in the order of the threads' numbers; of the threads of a
  pool, which take work as they come, if all arguments are.
- Such two part where a variable of their own, a number or a text, gets another value or another
  line is next: there the thread has read what others write.
- Where none parts, the line is named after which what threads share had changed most often.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from qfs.shell.tracing import SHARED, Event, Parting, parted

_NUMBER = re.compile(r"[0-9]+")
_OF_A_POOL = re.compile(r"_[0-9]+$")
_PLAIN = ("int ", "bool ", "str ", "float ", "bytes ", "NoneType ")


def race_line(a: Sequence[Event], b: Sequence[Event]) -> Parting | None:
    """Return the line of a race between two recordings; None where no thread tells one."""
    places = [_parting(mine, yours) for mine, yours in _side_by_side(a, b)]
    found = [place for place in places if place is not None]
    return min(found, key=lambda one: one[0])[1] if found else _written_most(a, b)


def _side_by_side(
    a: Sequence[Event], b: Sequence[Event]
) -> Iterator[tuple[list[Event], list[Event]]]:
    """Yield what the same work has left in both recordings."""
    others: dict[tuple[object, ...], list[list[Event]]] = {}
    for asked, work in _works(b):
        others.setdefault(asked, []).append(work)
    for asked, work in _works(a):
        same = others.get(asked)
        if same:
            yield work, same.pop(0)


def _works(events: Sequence[Event]) -> list[tuple[tuple[object, ...], list[Event]]]:
    """Return each call from outside the program into another thread's function.

    What was asked for, and the events.
    """
    threads: dict[str, list[list[Event]]] = {}
    for event in events:
        thread = event[7]
        if thread and not event[4]:
            threads.setdefault(thread, []).append([])
        if thread in threads:
            threads[thread][-1].append(event)
    found: list[tuple[tuple[object, ...], list[Event]]] = []
    for thread in sorted(threads, key=lambda name: [*map(int, _NUMBER.findall(name))]):
        works = threads[thread]
        alone = len(works) == 1 and _OF_A_POOL.search(thread) is None
        for work in works:
            first = work[0]
            asked = _own(first) if alone else first[6]
            found.append(((first[0], first[2], *asked.items()), work))
    return found


def _own(event: Event) -> dict[str, str]:
    """Return a thread's own plain variables among the names of an event."""
    return {
        name: text
        for name, text in event[6].items()
        if text.startswith(_PLAIN) and not name.startswith((SHARED, "global "))
    }


def _parting(a: list[Event], b: list[Event]) -> tuple[int, Parting] | None:
    """Return where two threads part that did the same work, and after how many events."""
    for at, (mine, yours) in enumerate(zip(a, b, strict=False)):
        if mine[:4] != yours[:4]:
            return at, parted(a[max(at - 1, 0)], mine, yours)
        here, there = _own(mine), _own(yours)
        for name in [*here, *[name for name in there if name not in here]]:
            old, new = here.get(name, "unchanged"), there.get(name, "unchanged")
            if old != new:
                return at, Parting(mine[4], mine[5], mine[2], name, old, new)
    return None


def _written_most(a: Sequence[Event], b: Sequence[Event]) -> Parting | None:
    """Return the line of a thread after which something shared had changed most often."""
    lines = Counter(
        [
            (event[4], event[5], event[2], name.removeprefix(SHARED))
            for event in (*a, *b)
            if event[7] and event[4] == event[0]
            for name in event[6]
            if name.startswith(SHARED)
        ]
    )
    if not lines:
        return None
    file, line, function, name = max(lines, key=lambda one: lines[one])
    return Parting(file, line, function, name, "", "")
