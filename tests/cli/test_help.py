"""Every command, argument and option says what it is for."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.cli.processes import Call, run_all
from tools.command_tree import Command, commands

ALL = commands()


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.name)
def test_a_command_and_each_of_its_parameters_is_described(command: Command) -> None:
    assert command.help.split(". ")[0].rstrip(".").count(" ") >= 2, "one sentence, please"
    assert command.help.endswith(".")
    assert [one.name for one in command.parameters if not one.help] == []


def test_every_command_prints_its_help() -> None:
    outcomes = run_all([Call((*command.words, "--help"), "/") for command in ALL])
    for command, outcome in zip(ALL, outcomes, strict=True):
        assert (outcome.code, outcome.stderr) == (0, ""), command.name
        assert f"Usage: qfs {command.name}" in outcome.stdout
        for one in command.options:
            assert one.name in outcome.stdout


def test_the_program_lists_every_command() -> None:
    (outcome,) = run_all([Call(("--help",), "/")])
    assert [word for word in {one.words[0] for one in ALL} if word not in outcome.stdout] == []


def test_no_sentence_is_cut_where_commands_are_listed() -> None:
    listed: dict[tuple[str, ...], list[Command]] = {(): []}
    for one in ALL:
        listed.setdefault(one.words[:-1], []).append(one)
    calls = [Call((*group, "--help"), "/") for group in listed]
    outcomes = run_all(calls, columns=80)
    for (group, members), outcome in zip(listed.items(), outcomes, strict=True):
        shown = "".join(outcome.stdout.split("Commands:")[1].split())
        for one in members:
            sentence = one.help.split(". ")[0].rstrip(".")
            assert one.words[-1] + "".join(sentence.split()) in shown, (group, one.name)
        assert max(map(len, outcome.stdout.splitlines())) <= 80


def test_no_help_at_80_columns_is_cut() -> None:
    outcomes = run_all([Call((*command.words, "--help"), "/") for command in ALL], columns=80)
    for command, outcome in zip(ALL, outcomes, strict=True):
        shown = "".join(outcome.stdout.split())  # a line may end behind a hyphen
        for sentence in (command.help, *[one.help for one in command.parameters]):
            assert "".join(sentence.split()) in shown, (command.name, sentence)


def test_every_report_can_be_had_as_json() -> None:
    formats = [(one, option) for one in ALL for option in one.options if option.name == "--format"]
    assert formats != []
    for command, option in formats:
        named = option.choices or option.help.replace(",", " ").replace(".", " ").split()
        assert {"text", "json"} <= set(named), command.name


COMPLETION = """
source <("$0" --show-completion)
COMP_WORDS=(qfs "$@")
COMP_CWORD=$#
_qfs_completion "$0"
echo "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("led",), "ledger"),
        (("ledger", "verify-"), "verify-proof"),
        (("ledger", "export", "--as", "j"), "jsonl"),
        (("ledger", "export", "--t"), "--table"),
        (("zz",), ""),
    ],
)
def test_bash_completes_commands_options_and_choices(words: tuple[str, ...], offered: str) -> None:
    program = Path(sysconfig.get_path("scripts")) / "qfs"
    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETION, str(program), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == offered
