"""A sign of life for whoever waits at a terminal; in a pipe there is none.

- It stands on standard error and goes when the work is done, so that reports are the same bytes.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def watched() -> bool:
    """Say whether somebody sees standard error; who has closed it has none (None)."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show what is done, for as long as it takes."""
    if not watched():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 (a pipeline need not wait for it)

    with Console(stderr=True).status(what):
        yield


@contextmanager
def progressing(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how much of how much is done, as it is told: (done, total)."""
    if not watched():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 (as above)
    from rich.progress import Progress  # noqa: PLC0415 (as above)

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)

    def tell(done: int, total: int) -> None:
        bar.start()  # not before: its thread would keep a replay from forking
        bar.update(task, completed=done, total=total)

    try:
        yield tell
    finally:
        bar.stop()
