"""The watched process: prepares itself, imports the program, calls it once an input, tells results.

- Run as ``python -c "... main(settings)"`` by ``perturbed_run``; one JSON line a step on
  the records' descriptor: ``[pass, input, digest, outcome]``, then one line with what was noticed.
- A target is ``package.module:name`` or ``folder/file.py:name``. A class is instantiated anew in
  each pass; ``Class.method`` is called on such an instance, and its attributes are the state.
- An error that the program raises is its result; MemoryError ends the run, whoever raises it.
- Runs in the watched process, on every Python from 3.11 on: the standard library alone.
"""

import json
import os
import sys
from typing import Any

from qfs.shell import perturbation_prelude as prelude


def main(path: str) -> None:
    """Do what the settings file says."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 (pathlib would read the listing early)
        settings = json.load(file)
    records = settings["records"]
    _limit(settings)
    prelude.apply(settings["prelude"])
    seal = _seal(settings)
    from qfs.shell import watched_steps  # noqa: PLC0415 (after the clock and chance have changed)

    # Our own modules are kept compiled; beside the program's nothing is written.
    sys.dont_write_bytecode = True
    sys.path[:0] = settings["path"]
    sys.argv = [settings["target"]]
    watched_steps.run(settings, _Records(records), seal)


class _Records:
    """Writes lines that survive a crash, from this process only."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._owner = os.getpid()
        self._getpid = os.getpid
        self._lines: list[bytes] = []

    def write(self, line: list[Any] | dict[str, Any]) -> None:
        """Append one line."""
        if self._getpid() == self._owner:
            os.write(self._descriptor, json.dumps(line).encode() + b"\n")

    def forked(self) -> bool:
        """Say whether this is a copy of the watched process."""
        return self._getpid() != self._owner


def _limit(settings: dict[str, Any]) -> None:
    if settings.get("memory"):
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (settings["memory"], settings["memory"]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _seal(settings: dict[str, Any]) -> Any:
    if not settings.get("sealed"):
        return None
    from qfs.shell import sealed, sealed_functions  # noqa: PLC0415 (only a sealed run pays for it)

    seal = sealed.Seal(tuple(settings.get("readable", ())), settings["path"][0])
    sealed_functions.install(seal)
    seal.install(sealed_functions.CHANGED)
    return seal
