"""Every command of the program, as data: what the documentation lists and the tests walk.

- Read from the program itself, so that nothing here can fall behind it.
- A group (``qfs keys``) is not a command; its members are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from typer.main import get_command

from qfs_cli import commands as program
from qfs_cli.main import app


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument or option."""

    name: str
    """``--format``, or an argument's name."""
    is_option: bool
    takes: type
    """What it is parsed into: bool, int, str, Path or an Enum."""
    required: bool
    many: bool
    """Whether it may be given more than once."""
    help: str
    default: str
    """As text; empty when there is none to speak of."""

    @property
    def is_flag(self) -> bool:
        """Say whether the option stands alone."""
        return self.takes is bool

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of an Enum."""
        if not issubclass(self.takes, Enum):
            return ()
        return tuple(str(member.value) for member in self.takes)


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    words: tuple[str, ...]
    """``("ledger", "init")``."""
    help: str
    parameters: tuple[Parameter, ...]

    @property
    def name(self) -> str:
        """The command as typed after ``qfs``."""
        return " ".join(self.words)

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """What is given by position."""
        return tuple(one for one in self.parameters if not one.is_option)

    @property
    def options(self) -> tuple[Parameter, ...]:
        """What is given by name."""
        return tuple(one for one in self.parameters if one.is_option)


def commands() -> tuple[Command, ...]:
    """Return every command that the help shows, in the help's order."""
    if not app.registered_commands and not app.registered_groups:
        program.register(app)
    return tuple(_walk(get_command(app), ()))


def _walk(node: Any, words: tuple[str, ...]) -> Iterator[Command]:
    children = getattr(node, "commands", None)
    if children is None:
        parameters = tuple(_parameter(one) for one in node.params if not _is_hidden(one))
        yield Command(words, _sentence(node.help), parameters)
        return
    for name, child in children.items():
        if not child.hidden:
            yield from _walk(child, (*words, name))


def _is_hidden(parameter: Any) -> bool:
    return bool(parameter.hidden) or parameter.name == "help"


def _parameter(parameter: Any) -> Parameter:
    annotation = parameter.type_descriptor.annotation
    inside = [one for one in get_args(annotation) if one not in (type(None), Ellipsis)]
    takes = inside[0] if inside else annotation
    return Parameter(
        name=max(parameter.opts, key=len),
        is_option=parameter.param_type_name == "option",
        takes=takes if isinstance(takes, type) else str,
        required=bool(parameter.required),
        many=bool(parameter.multiple) or parameter.nargs != 1,
        help=_sentence(parameter.help),
        default=_default(parameter),
    )


def _default(parameter: Any) -> str:
    """Return the default as the help shows it: what depends on the computer is said in words."""
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    return _text(parameter.default)


def _text(value: Any) -> str:
    if value is None or value is False or value in ((), []):
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (list, tuple)):
        return " ".join(_text(one) for one in value)
    return value.as_posix() if isinstance(value, Path) else str(value)


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())
