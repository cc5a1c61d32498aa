"""A sign of life for whoever waits at a terminal; in a pipe there is none.

- It stands on standard error and goes when the work is done, so that reports are the same bytes.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show what is done, for as long as it takes."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 (a pipeline need not wait for it)

    with Console(stderr=True).status(what):
        yield
