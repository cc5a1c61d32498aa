"""The command reference and `--help` say the same, both ways."""

import re

import pytest

from tests.cli.processes import Call, run_all
from tests.tidy import tree
from tools.command_tree import Command, commands

PAGE = (tree.ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
SECTIONS = {
    match[1]: match[2]
    for match in re.finditer(r"^## `qfs ([a-z \-]+)`\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE)
}
_OPTION = re.compile(r"^\s+(?:-\w, )?(--[a-z][\w\-]*)", re.MULTILINE)


def test_the_page_lists_every_command_and_no_other() -> None:
    every = [one.name for one in commands()]
    assert list(SECTIONS) == every
    assert re.findall(r"^\| \[`qfs ([a-z \-]+)`\]", PAGE, re.MULTILINE) == every


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
def test_a_section_has_the_options_of_help_and_no_others(command: Command) -> None:
    (outcome,) = run_all([Call((*command.words, "--help"), "/")])
    printed = set(_OPTION.findall(outcome.stdout)) - {"--help"}
    written = set(re.findall(r"^\| `(--[\w\-]+)` \|", SECTIONS[command.name], re.MULTILINE))
    assert written == printed


def test_pages_name_no_command_that_does_not_exist() -> None:
    known = {one.words[0] for one in commands()} | {"--version", "--help"}
    named: dict[str, set[str]] = {}
    for path in (tree.ROOT / "docs").rglob("*.md"):
        for word in re.findall(r"(?:`|\$ )qfs ([a-z\-]+)", path.read_text(encoding="utf-8")):
            named.setdefault(word, set()).add(tree.relative(path))
    assert {word: sorted(where) for word, where in named.items() if word not in known} == {}
