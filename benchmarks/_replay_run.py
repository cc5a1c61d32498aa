"""One replay of a log, in a process of its own, as `qfs replay LOG --jobs N` is.

    python -m benchmarks._replay_run LOG verified 2

It prints nanoseconds: on the wall, and of the process that used most of a processor.
"""

import resource
import sys
import time
from pathlib import Path

from qfs.app.replay import replay_here
from qfs.app.worlds import QFS
from qfs.shell import providers


def used(who: int) -> int:
    """Return the nanoseconds of processor time of this process, or of its children that ended."""
    found = resource.getrusage(who)
    return int((found.ru_utime + found.ru_stime) * 1e9)


if __name__ == "__main__":
    log, way, jobs = sys.argv[1:]
    verifier = None if way == "trusted" else providers.verifier()
    start, own = time.perf_counter_ns(), used(resource.RUSAGE_SELF)
    report = replay_here(Path(log), verifier, QFS, jobs=int(jobs))
    wall = time.perf_counter_ns() - start
    if report.exit_code:
        sys.exit(f"{log} is not replayed: {report.document()}")
    print(wall, max(used(resource.RUSAGE_SELF) - own, used(resource.RUSAGE_CHILDREN)))
