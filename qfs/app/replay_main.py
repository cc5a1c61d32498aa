"""Replay with signatures trusted, for any CPython >= 3.11 with nothing installed.

    python -m qfs.app.replay_main LOG [--roots] [--until SEQ] [--snapshot] [--commands SEQ]

- Needs the standard library and this package's source alone: no site-packages, no compiler.
- Without options it compares every root with the recorded one and says what it found, with the
  exit codes of `qfs replay`. ``--roots`` prints the derived roots as JSON without comparing;
  ``--until`` stops after a packet; ``--snapshot`` writes the world there as bytes; ``--commands``
  prints what ran in one packet, with its machine's root after each command.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS, EXIT_HALTED, EXIT_USAGE
from qfs.app.watching import state_root, text_of, watch_packet
from qfs.app.worlds import HaltedLog, derive
from qfs.errors import QFSError, UsageError
from qfs.kernel import World
from qfs.shell import log


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with these arguments, or the process's own; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m qfs.app.replay_main")
    parser.add_argument("log", type=Path, help="a ledger directory, or a log file in it")
    parser.add_argument("--roots", action="store_true", help="print the derived roots as JSON")
    parser.add_argument("--until", type=int, help="stop after this packet")
    parser.add_argument("--snapshot", action="store_true", help="write the world to stdout")
    parser.add_argument("--commands", type=int, help="print the commands of this packet as JSON")
    options = parser.parse_args(arguments)
    if options.until is not None and options.until < 0:
        parser.error(f"--until {options.until}: packets count from 0, the genesis")
    try:
        if options.commands is not None:
            return _commands(options.log, options.commands)
        if options.roots or options.snapshot:
            return _derived(options.log, options.until, snapshot=options.snapshot)
        return _compared(options.log, options.until)
    except QFSError as error:
        print(f"error[{error.code}]: {error}", file=sys.stderr)  # noqa: T201
        return EXIT_USAGE


def _derived(path: Path, until: int | None, *, snapshot: bool) -> int:
    """Print the roots, or the last world, whatever was recorded; a halt ends the list."""
    roots: list[str] = []
    world: World | None = None
    halt: str | None = None
    frames = log.survey(path)[0].frames
    try:
        wanted = frames if until is None else frames[: until + 1]
        for step in derive(wanted, compare=False, check_after=True):
            world = step.world
            roots.append(world.root.hex())
    except HaltedLog as stopped:
        halt = str(stopped)
    if snapshot and world is not None:
        for piece in world.snapshot():
            sys.stdout.buffer.write(piece)
    elif not snapshot:
        print(json.dumps({"halt": halt, "roots": roots}))  # noqa: T201
    return EXIT_CLEAN


def _commands(path: Path, seq: int) -> int:
    """Print each command of a packet and its machine's root after it."""
    frames = log.survey(path)[0].frames
    if not 1 <= seq < len(frames):
        raise UsageError(
            f"packet {seq}", place="--commands", way_out=f"name one of 1 .. {len(frames) - 1}"
        )
    watched = watch_packet(frames, seq)
    rows = [
        {
            "transaction": one.transaction,
            "order": one.order,
            "machine": one.machine,
            "refusal": one.refusal,
            "text": text_of(one),
            "root": state_root(one.machine, watched.after, one.after),
        }
        for one in watched.commands
    ]
    print(json.dumps({"commands": rows}))  # noqa: T201
    return EXIT_CLEAN


def _compared(path: Path, until: int | None) -> int:
    """Say whether every recorded root is derived again."""
    reading, corrupt = log.survey(path)
    frames = reading.frames if until is None else reading.frames[: until + 1]
    whole = len(frames) == len(reading.frames)
    try:
        for step in derive(frames, corrupt=corrupt if whole else None, check_after=True):
            root = step.world.root
    except HaltedLog as stopped:
        print(f"halted: {stopped}\nrecord {stopped.halt_record.digest().hex()}", file=sys.stderr)  # noqa: T201
        return EXIT_HALTED
    torn = whole and reading.torn_at is not None
    print(f"packets     {len(frames) - 1}\nstate root  {root.hex()}\nsignatures  trusted")  # noqa: T201
    print(f"truncated   {f'in packet {len(frames)}' if torn else 'no'}")  # noqa: T201
    return EXIT_FINDINGS if torn else EXIT_CLEAN


if __name__ == "__main__":
    sys.exit(main())
