"""Members that only one of two archives has: a renamed file, or one that came or went."""

from typing import TYPE_CHECKING

from qfs.repro.causes import Cause
from qfs.repro.text import why_texts_differ

if TYPE_CHECKING:
    from qfs.repro.compare import Comparer, Finding


def unmatched(
    comparer: "Comparer", inner: str, ours: dict[str, bytes], theirs: dict[str, bytes], depth: int
) -> "list[Finding]":
    """Pair the lone members of both sides by place or content, and name what is left."""
    found: list[Finding] = []
    left, right = dict(ours), dict(theirs)
    for name in sorted(ours):
        partner = _partner(name, left, right)
        if partner is not None:
            found += [
                (inner + name, Cause.MEMBER_NAME if cause is Cause.UNKNOWN else cause, why)
                for cause, why in why_texts_differ(name, partner, comparer.sides, name=True)
            ]
            if _below(name) == _below(partner) and ours[name] != theirs[partner]:
                found += comparer.files(inner + name, ours[name], theirs[partner], depth + 1)
            del left[name], right[partner]
    for name in sorted(left):
        found.append((inner + name, Cause.MEMBER_SET, "only in the first build"))
    for name in sorted(right):
        found.append((inner + name, Cause.MEMBER_SET, "only in the second build"))
    return found


def _partner(name: str, left: dict[str, bytes], right: dict[str, bytes]) -> str | None:
    """Return the one lone member of the other side that is the same file under another name."""
    moved = [other for other in sorted(right) if _below(other) == _below(name) != ""]
    if len(moved) == 1:
        return moved[0]
    same = [other for other in sorted(right) if right[other] == left[name]]
    if len(same) == 1:
        return same[0]
    folder, suffix = name.rpartition("/")[0], name.rpartition(".")[2]
    here = [o for o in left if o.rpartition("/")[0] == folder and o.rpartition(".")[2] == suffix]
    there = [o for o in right if o.rpartition("/")[0] == folder and o.rpartition(".")[2] == suffix]
    return there[0] if len(here) == len(there) == 1 else None


def _below(name: str) -> str:
    """Return the path below the first folder, which often carries the version."""
    return name.partition("/")[2]
