"""The processes of a large audit: facts of files, and verdicts of files that are judged alone.

- However many processes, and in whatever order they end: answers stand in the order of the files.
- Sources are dealt out by size, those of one module name together, for the second of them is named
  after its path.
- A process that dies answers nothing; then the caller does its work itself.
"""

import gc
import marshal
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from qfs.scan.facts import ir
from qfs.scan.facts.extract import extract
from qfs.scan.facts.ir import ModuleFacts
from qfs.scan.facts.reading import Unreadable
from qfs.shell.sources import SourceFile

RECURSION = 5_000  # generated code has chains of a thousand operators or elifs
_WORTH = 1 << 22  # bytes of sources: starting a process takes as long as reading so many
_SHARES = 4  # a process: the last one to end has little more to do than the others
_SHARE = 1 << 20  # bytes at most, more or less: what is read of them is in memory at once
Answer = TypeVar("Answer")


def processes(jobs: int, sources: Sequence[SourceFile]) -> int:
    """Return how many processes to use; jobs is 0 for what the sources are worth."""
    if jobs:
        return min(jobs, max(len(sources), 1))
    if sum([len(each.data) for each in sources]) < _WORTH:
        return 1
    return max(1, min(len(os.sched_getaffinity(0)), len(sources)))


def shares(sources: Sequence[SourceFile], jobs: int) -> list[list[SourceFile]]:
    """Return the sources in parts of about one size, each in the order of the sources.

    There are a few for each process, and more where they would be large.
    """
    groups: dict[str, list[int]] = {}
    for at, each in enumerate(sources):
        groups.setdefault(each.module, []).append(at)
    sizes = {name: sum([len(sources[at].data) for at in group]) for name, group in groups.items()}
    few = jobs * _SHARES if jobs > 1 else 1
    dealt: list[list[int]] = [[] for _ in range(max(few, sum(sizes.values()) // _SHARE))]
    filled = [0] * len(dealt)
    for name in sorted(groups, key=lambda each: (-sizes[each], each)):
        least = filled.index(min(filled))
        dealt[least].extend(groups[name])
        filled[least] += sizes[name] + 1
    return [[sources[at] for at in sorted(share)] for share in dealt if share]


def spread(
    call: Callable[..., Answer], parts: Sequence[Sequence[Any]], jobs: int
) -> list[Answer | None]:
    """Return what a call answers for each part's arguments; None where its process died."""
    # An audit of few or known files starts no process: it need not wait for these.
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415
    from multiprocessing import get_context  # noqa: PLC0415

    out: list[Answer | None] = []
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_begin) as pool:
        answers = [pool.submit(call, *part) for part in parts]
        for answer in answers:
            try:
                out.append(answer.result())
            except BrokenProcessPool:
                out.append(None)
    return out


def _begin() -> None:
    gc.disable()
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))


def packed_facts(sources: Sequence[SourceFile], jobs: int) -> dict[str, Any]:
    """Return {path: packed facts, or (line, why) of what has none}; a path may be missing."""
    parts = shares(sources, jobs)
    out: dict[str, Any] = {}
    answers = spread(_extracted, [([each.data for each in part],) for part in parts], jobs)
    for part, answer in zip(parts, answers, strict=True):
        for source, blob in zip(part, answer or (), strict=answer is not None):
            if blob is not None:
                out[source.path] = marshal.loads(blob)  # noqa: S302 (of our own process)
    return out


def _extracted(texts: Sequence[bytes]) -> list[bytes | None]:
    out: list[bytes | None] = []
    for data in texts:
        try:
            found: Any = ir.packed(extract(data))
        except Unreadable as error:
            found = (error.line, error.why)
        try:
            out.append(marshal.dumps(found))
        except ValueError:  # nested more deeply than marshal reads
            out.append(None)
    return out


def received(packed: Any) -> ModuleFacts:
    """Return the facts that another process sent; raises Unreadable if it could read none."""
    if len(packed) == 2:
        raise Unreadable(*packed)
    return ir.unpacked(packed)
