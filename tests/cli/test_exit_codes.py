"""A wrong call of any command ends with exit code 2, one clear error and nothing done."""

import re
from enum import Enum
from pathlib import Path

from tests.cli.processes import Call, Outcome, run_all
from tools.command_tree import Command, Parameter, commands

ALL = commands()


def sample(parameter: Parameter) -> str:
    """Return a value of the type that the parameter takes."""
    if parameter.choices:
        return parameter.choices[0]
    return "1" if parameter.takes is int else "nothing-of-that-name"


def required(command: Command, without: Parameter | None = None) -> list[str]:
    """Return what must be given, in words of the right type."""
    words = [*command.words]
    for one in command.parameters:
        if one.required and one is not without:
            words += [one.name, sample(one)] if one.is_option else [sample(one)]
    return words


def wrong_calls(command: Command) -> list[tuple[str, ...]]:
    """Return every way of calling the command that makes no sense."""
    whole = required(command)
    calls = [(*whole, "--no-such-option")]
    if not any(one.many for one in command.arguments):
        surplus = ["surplus"] * (1 + len(command.arguments))
        calls.append((*whole, *surplus))
    for one in command.parameters:
        if one.required:
            calls.append(tuple(required(command, without=one)))
        if one.is_option and not one.is_flag:
            calls.append((*whole, one.name))
        if one.is_option and (one.takes is int or issubclass(one.takes, Enum)):
            calls.append((*whole, one.name, "neither-number-nor-choice"))
    return calls


def is_clear(outcome: Outcome) -> bool:
    """Say whether the error is one error, on the right stream, without a traceback."""
    errors = re.findall(r"^(?:Error: |error\[)", outcome.stderr, re.MULTILINE)
    return outcome.stdout == "" and len(errors) == 1 and "Traceback" not in outcome.stderr


def test_a_wrong_call_of_any_command_exits_2_and_changes_nothing(tmp_path: Path) -> None:
    calls = [Call(words, str(tmp_path)) for command in ALL for words in wrong_calls(command)]
    outcomes = run_all(calls)
    assert len(outcomes) > len(ALL)
    assert [(one.words, one.code) for one in outcomes if one.code != 2] == []
    assert [one for one in outcomes if not is_clear(one)] == []
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_exits_2(tmp_path: Path) -> None:
    groups = {one.words[:-1] for one in ALL}
    outcomes = run_all([Call((*group, "no-such-command"), str(tmp_path)) for group in groups])
    assert [(one.words, one.code) for one in outcomes if one.code != 2] == []
    assert [one for one in outcomes if not is_clear(one)] == []


def test_an_empty_path_is_a_mistake_and_never_the_folder_one_is_in(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("x = 1\n", encoding="utf-8")
    calls, names = [], []
    for command in ALL:
        for one in command.parameters:
            if one.takes is not Path:
                continue
            words = required(command, without=one)
            if one.is_option:
                words += [one.name, ""]
            else:
                words = [*command.words]
                for each in command.arguments:
                    words += ["" if each is one else sample(each)]
                for each in command.options:
                    words += [each.name, sample(each)] if each.required else []
            calls.append(Call(tuple(words), str(tmp_path)))
            names.append(one.name)
    outcomes = run_all(calls)
    assert len(outcomes) > len(ALL)
    said = [f"error[QFS-USAGE]: {name}: an empty path\n" for name in names]
    assert [
        (one.words, one.code, one.stderr)
        for one, start in zip(outcomes, said, strict=True)
        if one.code != 2 or not one.stderr.startswith(start)
    ] == []
    assert [each.name for each in tmp_path.iterdir()] == ["m.py"]
