"""Generate what the documentation says about the code: `python -m tools.docs [--check]`.

- Each generated page is a function of the code alone; `PAGES` names them all.
- `--check` compares instead of writing: exit code 1 names each page that differs, and the command
  that mends it.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from qfs.app.explain import Explanation, everything
from tools.command_tree import Command, Parameter, commands

ROOT = Path(__file__).resolve().parents[1]
MADE_BY = "<!-- Made by `make docs` from the code; edit the code instead. -->"

KINDS = {
    "error": (
        "Errors",
        """A mistake of the caller, or a fault of the environment. The command ends with exit code
2; the message shows the value, the place and the way out.""",
    ),
    "refusal": (
        "Refusals",
        """An expected no of the gate, the kernel or a machine. It is a value in a receipt, not an
error.""",
    ),
    "halt": (
        "Halt codes (CIR-302)",
        """A broken invariant: better stopped than different. The command ends with exit code 3.""",
    ),
    "exit": ("Exit codes", "Every command keeps to these."),
}


def commands_page() -> str:
    """Return the reference of every command."""
    every = commands()
    lines = [
        "# Commands",
        "",
        MADE_BY,
        "",
        "`qfs COMMAND --help` says the same on a terminal. Exit codes: [codes](codes.md).",
        "",
        "| command | what it does |",
        "|---|---|",
        *[
            f"| [`qfs {one.name}`](#qfs-{'-'.join(one.words)}) | {_cell(_first(one.help))} |"
            for one in every
        ],
    ]
    for one in every:
        lines += ["", *_command(one)]
    return "\n".join(lines) + "\n"


def codes_page() -> str:
    """Return the reference of every error, refusal, halt and exit code."""
    lines = ["# Codes", "", MADE_BY, "", "`qfs explain CODE` says the same on a terminal."]
    for kind, group in groupby(everything(), key=lambda one: one.kind):
        title, sentence = KINDS[kind]
        lines += ["", f"## {title}", "", sentence, "", "| code | meaning |", "|---|---|"]
        lines += [_row(one) for one in group]
    return "\n".join(lines) + "\n"


def decisions_page() -> str:
    """Return the index of the decision records, from their titles."""
    lines = [
        "# Decisions",
        "",
        MADE_BY,
        "",
        "One page a decision: the question, what was decided, what was measured, what it costs. A",
        "decision that changes gets a new page that names the old one.",
        "",
    ]
    for path in sorted((ROOT / "docs/adr").glob("[0-9]*.md")):
        number, title = path.read_text(encoding="utf-8").partition("\n")[0][2:].split(". ", 1)
        lines.append(f"{number}. [{title}]({path.name})")
    return "\n".join(lines) + "\n"


def attacks_page() -> str:
    """Return the table of named attacks, each with the code that it must get."""
    attacks = import_module("tests.attacks.cases").ATTACKS
    lines = [
        "# Attacks",
        "",
        MADE_BY.replace("the code instead", "tests/attacks/cases instead"),
        "",
        f"{len(attacks)} attacks and mistakes that `make test` carries out, each with the one code",
        "that it must get: the refusal of the gate or of the key registry, the halt (CIR-302, with",
        "the gate's sub-code behind it), the error, or exit code 1. `qfs explain CODE` says what a",
        "code means.",
    ]
    for family, group in groupby(sorted(attacks, key=_family), _family):
        lines += ["", f"## On the {family}", "", "| attack | must get |", "|---|---|"]
        lines += [f"| {_cell(one.name)} | `{one.expected}` |" for one in group]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/adr/index.md": decisions_page,
    "docs/reference/attacks.md": attacks_page,
    "docs/reference/commands.md": commands_page,
    "docs/reference/codes.md": codes_page,
}


def differing(root: Path) -> list[str]:
    """Return the generated pages that are not what the code says, by their path."""
    return [
        name
        for name, page in PAGES.items()
        if not (root / name).exists() or (root / name).read_text(encoding="utf-8") != page()
    ]


def write(root: Path) -> list[str]:
    """Write each generated page that differs; return their paths."""
    changed = differing(root)
    for name in changed:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(PAGES[name](), encoding="utf-8")
    return changed


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run the tool; return the exit code."""
    if arguments == ["--check"]:
        stale = differing(root)
        for name in stale:
            print(f"{name} is not what the code says; run: make docs", file=sys.stderr)
        return 1 if stale else 0
    if arguments:
        print("error: usage: python -m tools.docs [--check]", file=sys.stderr)
        return 2
    for name in write(root):
        print(f"wrote {name}")
    return 0


def _command(one: Command) -> list[str]:
    words = [f"qfs {one.name}", "[OPTIONS]" if one.options else "", *map(_usage, one.arguments)]
    lines = [
        f"## `qfs {one.name}`",
        "",
        one.help,
        "",
        "```text",
        " ".join(word for word in words if word),
        "```",
    ]
    if one.parameters:
        lines += ["", "| parameter | takes | default | what it is for |", "|---|---|---|---|"]
        lines += [
            f"| `{each.name}` | {_cell(_takes(each))} | {_default(each)} | {_cell(each.help)} |"
            for each in one.parameters
        ]
    return lines


def _usage(argument: Parameter) -> str:
    word = argument.name.upper() + ("..." if argument.many else "")
    return word if argument.required else f"[{word}]"


def _takes(one: Parameter) -> str:
    kind = ", ".join(f"`{choice}`" for choice in one.choices) or _TYPES.get(one.takes, "text")
    return kind + (", repeatable" if one.many else "") + (", required" if one.required else "")


_TYPES: dict[type, str] = {bool: "-", int: "number", Path: "path"}


def _row(one: Explanation) -> str:
    return f"| `{one.code}` | {_cell(' '.join(one.text.split()))} |"


def _first(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")


def _family(attack: Any) -> str:
    return str(attack.family)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("``", "`")


def _default(one: Parameter) -> str:
    return f"`{one.default}`" if one.default else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
