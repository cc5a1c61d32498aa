"""``qfs audit --witness``: run the entry points elsewhere, and confirm what then differs.

- Only entry points that the user has named are run, in processes and copies of their own, with the
  inputs that were given; each run that was impossible is reported with its reason.
- A possible finding is confirmed when results or states differ, what was varied is what the finding
  is about, and the recordings of the two runs part at the finding's own statement.
- Nothing is ever downgraded: that no difference showed proves nothing.
- Source: ``qfs.app.perturb``, the search that ``qfs replay --callable`` makes.
"""

import ast
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from qfs.app import importers
from qfs.app.audit import AuditReport, AuditRequest, Finding, Witness, WitnessRun
from qfs.app.perturb import Perturbed, Search, perturb
from qfs.errors import InputError, UsageError
from qfs.shell import perturbed_run, tracing
from qfs.shell.perturbed_run import Failed, Job, Workshop, workshop
from qfs.shell.perturbed_run_machine import machine
from qfs.shell.sources import absolute, read_settings, read_sources, relative

SECONDS = 60
"""How long one run may take."""
_NOTHING = "nothing is varied"
_ORDER = ("PYTHONHASHSEED", "addresses", "allocator")
# What may be varied to make each effect show; `$` stands for each environment variable read.
_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "hash-order": _ORDER,
    "identity": _ORDER,
    "serialization": (*_ORDER, "clock"),
    "clock": ("clock", "TZ"),
    "random": ("random", *_ORDER),
    "entropy": ("random",),
    "locale": ("LC_ALL", "TZ"),
    "environment": ("$", "HOME", "USER", "TMPDIR", "cwd", "hostname", "cpu-count",
                    "environment-order", "optimize", "recursion-limit", "int-digits"),
    "filesystem": ("directory-order", "cwd", "HOME", "TMPDIR", "umask"),
    "process": ("process-id", "hostname", "USER"),
    "concurrency": ("threads",),
    "gc": ("gc", "allocator", "addresses"),
    "math": ("cpu-features",),
    "float": ("cpu-features",),
    "exception": ("optimize", "recursion-limit"),
    "global-state": ("history",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry point that can be run."""

    label: str
    target: str
    folder: Path
    inputs: Path | None


def witness(
    report: AuditReport,
    request: AuditRequest,
    inputs: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> AuditReport:
    """Return the report with what was confirmed, and which entry points were run or were not.

    inputs is a file as `qfs replay --inputs` takes it, for every entry point without one of its own
    in [tool.qfs.witness]. Raises UsageError when no entry point is named anywhere, InputError for
    inputs that cannot be read.
    """
    root, settings = read_settings(request.paths[0])
    own = _own_inputs(settings.get("witness", {}), root)
    patterns = request.entries or tuple(settings.get("entries", ()))
    if not patterns and not own:
        raise UsageError(
            "no entry point to run",
            way_out="name one by --entry module:function, or in [tool.qfs.witness]",
        )
    for path in (*own.values(), inputs):
        if path is not None:
            importers.read(path)
    labels = dict.fromkeys(own)
    for each in report.findings:
        if each.verdict == "possible" and any(_names(p, each.chain[0].name) for p in patterns):
            labels[each.chain[0].name] = None
    if not any(each.verdict == "possible" for each in report.findings):
        return replace(
            report,
            witness=_idle(
                (*patterns, *own), "no finding is POSSIBLE, and a VIOLATION needs no run"
            ),
        )
    if not labels:
        why = "no POSSIBLE finding lies on a way from it"
        return replace(report, witness=_idle(patterns, why))
    modules = {each.module: root / each.path for each in read_sources(request.paths, root)[0]}
    runs: list[WitnessRun] = []
    findings = list(report.findings)
    with workshop() as shop:
        for label in sorted(labels):
            entry = _entry(label, modules, own.get(label) or inputs)
            if isinstance(entry, str):
                runs.append(WitnessRun(label, 0, 0, entry))
                continue
            runs.append(_run(entry, findings, root, shop, progress or _silent))
    return replace(report, findings=tuple(findings), witness=tuple(runs))


def _idle(entries: Sequence[str], why: str) -> tuple[WitnessRun, ...]:
    """Return that entry points were not run, since nothing could be confirmed."""
    return tuple([WitnessRun(entry, 0, 0, why) for entry in dict.fromkeys(entries)])


def _silent(words: str) -> None:
    """Tell nobody."""


def _own_inputs(table: object, root: Path) -> dict[str, Path | None]:
    """Return {entry point: its inputs} of [tool.qfs.witness]; an empty text is no input."""
    if not isinstance(table, dict) or not all(isinstance(each, str) for each in table.values()):
        raise InputError(
            "witness is no table of texts",
            place="pyproject.toml [tool.qfs]",
            way_out='write "module:function" = "inputs.jsonl" under [tool.qfs.witness]',
        )
    return {label: root / name if name else None for label, name in table.items()}


def _names(pattern: str, label: str) -> bool:
    return fnmatchcase(label, pattern if ":" in pattern else f"*:{pattern}")


def _entry(label: str, modules: Mapping[str, Path], inputs: Path | None) -> _Entry | str:
    """Return how an entry point is called, or why it cannot be."""
    module, _, name = label.partition(":")
    path = modules.get(module)
    if path is None:
        return "its module is not among the files that were audited"
    if not name.isidentifier() and not all(part.isidentifier() for part in name.split(".")):
        return "only functions, and methods of classes, can be called"
    parts = module.split(".")
    base = absolute(path).parents[len(parts) if path.name == "__init__.py" else len(parts) - 1]
    if base.joinpath(*parts).with_suffix(".py") == absolute(path) or path.name == "__init__.py":
        return _Entry(label, label, base, inputs)
    return _Entry(label, f"{absolute(path)}:{name}", absolute(path).parent, inputs)


def _run(
    entry: _Entry,
    findings: list[Finding],
    root: Path,
    shop: Workshop,
    progress: Callable[[str], None],
) -> WitnessRun:
    """Run one entry point until nothing more can be confirmed by it; change the findings."""
    text = "null\n" if entry.inputs is None else importers.read(entry.inputs).text()
    kept = shop.folder / "inputs.jsonl"
    kept.write_text(text, encoding="utf-8")
    job = Job(
        entry.target,
        kept,
        entry.folder,
        timeout_s=SECONDS,
        beside=None if entry.inputs is None else entry.inputs.resolve().parent,
    )
    runs = confirmed = 0
    open_questions: dict[str, None] = {}
    done: dict[str, None] = {}
    while wanted := _wanted(findings, done):
        progress(f"{entry.label}: {', '.join(wanted)}")
        outcome = perturb(_search(job, shop, wanted, progress))
        if isinstance(outcome, Failed):
            return WitnessRun(entry.label, runs, confirmed, f"{outcome.reason}: {outcome.words}")
        runs += outcome.environments
        open_questions.update(dict.fromkeys(outcome.open_questions))
        found = outcome.divergence
        if found is None:
            break
        confirmed += _confirm(entry, outcome, findings, root)
        varied = [name[:1] if name[0] == "$" else name for name in found.variable.split(" and ")]
        if not any(name in wanted for name in varied):
            open_questions[f"it differs by {found.variable}, so nothing else can be told"] = None
            break
        done.update(dict.fromkeys(varied))
    return WitnessRun(entry.label, runs, confirmed, "; ".join(open_questions))


def _wanted(findings: Sequence[Finding], done: Mapping[str, None]) -> tuple[str, ...]:
    """Return what is still to be varied for the findings that are still possible."""
    names = {
        name: None
        for each in findings
        if each.verdict == "possible"
        for name in _VARIABLES.get(each.effect, ())
    }
    return tuple([name for name in names if name not in done])


def _search(
    job: Job, shop: Workshop, names: tuple[str, ...], progress: Callable[[str], None]
) -> Search:
    return Search(
        lambda environment, wish: perturbed_run.run(job, environment, shop, wish),
        machine(job.folder, sys.executable, others=False),
        hidden_state="history" in names,
        only=tuple([name for name in names if name != "history"]) or (_NOTHING,),
        progress=progress,
    )


def _confirm(entry: _Entry, outcome: Perturbed, findings: list[Finding], root: Path) -> int:
    """Confirm the findings that the divergence shows; return how many."""
    found = outcome.divergence
    if found is None:
        return 0
    place = None
    if outcome.parting is not None:
        events = [list(outcome.parting.expected.events), list(outcome.parting.actual.events)]
        place = tracing.first_difference(events[0], events[1])
    varied = {name[:1] if name[0] == "$" else name for name in found.variable.split(" and ")}
    seen = Witness(
        entry.label, found.input, found.variable, found.level, found.key, found.expected,
        found.actual, found.places,
    )  # fmt: skip
    count = 0
    for at, each in enumerate(findings):
        about = varied.intersection(_VARIABLES.get(each.effect, ()))
        if each.verdict != "possible" or not about:
            continue
        if found.variable == "history":
            here = any(_last(name) in re.findall(r"\w+", each.message) for name in found.places)
        else:
            here = place is not None and _stands_at(each, place, root)
        if here:
            findings[at] = replace(each, verdict="confirmed", witness=seen)
            count += 1
    return count


def _last(place: str) -> str:
    return place.rpartition(" ")[2].rpartition(".")[2]


def _stands_at(finding: Finding, place: tracing.Parting, root: Path) -> bool:
    """Say whether two runs part at the statement in which a finding stands."""
    path = Path(place.file)
    if relative(path, root) != finding.path:
        return False
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    first, last = _statement(tree, finding.line)
    return first <= place.line <= last


def _statement(tree: ast.Module, line: int) -> tuple[int, int]:
    """Return the lines of the smallest statement around a line; of a block only its head."""
    best = (line, line)
    size = sys.maxsize
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        body: Sequence[ast.stmt] = getattr(node, "body", ())
        last = node.end_lineno or node.lineno
        if body:
            last = max(node.lineno, body[0].lineno - 1)
        if node.lineno <= line <= last and last - node.lineno < size:
            best, size = (node.lineno, last), last - node.lineno
    return best
