"""Builds that are begun side by side, before it is certain that they will be asked for.

- Only in the sandbox, where they share nothing that one of them could write, and only where no
  source file is a compiler's: that one takes all processors, and the memory, for itself. Nor where
  the source is large, since each sandbox has its copy in memory.
- When a build runs is all that changes: it is told what it would be told when it is asked for.
- What is called off is stopped, and waited for, before its folder is used again.
"""

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import PurePosixPath

from qfs.repro.environment import Environment
from qfs.shell.building import Built, Failed, Workshop, build_quietly
from qfs.shell.building_source import Source

WORKERS_MAX = 4
BYTES_MAX = 64 * 1024**2  # 67_108_864
COMPILED = frozenset(
    (
        *(".c", ".cc", ".cpp", ".cxx", ".cu", ".m", ".s", ".asm", ".f", ".for", ".f90", ".f95"),
        *(".pyx", ".rs", ".go", ".zig", ".d", ".v", ".nim", ".swift", ".java", ".cs"),
    )
)
"""Ends of names of files that are compiled: mistaken ones cost time, and nothing else."""
Told = Callable[[str, str, str], None]
"""Called with the environment, the kind of artefact and what happens to it, from any thread."""


class Ahead:
    """The builds that somebody will ask for, begun together."""

    def __init__(self, wanted: Sequence[tuple[Environment, str]], told: Told) -> None:
        self._wanted = tuple(wanted)
        self._told = told
        self._begun: dict[tuple[Environment, str], Future[Built | Failed]] = {}
        self._running = contextlib.ExitStack()
        self._called_off = threading.Event()

    def begin(self, workshop: Workshop) -> None:
        """Begin to build, in as many threads as there are processors; nothing where it may not."""
        if workshop.bubblewrap is None or not _is_light(workshop.source):
            return
        self._called_off = threading.Event()
        shop = replace(workshop, called_off=self._called_off)
        # Filters of warnings belong to the process: set here, since threads would mix them up.
        self._running.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        workers = min(WORKERS_MAX, len(os.sched_getaffinity(0)))
        pool = self._running.enter_context(ThreadPoolExecutor(workers))
        for environment, kind in self._wanted:
            self._begun[environment, kind] = pool.submit(self._build, shop, environment, kind)

    def take(self, environment: Environment, kind: str) -> Built | Failed | None:
        """Return what came of a build, waiting for its end; None if it was not begun."""
        begun = self._begun.pop((environment, kind), None)
        return None if begun is None else begun.result()

    def call_off(self) -> None:
        """Stop whatever has been begun and not taken, and wait until it has ended."""
        self._called_off.set()
        for begun in self._begun.values():
            begun.cancel()
        self._begun.clear()
        self._running.close()

    def _build(self, workshop: Workshop, environment: Environment, kind: str) -> Built | Failed:
        self._told(environment.label, kind, "building")
        made = build_quietly(workshop, environment, kind)
        self._told(environment.label, kind, "failed" if isinstance(made, Failed) else "built")
        return made


def _is_light(source: Source) -> bool:
    """Say whether no file of a source looks like a compiler's, and all together are small."""
    names = [name for name, _, target in source.files if target is None]
    if any(PurePosixPath(name).suffix.lower() in COMPILED for name in names):
        return False
    return sum((source.root / name).stat().st_size for name in names) <= BYTES_MAX
