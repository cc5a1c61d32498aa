"""The program ``qfs``: registers what is asked for, and turns each failure into its exit code.

0 clean, 1 findings or a no, 2 usage, input, environment or inconclusive, 3 halted, 70 a bug in QFS,
130 interrupted, 141 whoever read the output has closed it.
"""

import sys
import traceback
from contextlib import suppress
from typing import NoReturn

import typer

from qfs import __version__
from qfs.app.failure import (
    EXIT_BUG,
    EXIT_HALTED,
    EXIT_INTERRUPTED,
    EXIT_UNREAD,
    EXIT_USAGE,
    EnvironmentFault,
    Halt,
    QFSError,
)
from qfs_cli import commands
from qfs_cli.grouping import Group

app = typer.Typer(
    name="qfs",
    help="Make a state machine provably deterministic, from source to state root.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=Group,
)


def _version(value: bool) -> None:  # noqa: FBT001 (Typer's callback)
    if value:
        typer.echo(f"qfs {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(  # noqa: FBT001
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Make a state machine provably deterministic, from source to state root."""


def main() -> None:
    """Run the command line; the process's exit code says how it went."""
    try:
        commands.register(app, sys.argv[1:])
        app(prog_name="qfs")
    except QFSError as error:
        _fail(f"error[{error.code}]: {error}", EXIT_USAGE)
    except Halt as halt:
        way_out = f"qfs explain {halt.code.value} says what it means and what to do"
        _fail(f"halted: {halt}\n  -> {way_out}", EXIT_HALTED)
    except MemoryError:
        _fail(f"error[{EnvironmentFault.code}]: out of memory", EXIT_USAGE)
    except OSError as error:
        _unwritten(error)
        _fail(f"error[{EnvironmentFault.code}]: {error}", EXIT_USAGE)
    except ImportError as error:
        if (error.name or "").partition(".")[0] in ("qfs", "qfs_cli"):
            _bug()
        _fail(f"error[{EnvironmentFault.code}]: a library is missing: {error}", EXIT_USAGE)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except SystemExit as end:
        # The library exits with 1, which would be an answer.
        if isinstance(end.__context__, BrokenPipeError):
            sys.exit(EXIT_UNREAD)
        raise
    except Exception:  # noqa: BLE001 (the last catch: anything that arrives here is our bug)
        _bug()


def _unwritten(error: OSError) -> None:
    """Exit where nothing but the report failed: what the command did stands."""
    frames = [frame for frame, _line in traceback.walk_tb(error.__traceback__)]
    if any(frame.f_globals.get("__name__", "").startswith("qfs.") for frame in frames):
        return
    if error.filename is not None:
        return
    if isinstance(error, BrokenPipeError):
        sys.exit(EXIT_UNREAD)
    what = f"the output cannot be written: {error.strerror}"
    way_out = "what the command did until then is done; look before you run it again"
    _fail(f"error[{EnvironmentFault.code}]: {what}\n  -> {way_out}", EXIT_USAGE)


def _bug() -> NoReturn:
    with suppress(OSError):
        traceback.print_exc()
    _fail("error[QFS-BUG]: this is a bug in qfs; please report it", EXIT_BUG)


def _fail(sentence: str, code: int) -> NoReturn:
    with suppress(OSError):  # who cannot be told still gets the code
        typer.echo(sentence, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
