"""``qfs rules [CODE]``: the catalogue, or one rule."""

from typing import Annotated

import typer

from qfs.app.rules import RuleView, rules
from qfs_cli.render.rules import render_json, render_list, render_one


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rules")(command)


def command(
    code: Annotated[str, typer.Argument(help="A code (QFS401) or name.")] = "",
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Show the catalogue of rules, or one rule: what, why, bad, good, source."""
    found: tuple[RuleView, ...] = rules(code)
    if form == "json":
        typer.echo(render_json(found), nl=False)
    elif code:
        typer.echo(render_one(found[0]), nl=False)
    else:
        typer.echo(render_list(found), nl=False)
