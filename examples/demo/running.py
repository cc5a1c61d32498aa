"""Runs one real command of the demonstration and holds it to the exit code that it must have.

- The commands are those that a user types; their JSON is what the report is made from.
- A command that ends otherwise than it must ends the demonstration, with everything it said.
"""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class DemoError(Exception):
    """A command did not do what the demonstration says it does."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that did what it must."""

    shown: str
    """The command as a user types it."""
    exit_code: int
    output: str

    @property
    def document(self) -> Any:
        """The JSON document that it printed."""
        return json.loads(self.output)


@dataclass(frozen=True, slots=True)
class Runner:
    """Where commands run: the tree, and a scratch folder whose name no output shows."""

    tree: Path
    scratch: Path

    def qfs(self, *words: str | Path, must: int = 0, as_json: bool = True) -> Ran:
        """Run ``qfs`` with the words; raises DemoError unless it exits as it must."""
        asked = [str(word) for word in words]
        told = [*asked, "--format", "json"] if as_json else asked
        done = subprocess.run(
            [sys.executable, "-m", "qfs_cli.main", *told],
            cwd=self.tree,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        shown = shlex.join(["qfs", *[self.short(word) for word in asked]])
        if done.returncode != must:
            raise DemoError(
                f"{shown}\nexit code {done.returncode}, not {must}\n{done.stdout}{done.stderr}"
            )
        return Ran(shown, done.returncode, done.stdout)

    def short(self, word: str) -> str:
        """Return a word with the scratch folder and the tree cut off."""
        for folder in (self.scratch, self.tree):
            word = word.replace(f"{folder}{os.sep}", "")
        return word
