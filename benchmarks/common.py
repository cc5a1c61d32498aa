"""What every benchmark shares: interleaved medians, tables, growth curves, one report a module.

How to add one: write ``benchmarks/<name>.py`` with ``def run() -> Report``; ``python -m benchmarks
<name>`` runs it, writes ``docs/benchmarks/<name>.md`` and the index ``docs/benchmarks.md``.

- ``measure({"ours": f, "peer": g}, operations=1000)``: each callable does that many operations; all
  are called in turn, several times over, so that a busy moment hits every row. The answer is the
  median in nanoseconds an operation, by the thread's processor time.
- Compare by ratios within one run; absolute figures belong to one machine and one hour.
- ``curve`` draws a growth curve as SVG, without any library.
- A benchmark asserts nothing about time; it states its goal and its figure side by side.
"""

import gc
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
PAGES = DOCS / "benchmarks"
COLOURS = ("#0969da", "#cf222e", "#1a7f37", "#8250df", "#9a6700", "#57606a")


@dataclass(frozen=True)
class Table:
    """Rows of text under a heading."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """One page: what was measured, against what, and the figures."""

    name: str
    title: str
    intro: str
    tables: Sequence[Table]
    packages: Sequence[str] = ()
    """Distributions whose versions the page states."""
    figures: dict[str, str] = field(default_factory=dict)
    """File name without ending -> SVG."""


def measure(
    cases: dict[str, Callable[[], object]],
    operations: int = 1,
    repeats: int = 11,
    *,
    collect: bool = False,
) -> dict[str, float]:
    """Return the median nanoseconds an operation of each case, measured in turn.

    collect clears away what one call left before the clock of the next begins: where a call leaves
    many megabytes in cycles, the next would pay for them.
    """
    for call in cases.values():
        call()
    samples: dict[str, list[int]] = {name: [] for name in cases}
    for _ in range(repeats):
        for name, call in cases.items():
            if collect:
                gc.collect()
            start = time.thread_time_ns()
            call()
            samples[name].append(time.thread_time_ns() - start)
    return {name: statistics.median(taken) / operations for name, taken in samples.items()}


def machine(packages: Sequence[str] = ()) -> str:
    """Return one line: processor, operating system, Python, and the versions of packages."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        if models:
            processor = f"{models[0].split(':', 1)[1].strip()} x {len(models)}"
    parts = [
        processor,
        f"{platform.system()} {platform.machine()}",
        f"{platform.python_implementation()} {platform.python_version()}",
    ]
    for package in packages:
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"{package} NOT INSTALLED")
    return " · ".join(parts)


def nanoseconds(value: float) -> str:
    """Return a duration as people read it."""
    for limit, unit in ((1e3, "ns"), (1e6, "µs"), (1e9, "ms")):
        if value < limit:
            return f"{value / limit * 1e3:.3g} {unit}"
    return f"{value / 1e9:.3g} s"


def ratio(value: float, peer: float) -> str:
    """Return value over peer with two significant digits."""
    return f"{value / peer:.2g}"


def curve(title: str, x: str, y: str, lines: dict[str, Sequence[tuple[float, float]]]) -> str:
    """Return a growth curve as SVG; x and y are labels, lines map a name to its points."""
    width, height, left, bottom, top = 640, 360, 70, 50, 40
    points = [point for line in lines.values() for point in line]
    x_most = max([point[0] for point in points]) or 1
    y_most = max([point[1] for point in points]) or 1

    def place(point: tuple[float, float]) -> str:
        across = left + point[0] / x_most * (width - left - 20)
        down = height - bottom - point[1] / y_most * (height - bottom - top)
        return f"{across:.1f},{down:.1f}"

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{width / 2}" y="20" text-anchor="middle" font-size="14">{title}</text>',
        f'<path d="M{left} {top}V{height - bottom}H{width - 20}" fill="none" stroke="black"/>',
        f'<text x="{width / 2}" y="{height - 10}" text-anchor="middle">{x}</text>',
        f'<text x="15" y="{height / 2}" transform="rotate(-90 15 {height / 2})"',
        f'text-anchor="middle">{y}</text>',
    ]
    for part in range(5):
        across = left + part / 4 * (width - left - 20)
        down = height - bottom - part / 4 * (height - bottom - top)
        out.append(
            f'<text x="{across:.0f}" y="{height - bottom + 16}" text-anchor="middle">'
            f"{x_most * part / 4:g}</text>"
            f'<text x="{left - 6}" y="{down + 4:.0f}" text-anchor="end">'
            f"{y_most * part / 4:.3g}</text>"
        )
    for index, (name, line) in enumerate(lines.items()):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join([place(point) for point in line])
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.append(
            f'<text x="{left + 12}" y="{top + 16 * index + 4}" fill="{colour}">{name}</text>'
        )
    return "\n".join([*out, "</svg>\n"])


def write(report: Report) -> Path:
    """Write a report's page and figures; return the page."""
    PAGES.mkdir(parents=True, exist_ok=True)
    lines = [f"# {report.title}", "", report.intro, "", f"Machine: {machine(report.packages)}.", ""]
    for table in report.tables:
        lines += [f"## {table.title}", ""]
        lines += ["| " + " | ".join(table.header) + " |", "|" + " --- |" * len(table.header)]
        lines += ["| " + " | ".join(row) + " |" for row in table.rows]
        lines += ["", *([table.note, ""] if table.note else [])]
    for name, svg in report.figures.items():
        (PAGES / f"{name}.svg").write_text(svg, encoding="utf-8")
        lines += [f"![{name}]({name}.svg)", ""]
    lines += [f"Made by `python -m benchmarks {report.name}`.", ""]
    page = PAGES / f"{report.name}.md"
    page.write_text("\n".join(lines), encoding="utf-8")
    return page


def index() -> Path:
    """Write docs/benchmarks.md: one line a page."""
    lines = ["# Benchmarks", ""]
    for page in sorted(PAGES.glob("*.md")):
        title = page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        lines.append(f"- [{title}](benchmarks/{page.name})")
    lines += ["", "`make bench` runs all of them; `make bench NAME=certmath` runs one.", ""]
    target = DOCS / "benchmarks.md"
    target.write_text("\n".join(lines), encoding="utf-8")
    return target
