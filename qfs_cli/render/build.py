"""A report of `qfs build` as text, and the table that is seen while it builds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from qfs.app.build import REMEDIES, Artifact, BuildReport, Progress, Variation, Verdict
from qfs.app.build_deep import Deep

_STYLES = {
    Verdict.REPRODUCIBLE: "bold green",
    Verdict.DIFFERENT: "bold red",
    Verdict.INCONCLUSIVE: "bold yellow",
}
_MEMBERS_SHOWN = 3
"""Of one cause in one artefact."""
_WIDE = 1_000
"""Columns of what is no terminal: a file has room for a whole fix in one line."""


@contextmanager
def live_table() -> Iterator[Progress]:
    """Show on standard error what is being built; gives what to call when that changes."""
    states: dict[tuple[str, str], str] = {}
    one_at_a_time = Lock()

    def table() -> Table:
        made = Table("environment", "artefact", "state", box=None)
        for (environment, kind), state in states.items():
            made.add_row(environment, kind, state)
        return made

    console = Console(stderr=True)
    with Live(table(), console=console, transient=True, auto_refresh=False) as live:

        def progress(environment: str, kind: str, state: str) -> None:
            with one_at_a_time:
                states[environment, kind] = state
                live.update(table(), refresh=True)

        yield progress


def show(report: BuildReport, deep: Sequence[Deep] | None = None) -> None:
    """Print the report: artefacts, variations, the tree of differences, the verdict.

    deep is what diffoscope said, if anybody asked it.
    """
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE

    def line(text: str, style: str = "") -> None:
        console.print(Text(text, style=style), soft_wrap=True)

    for item in report.artifacts:
        line(f"{_same(item):9}  {item.pair:10}  sha256:{item.first[:16]}  {item.name}")
    for variation in report.variations:
        line(f"  {variation.name:15} {_mark(variation)}: {variation.how}")
    if report.differences:
        console.print(_tree(report))
    if deep is not None:
        _show_deep(deep, console)
    line(_summary(report), _STYLES[report.verdict])


def _same(item: Artifact) -> str:
    if item.first == item.second:
        return "identical"
    return "different" if item.second else "none"


def _summary(report: BuildReport) -> str:
    """Return the last line: the verdict, and what it comes from."""
    if report.verdict is Verdict.DIFFERENT:
        counts = []
        for pair in dict.fromkeys([item.pair for item in report.artifacts]):
            here = [item for item in report.artifacts if item.pair == pair]
            found = sum(_same(item) != "identical" for item in here)
            counts.append(f"{pair} pair: {found} of {len(here)}")
        why = f" ({', '.join(counts)})"
    else:
        missing = ", ".join([variation.name for variation in report.not_exercised()])
        why = f" (not exercised: {missing})" if missing else ""
    held = " (under the recipe)" if any(v.held for v in report.variations) else ""
    return f"{report.verdict.value}{why}{held}"


def _mark(variation: Variation) -> str:
    if not variation.exercised:
        return "NOT EXERCISED"
    if variation.name == "network":
        return "cut off"
    return "held" if variation.held else "varied"


def _show_deep(deep: Sequence[Deep], console: Console) -> None:
    """Print what diffoscope said, under the member that it said it of."""
    if not deep:
        console.print("diffoscope: nothing to ask it: no difference is without a named cause")
    for one in deep:
        place = f"{one.artifact} ({one.pair} pair): {one.member or '(whole file)'}"
        console.print(Text(f"diffoscope: {place if one.artifact else ''}".rstrip(": ")))
        console.print(Text(one.problem or one.said))


def _tree(report: BuildReport) -> Tree:
    """Group the differences: artefact and pair, then cause with its fix, then members."""
    root = Tree("differences")
    places = dict.fromkeys([(d.artifact, pair) for pair, d in report.differences])
    for artifact, pair in places:
        branch = root.add(Text(f"{artifact} ({pair} pair)"))
        here = [d for p, d in report.differences if (d.artifact, p) == (artifact, pair)]
        for cause in dict.fromkeys([d.cause for d in here]):
            members = [d for d in here if d.cause is cause]
            remedy = REMEDIES[cause]
            leaf = branch.add(Text(f"{remedy.title} [{cause.value}], {len(members)}x"))
            for d in members[:_MEMBERS_SHOWN]:
                leaf.add(Text(f"{d.member or '(whole file)'}: {d.evidence}"))
            if len(members) > _MEMBERS_SHOWN:
                leaf.add(Text(f"... and {len(members) - _MEMBERS_SHOWN} more"))
            leaf.add(Text(f"fix: {remedy.fix}"))
            if remedy.upstream:
                leaf.add(Text(f"see: {remedy.upstream}"))
    return root
