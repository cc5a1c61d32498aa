"""``make demo``: audit, certify, build, sign, run, replay, and a halt; exit code 0 if all held."""

import sys
import tempfile
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from examples.demo.running import DemoError, Runner
from examples.demo.steps import STEPS, Found, Step


def panel(step: Step, lines: list[str]) -> Panel:
    """Return one link's report; commands stand out, what they printed is indented."""
    shown = [Text(line, style="bold" if line.startswith("$") else "") for line in lines]
    return Panel(Group(*shown), title=f"{step.link}: {step.title}", title_align="left")


def main() -> int:
    """Run every step; return the exit code."""
    out, err = Console(highlight=False), Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    tree = Path(__file__).resolve().parents[2]
    with (
        tempfile.TemporaryDirectory() as scratch,
        Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as progress,
    ):
        runner, found = Runner(tree, Path(scratch).resolve()), Found()
        task = progress.add_task("", total=len(STEPS))
        for step in STEPS:
            progress.update(task, description=f"{step.link}: {step.title}")
            try:
                lines = step.run(runner, found)
            except DemoError as failure:
                progress.stop()
                err.print(
                    f"{step.link} did not do what it must:\n{failure}", style="red", markup=False
                )
                return 1
            out.print(panel(step, lines))
            progress.advance(task)
    out.print(f"All {len(STEPS)} links hold.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
