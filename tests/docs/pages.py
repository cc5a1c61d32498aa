"""The documentation as the tests see it: pages, their fenced blocks, and how examples are run.

A fenced block is one of these, by its info string:

- ```` ```python ```` with ``>>>``: run by doctest; the blocks of a page share one namespace;
- ```` ```console ````: lines after ``$ `` are typed into one shell a page, and the lines below must
  be what it prints; ``...`` inside a line stands for any text, alone on a line for any lines;
- any language with ``title=FILE``: a file that the examples below it find in their folder;
- ``text``, ``sh``, ``toml``, ``yaml``, ``json``: shown, not run.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.tidy import tree

SHOWN = ("text", "sh", "toml", "yaml", "json")
MARK = "--- end of one command ---"
_FENCE = re.compile(r"^```(?P<info>\S.*)\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
_TITLE = re.compile(r"title=(\S+)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    language: str
    title: str
    """Name of the file that it is; empty for others."""
    body: str
    line: int
    """Where it starts in its page, from 1."""


@dataclass(frozen=True, slots=True)
class Example:
    """A command of a console block, and what it must print."""

    command: str
    expected: str
    line: int


def pages() -> list[Path]:
    """Return every page of the documentation, the README first."""
    inside = sorted(path for path in (tree.ROOT / "docs").rglob("*.md"))
    return [tree.ROOT / "README.md", tree.ROOT / "CONTRIBUTING.md", *inside]


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    found = []
    for match in _FENCE.finditer(text):
        title = _TITLE.search(match["info"])
        found.append(
            Block(
                match["info"].split()[0],
                title[1] if title else "",
                match["body"],
                text.count("\n", 0, match.start()) + 1,
            )
        )
    return found


def examples(block: Block) -> list[Example]:
    """Return the commands of a console block, each with the output below it."""
    found: list[Example] = []
    for number, line in enumerate(block.body.splitlines(), start=block.line + 1):
        if line.startswith("$ "):
            found.append(Example(line[2:], "", number))
        elif line.startswith("> ") and found and not found[-1].expected:
            last = found.pop()
            found.append(Example(f"{last.command}\n{line[2:]}", "", last.line))
        else:
            last = found.pop()
            found.append(Example(last.command, f"{last.expected}{line}\n", last.line))
    return found


def matches(expected: str, actual: str) -> bool:
    """Say whether an output is what the page shows, its elisions granted."""
    parts = []
    for line in expected.splitlines():
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            inside = [re.escape(part.rstrip() if last else part) for part, last in _parts(line)]
            parts.append(".*".join(inside) + r"[ ]*\n")
    return re.fullmatch("".join(parts), actual) is not None


def type_into_a_shell(commands: list[str], folder: Path) -> list[str]:
    """Run commands one after the other in one shell; return what each printed, errors included."""
    script = ""
    for command in commands:
        script += f"{command}\n__code=$?; printf '%s\\n' '{MARK}'; (exit $__code)\n"
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }
    outcome = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    printed = outcome.stdout.split(f"{MARK}\n")
    assert len(printed) == len(commands) + 1, outcome.stdout
    return printed[:-1]


def _parts(line: str) -> list[tuple[str, bool]]:
    split = line.split("...")
    return [(part, number == len(split) - 1) for number, part in enumerate(split)]
