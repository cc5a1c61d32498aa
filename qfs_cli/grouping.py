"""A group of commands whose help shows each command's first sentence whole, over several lines.

- Typer cuts it at the width of the terminal.
"""

from typing import Any

from typer.core import TyperGroup

_NO_LIMIT = 10_000  # more characters than any sentence has


class Group(TyperGroup):
    """A group of commands."""

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
