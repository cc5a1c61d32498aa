"""``qfs replay --callable`` and ``--command``: programs that know nothing of QFS, run and compared.

- A callable is called once an input; a command is run whole and the files that it writes are
  compared. Without --perturb both run twice in one environment, which shows hidden state and
  whatever is not repeatable at all.
- Exit codes: 0 identical, 1 diverging or refused in a sealed run, 2 inconclusive or unreadable,
  3 a log of one's own machines that halts alike in every run.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qfs.app import importers
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS, EXIT_HALTED, EXIT_USAGE
from qfs.app.foreign_machine import STEPS, steps_of
from qfs.app.impact import WORKING_FOLDER, compare_environments, compare_revisions
from qfs.app.perturb import Divergence, Perturbed, Runner, Search, perturb, report
from qfs.app.perturbing import key_of, parted_at, shown
from qfs.app.worlds import HaltedLog
from qfs.errors import InputError, UsageError
from qfs.shell import perturbed_run, watched_command
from qfs.shell.perturbation import Machine, usual, variables
from qfs.shell.perturbed_run import Failed, Job, Wish, Workshop, workshop
from qfs.shell.perturbed_run_machine import machine, version
from qfs.shell.perturbed_run_revision import extract

if TYPE_CHECKING:
    from qfs.app.cause import Cause

SCHEMA = "qfs.replay/1"
_NOTHING = ("nothing is varied",)
_MISDEEDS = ("forked", "subprocess", "wrote-beside-inputs")


@dataclass(frozen=True, slots=True)
class ForeignRequest:
    """What to run, and how."""

    callable: str = ""
    """``package.module:function``, ``file.py:Class.method``; empty for a command."""
    inputs: Path | None = None
    """JSON Lines; without them the callable is called once, with nothing."""
    state: tuple[str, ...] = ()
    log: Path | None = None
    """A log to replay with the machines below, instead of a callable."""
    machines: tuple[str, ...] = ()
    command: str = ""
    watch: tuple[str, ...] = ()
    perturb: bool = False
    sealed: bool = False
    readable: tuple[str, ...] = ()
    """Files that a sealed run may read besides its inputs."""
    seed: int = 0
    jobs: int = 1
    repeats: int = 1
    """How often thread scheduling is tried; at least ten times if threads are started."""
    timeout_s: int = 60
    memory_bytes: int = 0
    folder: Path = field(default_factory=Path.cwd)
    python: str = sys.executable
    other_pythons: bool = True
    only: tuple[str, ...] = ()
    """Names of the variables to vary; all if empty."""
    against: str = ""
    """Revision with which the working folder is compared."""
    revision: str = ""
    """Another revision, compared instead of the working folder."""
    between: tuple[str, str] | None = None
    """Two environments that are compared: ``PYTHONHASHSEED=1,TZ=QFS-14``, or empty."""


@dataclass(frozen=True, slots=True)
class ForeignReport:
    """What came of it."""

    target: str
    perturbed: Perturbed | None
    failed: Failed | None
    """Why not even the usual run ended well."""
    cause: "Cause | None"
    refusals: tuple[dict[str, Any], ...]
    sealed: bool

    @property
    def identical(self) -> bool:
        """Whether every run gave the same, and nothing was left open."""
        same = self.perturbed is not None and self.perturbed.identical
        return same and not self.refusals and not self.halted

    @property
    def halted(self) -> str:
        """The halt to which every run of a log came alike, with its input; empty for none."""
        found = self.perturbed
        raised = "" if found is None else dict(found.notes).get("raised", "")
        return raised if f": {HaltedLog.__name__}: " in raised else ""

    @property
    def misdeeds(self) -> tuple[str, ...]:
        """For which reasons the program should not run in this process."""
        if self.failed is not None:
            return (self.failed.reason,)
        notes = () if self.perturbed is None else self.perturbed.notes
        return tuple([kind for kind, _ in notes if kind in _MISDEEDS])

    @property
    def exit_code(self) -> int:
        """0 identical; 1 diverging or refused; 2 inconclusive; 3 halted alike in every run."""
        if self.refusals or (self.perturbed is not None and self.perturbed.divergence is not None):
            return EXIT_FINDINGS
        if self.perturbed is not None and "wrote-beside-inputs" in dict(self.perturbed.notes):
            return EXIT_FINDINGS
        if self.halted:
            return EXIT_HALTED
        return EXIT_CLEAN if self.identical else EXIT_USAGE

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``qfs.replay/1``."""
        found = self.perturbed
        return {
            "schema": SCHEMA,
            "target": self.target,
            "packets": found.inputs if found else 0,
            "commands": found.inputs if found else 0,
            "state_root": found.digest if found else None,
            "identical": self.identical,
            "sealed": self.sealed,
            "refusals": list(self.refusals),
            "divergence": self._divergence(),
            "halt": {"what": self.halted} if self.halted else None,
            "inconclusive": [
                *([f"{self.failed.reason}: {self.failed.words}"] if self.failed else []),
                *(found.open_questions if found else ()),
            ],
            "notes": [
                {"kind": kind, "text": text} for kind, text in (found.notes if found else ())
            ],
            "native": list(found.native) if found else [],
            "plan": {
                "seed": found.seed if found else 0,
                "runs": found.environments if found else 0,
                "variables": list(found.variables) if found else [],
                "not_exercised": [
                    {"variable": name, "why": why}
                    for name, why in (found.not_exercised if found else ())
                ],
            },
        }

    def _divergence(self) -> dict[str, Any] | None:
        found = self.perturbed.divergence if self.perturbed else None
        if found is None:
            return None
        return {
            "packet": found.input if isinstance(found.input, int) else None,
            "command": found.command or (found.input if isinstance(found.input, int) else None),
            "file": found.input if isinstance(found.input, str) else None,
            "machine": self.target,
            "key": found.key,
            "expected": found.expected,
            "actual": found.actual,
            "environment": found.variable,
            "value": found.level,
            "effect": found.effect,
            "kept_in": list(found.places),
            "differs": found.differs,
            "runs": found.runs,
            "cause": None if self.cause is None else _cause(self.cause),
        }


def replay_foreign(
    request: ForeignRequest, progress: Callable[[str], None] | None = None
) -> ForeignReport:
    """Run a callable or a command as asked.

    Raises UsageError for a request that makes no sense, InputError for inputs that cannot be read.
    """
    _check(request)
    with workshop() as shop:
        run, target, hidden = _runner(request, shop)
        tell = progress or _silent
        if request.against:
            return _against(request, target, run, shop, tell)
        if request.between is not None:
            return _between(request, request.between, target, run)
        if request.sealed:
            return _sealed(request, target, run)
        here = machine(
            request.folder,
            request.python,
            others=request.other_pythons,
            plain=not request.perturb,
        )
        search = Search(
            run,
            here,
            seed=request.seed,
            jobs=request.jobs,
            repeats=request.repeats,
            hidden_state=hidden,
            only=request.only if request.perturb else _NOTHING,
            progress=tell,
        )
        outcome = perturb(search)
    if isinstance(outcome, Failed):
        return ForeignReport(target, None, outcome, None, (), sealed=False)
    outcome = _at_key(request, search, _named(outcome))
    cause = _why(request, outcome, request.folder)
    return ForeignReport(target, outcome, None, cause, (), sealed=False)


def _silent(words: str) -> None:
    """Tell nobody."""


def _runner(request: ForeignRequest, shop: Workshop) -> tuple[Runner, str, bool]:
    if request.command:
        command = watched_command.Command(
            watched_command.parse(request.command),
            request.watch,
            request.folder,
            request.timeout_s,
            request.memory_bytes,
        )
        return (
            (lambda environment, wish: watched_command.run(command, environment, shop, wish)),
            request.command,
            False,
        )
    source = inputs = request.log or request.inputs
    if request.log is not None:
        inputs = shop.folder / "inputs.jsonl"
        inputs.write_text(steps_of(request.log, request.machines), encoding="utf-8")
    elif source is None:
        inputs = shop.folder / "inputs.jsonl"
        inputs.write_text("null\n", encoding="utf-8")
    else:
        # What others have kept becomes JSON Lines, in a folder of ours.
        inputs = shop.folder / "inputs.jsonl"
        inputs.write_text(importers.read(source).text(), encoding="utf-8")
    job = Job(
        target=_target(request) if request.log is None else STEPS,
        inputs=inputs,
        folder=request.folder,
        state=request.state if request.log is None else ("seq",),
        timeout_s=request.timeout_s,
        memory_bytes=request.memory_bytes,
        sealed=request.sealed,
        readable=(*request.readable, str(source or inputs)),
        beside=None if source is None else source.resolve().parent,
    )
    return (
        (lambda environment, wish: perturbed_run.run(job, environment, shop, wish)),
        request.callable or " ".join(request.machines) or str(request.log),
        True,
    )


def _against(
    request: ForeignRequest,
    target: str,
    run: Runner,
    shop: Workshop,
    tell: Callable[[str], None],
) -> ForeignReport:
    """Compare the working folder with a revision of it."""
    tree = extract(request.folder, request.against, shop.folder / "revision")
    old, _, _ = _runner(replace(request, folder=tree), shop)
    if request.revision:
        other = extract(request.folder, request.revision, shop.folder / "another")
        run, _, _ = _runner(replace(request, folder=other), shop)
    plain = machine(request.folder, request.python, plain=True)
    known = variables(Machine((request.python,), "", plain.addresses, folder=False))
    names = (request.against, request.revision or WORKING_FOLDER)
    outcome = compare_revisions(usual(known), old, run, names, tell)
    if isinstance(outcome, Failed):
        return ForeignReport(target, None, outcome, None, (), sealed=False)
    cause = _why(request, outcome, tree)
    return ForeignReport(target, outcome, None, cause, (), sealed=False)


def _why(request: ForeignRequest, outcome: Perturbed, tree: Path) -> "Cause | None":
    """Return the line to which a divergence is due; the audit's rules are not read before one."""
    if outcome.divergence is None:
        return None
    from qfs.app.cause import cause_of  # noqa: PLC0415 (most runs need not wait for the audit)

    return cause_of(outcome.divergence, outcome.parting, tree, _files(request))


def _between(
    request: ForeignRequest, pair: tuple[str, str], target: str, run: Runner
) -> ForeignReport:
    """Compare two environments, down to the one variable and the line."""
    here = machine(request.folder, request.python, others=request.other_pythons)
    search = Search(run, here, repeats=request.repeats)
    outcome = compare_environments(search, pair)
    if isinstance(outcome, Failed):
        return ForeignReport(target, None, outcome, None, (), sealed=False)
    cause = _why(request, outcome, request.folder)
    located = _at_key(request, search, _named(outcome))
    return ForeignReport(target, located, None, cause, (), sealed=False)


def _at_key(request: ForeignRequest, search: Search, found: Perturbed) -> Perturbed:
    """Return a log's divergence at the key of the state, where it can be told."""
    place = found.divergence
    if request.log is None or place is None or found.other is None or place.input == 0:
        return found
    job = Job(STEPS, request.log, request.folder, ("seq",), request.timeout_s)
    pair = (search.usual, found.other)
    parted = parted_at(request.log, request.machines, job, pair, int(place.input))
    if parted is None:
        return found
    located = replace(
        place,
        key=f"{parted.place.machine}.{key_of(parted.place)}",
        expected=shown(parted.place.expected),
        actual=shown(parted.place.actual),
        command=parted.command or "",
    )
    return replace(found, divergence=located)


def _sealed(request: ForeignRequest, target: str, run: Runner) -> ForeignReport:
    """Run once, sealed, in the usual environment."""
    fixed = machine(request.folder, request.python, plain=True)
    known = variables(Machine((request.python,), "", fixed.addresses, fixed.folder))
    outcome = run(usual(known), Wish())
    if isinstance(outcome, Failed):
        return ForeignReport(target, None, outcome, None, (), sealed=True)
    refusals = tuple(outcome.noticed.get("refusals", ()))
    if refusals:
        # That a refused step raises is no second finding.
        quiet = {name: text for name, text in outcome.noticed["notes"].items() if name != "raised"}
        outcome = replace(outcome, noticed={**outcome.noticed, "raised": 0, "notes": quiet})
    search = Search(run, fixed, base=outcome, known=known, usual=usual(known), made=1)
    return ForeignReport(target, report(search, outcome, None), None, None, refusals, sealed=True)


def _target(request: ForeignRequest) -> str:
    place, _, name = request.callable.rpartition(":")
    if place.endswith(".py"):
        return f"{(request.folder / place).resolve()}:{name}"
    return request.callable


def _named(found: Perturbed) -> Perturbed:
    """Name Pythons by version, not by where this machine keeps them."""
    skipped = tuple([(_label(name), why) for name, why in found.not_exercised])
    place = found.divergence
    if place is not None and "python" in place.variable:
        place = replace(place, level=_label(place.level))
    return replace(found, divergence=place, not_exercised=skipped)


def _label(words: str) -> str:
    for path in words.split():
        known = version(path.rstrip(",")) if "/" in path else None
        if known is not None:
            return words.replace(path.rstrip(","), f"{known[0]}.{known[1]}")
    return words


def _files(request: ForeignRequest) -> tuple[Path, ...]:
    """Return the source files in which a cause can be sought without a trace."""
    if request.command:
        words = watched_command.parse(request.command)
        named = [request.folder / word for word in words if word.endswith(".py")]
    else:
        place = request.callable.rpartition(":")[0]
        path = place if place.endswith(".py") else place.replace(".", "/") + ".py"
        package = place.replace(".", "/") + "/__init__.py"
        named = [request.folder / path, request.folder / package]
        places = [name.rpartition(":")[0].replace(".", "/") for name in request.machines]
        named += [request.folder / f"{place}.py" for place in places]
    return tuple([path for path in named if path.is_file()])


def _check(request: ForeignRequest) -> None:
    if request.log is not None:
        return
    if bool(request.callable) == bool(request.command):
        raise UsageError(
            "what is to be replayed?",
            way_out="give a LOG, or --callable, or --command: one of them",
        )
    _check_watched(request)
    if request.callable and not all(request.callable.rpartition(":")):
        raise UsageError(
            f"{request.callable!r} names no callable",
            way_out="write package.module:function or file.py:function",
        )
    if request.callable.rpartition(":")[0].endswith(".py"):
        path = request.folder / request.callable.rpartition(":")[0]
        if not path.is_file():
            raise InputError("no such file", place=str(path), way_out="name a Python file")
    if request.command:
        if not watched_command.parse(request.command):
            raise UsageError("an empty command", way_out="write --command 'python sim.py'")
        if request.sealed:
            raise UsageError(
                "a command cannot be sealed", way_out="seal a callable: --callable module:function"
            )
        if not machine(request.folder, plain=True).folder:
            raise UsageError(
                f"the working folder has more than {perturbed_run.ENTRIES_MAX} entries",
                way_out="run from a folder of the program's own: it is copied for every run",
            )
    if request.inputs is not None:
        importers.read(request.inputs)


def _check_watched(request: ForeignRequest) -> None:
    if request.watch and not request.command:
        raise UsageError("--watch without --command", way_out="leave it out: results are compared")
    for name in request.watch:
        # Each run has a copy of the working folder; what lies outside is not the program's alone.
        if not name or Path(name).is_absolute() or ".." in Path(name).parts:
            raise UsageError(
                f"{name!r} is no path below the working folder",
                place="--watch",
                way_out="name a file or folder as seen from there: out",
            )


def _cause(found: "Cause") -> dict[str, Any]:
    return {
        "path": found.path,
        "line": found.line,
        "function": found.function,
        "source": found.source,
        "name": found.name,
        "expected": found.expected,
        "actual": found.actual,
        "effect": found.effect,
        "rule": found.rule,
        "rule_name": found.rule_name,
        "rule_at_line": found.rule_at_line,
        "instead": found.instead,
    }


__all__ = ["Divergence", "ForeignReport", "ForeignRequest", "replay_foreign"]
