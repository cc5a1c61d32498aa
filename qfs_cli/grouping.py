"""A group of commands, as QFS needs it.

- Its help shows each command's first sentence whole, over several lines; Typer cuts it.
- An empty path is a mistake (``"$UNSET"``), never the folder that one is in; Typer takes it
  for ``.``.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args

from typer.core import TyperGroup

from qfs.app.failure import UsageError

_NO_LIMIT = 10_000  # more characters than any sentence has


class Group(TyperGroup):
    """A group of commands."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for command in self.commands.values():
            for one in command.params:
                if _takes_path(one):
                    one.process_value = partial(_not_empty, one, one.process_value)  # type: ignore[method-assign]  # there is no hook before a text becomes a path

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands into the help."""
        shown = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(_NO_LIMIT))
            for name, command in shown
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def _takes_path(parameter: Any) -> bool:
    descriptor = getattr(parameter, "type_descriptor", None)
    annotation = getattr(descriptor, "annotation", None)
    return Path in (annotation, *get_args(annotation))


def _not_empty(parameter: Any, process: Callable[[Any, Any], Any], ctx: Any, value: Any) -> Any:
    if value == "" or (isinstance(value, (list, tuple)) and "" in value):
        raise UsageError(
            "an empty path",
            place=max(parameter.opts, key=len),
            way_out="name a file or a folder; . is the one that you are in",
        )
    return process(ctx, value)
