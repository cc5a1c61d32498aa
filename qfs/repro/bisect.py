"""Names causes that looking cannot tell apart, from builds in which one thing changed at a time.

- A soft cause is a guess: order, chance, something unknown. It is replaced by the variation that
  alone makes the member differ; by chance, if the member differs though nothing changed.
- If several variations alone make it differ, each is named; if none does, the guess stays.
"""

from collections.abc import Callable, Mapping, Sequence

from qfs.repro.causes import Cause
from qfs.repro.difference import Difference
from qfs.repro.environment import CAUSE_OF

REPEAT = "repeat"
SOFT = frozenset(
    (
        *(Cause.UNKNOWN, Cause.RANDOM, Cause.LINE_ORDER, Cause.FILE_ORDER, Cause.ADDRESS),
        *(Cause.MEMBER_SET, Cause.MEMBER_NAME, Cause.PYC, Cause.ELF, Cause.ELF_DEBUG),
        *(Cause.LINE_ENDINGS, Cause.BUILD_FAILS, Cause.TIMEZONE, Cause.BUILD_ID),
    )
)
"""Causes that a bisect may replace."""
CONTENT = frozenset(
    cause
    for cause in Cause
    if not cause.value.startswith(("zip-", "tar-", "gzip-", "record-", "deflate", "elf-build-id"))
)
"""Causes that lie in the content of a member, not in the archive around it."""
_KEPT = frozenset((Cause.LINE_ENDINGS, Cause.BUILD_FAILS, Cause.ELF_DEBUG, Cause.ADDRESS))
"""Soft causes that say more than the variation that brings them out: only the evidence grows."""

_BY_CHANCE = {
    Cause.LINE_ORDER: Cause.CHANCE_ORDER,
    Cause.FILE_ORDER: Cause.CHANCE_ORDER,
    Cause.BUILD_ID: Cause.BUILD_ID,
}
"""What a soft cause is that comes and goes though nothing changed; else it is chance."""

Trace = Mapping[tuple[str, Cause], str]
"""Members that differed, each with a cause in its content, and the evidence."""


def traces(differences: Sequence[Difference]) -> Trace:
    """Return the members whose content differs, with what looking found there."""
    return {
        (each.member, each.cause): each.evidence for each in differences if each.cause in CONTENT
    }


def blamed(
    differences: Sequence[Difference], changed: Mapping[str, Trace]
) -> tuple[Difference, ...]:
    """Return the differences with soft causes replaced by what is to blame.

    changed maps `REPEAT`, and each variation that was tried alone, to what differed then.
    """
    out: list[Difference] = []
    by_chance = changed.get(REPEAT, {})
    named = frozenset([(each.member, each.cause) for each in differences if each.cause not in SOFT])
    for each in differences:
        if each.cause not in SOFT:
            out.append(each)
            continue
        if (each.member, each.cause) in by_chance:
            out.append(_with(each, REPEAT, each.evidence))
            continue
        soft = [(each.member, cause) for cause in Cause if cause in SOFT]
        found = []
        for name, trace in changed.items():
            here = [trace[one] for one in soft if one in trace and one not in by_chance]
            if here:
                found.append(_with(each, name, here[0]))
        # What is named already needs no second name, unless nothing else is left.
        fresh = [one for one in found if (one.member, one.cause) not in named]
        out += fresh or found[:1] or [each]
    return tuple(dict.fromkeys(out))


def culprits(
    names: Sequence[str],
    members: frozenset[str],
    by_chance: Trace,
    tried: Callable[[tuple[str, ...]], Trace],
) -> dict[str, Trace]:
    """Return the variations that alone make a member differ softly, each with what differed then.

    names together are known to do so. Halves are tried, so that one culprit among n takes about
    log2(n) builds; what differs by chance is left out.
    """

    def guilty(trace: Trace) -> bool:
        return any(m in members and c in SOFT and (m, c) not in by_chance for m, c in trace)

    if len(names) == 1:
        trace = tried(tuple(names))
        return {names[0]: trace} if guilty(trace) else {}
    half = len(names) // 2
    left, right = names[:half], names[half:]
    if len(left) == 1 or guilty(tried(tuple(left))):
        found = culprits(left, members, by_chance, tried)
    else:
        return culprits(right, members, by_chance, tried)
    if len(right) == 1 or guilty(tried(tuple(right))):
        found.update(culprits(right, members, by_chance, tried))
    return found


def _with(difference: Difference, name: str, evidence: str) -> Difference:
    note = "differs though nothing changed" if name == REPEAT else f"differs with {name} alone"
    cause = difference.cause
    if cause not in _KEPT:
        cause = _BY_CHANCE.get(cause, Cause.RANDOM) if name == REPEAT else CAUSE_OF[name]
    return Difference(difference.artifact, difference.member, cause, f"{evidence[:120]}; {note}")
