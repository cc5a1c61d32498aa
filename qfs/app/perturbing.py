"""One log of QFS's machines in other environments, and down to the key in which two differ.

- ``qfs replay LOG --perturb`` is the search of `perturb`: the plan, seed and variables of any other
  program; each packet is a step (`foreign_machine.LogSteps`).
- A child trusts signatures (they were checked here), needs the standard library alone, and derives
  each state from its events as well.
- What could not run is listed as NOT RUN with the reason, never as identical.
- Where roots differ, both worlds are fetched at the first differing packet and compared down to
  the machine, field and key.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Any

import qfs
from qfs.app.foreign_machine import COMMANDS, STEPS, program_of, steps_of
from qfs.app.machines import MACHINES
from qfs.app.perturb import Perturbed, Search
from qfs.app.perturb import perturb as search_all
from qfs.canon import pack
from qfs.errors import CanonError
from qfs.kernel import Difference, Machines, diverge, restore_world
from qfs.shell import perturbation, perturbed_run
from qfs.shell.interpreters import Child, run_module, this_interpreter
from qfs.shell.perturbed_run import Failed, Job, Told, Wish, Workshop, workshop
from qfs.shell.perturbed_run_machine import machine, version

CHILD_MODULE = "qfs.app.replay_main"
BASELINE = (("LC_ALL", "C.UTF-8"), ("PYTHONHASHSEED", "0"), ("TZ", "UTC"))
_SECONDS = 600
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Environment:
    """One way to run a child: this program, or another revision of it."""

    variable: str
    """``baseline`` or ``revision``."""
    value: str
    python: str
    """Label of the interpreter."""
    interpreter: Path
    root: Path
    """The folder of the package tree."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first place at which two replays differ."""

    packet: int
    expected: str
    actual: str
    machine: str | None = None
    key: str | None = None
    """``field[key]`` of the machine's state."""
    environment: str | None = None
    """The variable to which the program is sensitive."""
    value: str | None = None
    """That variable's value in the run that differs."""
    command: str | None = None
    """The first command of the packet after which the machine's root differs."""

    def document(self) -> dict[str, Any]:
        """Return the part of the JSON document."""
        return {
            "packet": self.packet,
            "command": self.command,
            "machine": self.machine,
            "key": self.key,
            "expected": self.expected,
            "actual": self.actual,
            "environment": self.environment,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class Run:
    """What happened in one environment."""

    variable: str
    value: str
    python: str
    state_root: str | None = None
    """The last root; None when it did not run or stopped."""
    not_run: str | None = None
    """Why it could not be tried."""
    failed: str | None = None
    """How it ended without an answer."""
    roots: tuple[str, ...] = field(default=(), repr=False)

    def document(self) -> dict[str, Any]:
        """Return the part of the JSON document."""
        return {
            "name": f"{self.variable}={self.value}",
            "variable": self.variable,
            "value": self.value,
            "python": self.python,
            "state_root": self.state_root,
            "not_run": self.not_run,
            "failed": self.failed,
        }


def perturb(
    path: Path,
    recorded: Sequence[str],
    *,
    compiled: Path | None = None,
    seed: int = 0,
    jobs: int = 1,
) -> tuple[tuple[Run, ...], Divergence | None]:
    """Replay a log in every environment of a plan; recorded are its roots in hexadecimal.

    compiled is a folder made by ``tools/compiled.py``; seed makes the plan. Returns a run for
    each level of each variable, the usual one first, and the first divergence.
    """
    base = usual_environment()
    first = run_one(base, path)
    if first.failed is not None:
        return (first,), None
    if list(first.roots) != list(recorded):
        return (first,), explain(base, base, first, recorded, path)
    with workshop() as shop:
        log = _Log(path, recorded, shop)
        here = machine(log.job.folder)
        search = Search(
            log.run,
            replace(here, compiled="" if compiled is None else str(compiled.resolve())),
            seed=seed,
            jobs=jobs,
        )
        found = search_all(search)
        if isinstance(found, Failed):
            words = f"{found.reason}: {found.words}"
            return (first, Run("search", f"seed {seed}", base.python, failed=words)), None
        divergence = _explained(log, search, found) or log.unlike(search.usual)
    return (first, *_rows(search, found, first, compiled)), divergence


class _Log:
    """A log as a program: each packet is a step."""

    def __init__(self, path: Path, recorded: Sequence[str], shop: Workshop) -> None:
        self.path = path
        self.recorded = recorded
        self.shop = shop
        self.job = self._job()

    def run(self, environment: perturbation.Environment, wish: Wish) -> Told | Failed:
        """Replay it in one environment."""
        return perturbed_run.run(self.job, environment, self.shop, wish)

    def unlike(self, environment: perturbation.Environment) -> Divergence | None:
        """Return a divergence if an environment that others are held to has not the last root."""
        last = len(self.recorded) - 1
        told = self.run(environment, Wish(detail=last, quick=True))
        leaves = dict(told.details[0]) if isinstance(told, Told) and told.details else {}
        actual = leaves.get("result['root']", "no root")
        if actual == f"str {self.recorded[last]!r}":
            return None
        return Divergence(last, self.recorded[last], actual, environment="usual", value="watched")

    def _job(self) -> Job:
        inputs = self.shop.folder / "steps.jsonl"
        inputs.write_text(steps_of(self.path, ()), encoding="utf-8")
        folder = self.shop.folder / "empty"
        folder.mkdir()
        return Job(STEPS, inputs, folder, state=("seq",), timeout_s=_SECONDS)


@dataclass(frozen=True, slots=True)
class Parted:
    """Where the worlds of two environments differ."""

    place: Difference
    command: str | None
    """The first command of the packet after which a machine's root differs."""


def parted_at(
    path: Path,
    names: Sequence[str],
    job: Job,
    pair: tuple[perturbation.Environment, perturbation.Environment],
    packet: int,
) -> Parted | None:
    """Return the first key in which a packet's world differs; None when it cannot be told.

    names are machines of the user's, found from the job's folder.
    """
    told = []
    with workshop() as shop:
        for environment in pair:
            to = shop.spare() / "world"
            steps = shop.folder / "steps.jsonl"
            steps.write_text(steps_of(path, names, (packet, to)), encoding="utf-8")
            wish = Wish(last=packet, quick=True)
            outcome = perturbed_run.run(replace(job, inputs=steps), environment, shop, wish)
            ran = to.with_suffix(COMMANDS)
            if isinstance(outcome, Failed) or not ran.is_file():
                return None
            told.append((to.read_bytes(), json.loads(ran.read_text(encoding="utf-8"))))
    (one, here), (other, there) = told
    place = _worlds_part(one, other, program_of(names, job.folder).machines)
    commands = [a["place"] for a, b in zip(here, there, strict=False) if a != b]
    return None if place is None else Parted(place, commands[0] if commands else None)


def _explained(log: _Log, search: Search, found: Perturbed) -> Divergence | None:
    """Return the divergence of a search, down to the key where it can be told."""
    place = found.divergence
    if place is None:
        return None
    packet = place.input if isinstance(place.input, int) else 0
    made = Divergence(
        packet,
        log.recorded[packet] if packet < len(log.recorded) else "nothing",
        place.actual,
        key=place.key or None,
        environment=place.variable,
        value=_label(place.level),
    )
    if found.other is None:
        return made
    parted = parted_at(log.path, (), log.job, (search.usual, found.other), packet)
    return made if parted is None else _at_key(made, parted.place, parted.command)


def _rows(search: Search, found: Perturbed, first: Run, compiled: Path | None) -> list[Run]:
    """Return a row for each level of each variable; those of a search that ended early are open."""
    ended = "the search ended at the divergence"
    place, left_out = found.divergence, dict(found.not_exercised)
    rows: list[Run] = []
    for variable in search.known:
        for level in variable.levels[1:]:
            if f"{variable.name} {level}" in left_out:
                continue
            row = Run(variable.name, _label(level), first.python, state_root=first.state_root)
            if variable.name == "python":
                row = replace(
                    row, value=f"CPython {_label(level)}", python=f"CPython {_label(level)}"
                )
            if place is not None:
                differs = place.variable == variable.name and place.level == level
                row = replace(row, state_root=None, not_run=None if differs else ended)
            rows.append(row)
    for words, why in found.not_exercised:
        name, _, value = words.partition(" ")
        row = Run(name, _label(value), first.python)
        # A core that was asked for and does not start is no answer; a Python that is found is luck.
        rows.append(replace(row, failed=why) if name == "compiled" else replace(row, not_run=why))
    if compiled is None:
        rows.append(Run("compiled", "mypyc", first.python, not_run="no compiled core was given"))
    rows += [
        Run("search", question, first.python, failed=question) for question in found.open_questions
    ]
    return rows


def _label(level: str) -> str:
    """Name a Python by its version and a compiled core by its folder; all else as it is."""
    path = Path(level)
    if not path.is_absolute() or not path.exists():
        return level
    known = version(level) if path.is_file() else None
    return path.name if known is None else f"{known[0]}.{known[1]}"


def usual_environment() -> Environment:
    """Return this Python with what any run gets."""
    here = this_interpreter()
    root = Path(qfs.__file__).resolve().parent.parent
    return Environment("baseline", here.label, here.label, here.path, root)


def run_one(environment: Environment, path: Path) -> Run:
    """Replay the log in one environment."""
    made = Run(environment.variable, environment.value, environment.python)
    try:
        child = _child(environment, path, ["--roots"])
    except subprocess.TimeoutExpired:
        return replace(made, failed=f"no answer within {_SECONDS:.0f} s")
    if child.code != 0:
        last = child.errors.strip().splitlines()[-1:] or ["no message"]
        return replace(made, failed=f"exit code {child.code}: {last[0]}")
    roots = tuple(json.loads(child.output)["roots"])
    return replace(made, roots=roots, state_root=roots[-1] if roots else None)


def explain(
    baseline: Environment, environment: Environment, run: Run, recorded: Sequence[str], path: Path
) -> Divergence:
    """Return where a run differs from what was recorded, down to the key where it can be told."""
    both = zip(run.roots, recorded, strict=False)
    packet = next(
        (at for at, (mine, other) in enumerate(both) if mine != other),
        min(len(run.roots), len(recorded)),
    )
    found = Divergence(
        packet,
        recorded[packet] if packet < len(recorded) else "nothing",
        run.roots[packet] if packet < len(run.roots) else "nothing: it stopped",
        environment=environment.variable,
        value=environment.value,
    )
    difference = _difference(baseline, environment, path, packet)
    if difference is None:
        return found
    return _at_key(found, difference, _command(baseline, environment, path, packet))


def _at_key(found: Divergence, difference: Difference | None, command: str | None) -> Divergence:
    """Return a divergence with the key, both values and the command."""
    if difference is None:
        return found
    return replace(
        found,
        command=command,
        machine=difference.machine,
        key=key_of(difference),
        expected=shown(difference.expected),
        actual=shown(difference.actual),
    )


def key_of(place: Difference) -> str:
    """Return ``field[key]``."""
    return place.field if place.key is None else f"{place.field}[{place.key!r}]"


def _difference(
    baseline: Environment, environment: Environment, path: Path, packet: int
) -> Difference | None:
    """Return the first differing key of the two worlds after a packet; None when unknown."""
    worlds = []
    for each in (baseline, environment):
        child = _child(each, path, ["--until", str(packet), "--snapshot"])
        if child.code != 0 or not child.output:
            return None
        worlds.append(child.output)
    return _worlds_part(worlds[0], worlds[1], MACHINES)


def _worlds_part(one: bytes, other: bytes, machines: Machines) -> Difference | None:
    """Return the first differing key of two snapshots; None when one of them is no world here."""
    try:
        return diverge(restore_world(machines, one), restore_world(machines, other))
    except CanonError:
        return None


def _command(
    baseline: Environment, environment: Environment, path: Path, packet: int
) -> str | None:
    """Return the first command after which the two runs differ; None when none is to blame."""
    if packet == 0:
        return None
    lists: list[list[dict[str, Any]]] = []
    for each in (baseline, environment):
        child = _child(each, path, ["--commands", str(packet)])
        if child.code != 0:
            return None
        lists.append(json.loads(child.output)["commands"])
    for one, other in zip(*lists, strict=False):
        if one != other:
            return f"transaction {one['transaction']}, order {one['order']}: {one['text']}"
    return None


def _child(environment: Environment, path: Path, arguments: Sequence[str]) -> Child:
    return run_module(
        environment.interpreter,
        CHILD_MODULE,
        [str(path.resolve()), *arguments],
        variables=dict(BASELINE),
        root=environment.root,
        directory=Path("/"),
        seconds=_SECONDS,
    )


def shown(value: object) -> str:
    """Return a state's value in one line; bytes in hexadecimal."""
    if is_dataclass(value) and not isinstance(value, type):
        value = pack(value)
    text = value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
