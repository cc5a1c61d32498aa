"""``qfs rules [CODE]``: the catalogue, or one rule; ``--check`` runs their examples."""

from typing import Annotated

import typer

from qfs.app.rules import check_rules, rules
from qfs_cli.render.rules import (
    render_check,
    render_check_json,
    render_json,
    render_list,
    render_one,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rules")(command)


def command(
    code: Annotated[str, typer.Argument(help="A code (QFS401) or name.")] = "",
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Audit the bad and the good examples of the rules.")
    ] = False,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Show the catalogue of rules, yours included, or one rule: what, why, bad, good, source."""
    if check:
        checked = check_rules(code)
        typer.echo((render_check_json if form == "json" else render_check)(checked), nl=False)
        raise typer.Exit(checked.exit_code)
    found = rules(code)
    if form == "json":
        typer.echo(render_json(found), nl=False)
    elif code:
        typer.echo(render_one(found[0]), nl=False)
    else:
        typer.echo(render_list(found), nl=False)
