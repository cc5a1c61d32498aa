"""`qfs tui`: a log through time, in a terminal."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from qfs.app.browsing import Browser
from qfs.app.failure import EnvironmentFault, UsageError
from qfs_cli.waiting import watched


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("tui")(tui)


def tui(
    log: Annotated[Path, typer.Argument(help="A ledger directory, or a log file in it.")],
) -> None:
    """Walk through a log: packets, commands and answers, state at any point, changes, search.

    The log is opened read-only and signatures are trusted; every root that is shown is derived
    again. Press ? for the keys. Needs the extra tui: pip install 'qfs-toolchain[tui]'.
    """
    browser = Browser(log)
    try:
        view = import_module("qfs_cli.tui.app")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "textual":
            raise
        raise EnvironmentFault(
            "textual is not installed", place="qfs tui", way_out="pip install 'qfs-toolchain[tui]'"
        ) from None
    # Textual draws on standard error.
    if sys.stdin is None or not (sys.stdin.isatty() and watched()):
        raise UsageError(
            "no terminal to draw on",
            place="qfs tui",
            way_out="run it in a terminal, or print a state: qfs replay LOG --until SEQ --show KEY",
        )
    view.LogApp(browser).run()
