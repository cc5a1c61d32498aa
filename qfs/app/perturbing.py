"""Replays of one log in other environments: one child process each, one variable changed each.

- Every run differs from the baseline in a single variable, so a difference names its cause.
- A child trusts signatures (they were checked here) and needs the standard library alone.
- What could not run is listed as NOT RUN with the reason, never as identical.
- Where roots differ, both worlds are fetched at the first differing packet and compared down to
  the machine, field and key.
"""

import json
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Any

import qfs
from qfs.app.machines import MACHINES
from qfs.canon import pack
from qfs.kernel import Difference, diverge, restore_world
from qfs.shell.interpreters import (
    Child,
    Unusable,
    find_interpreters,
    run_module,
    this_interpreter,
)

CHILD_MODULE = "qfs.app.replay_main"
BASELINE = (("LC_ALL", "C.UTF-8"), ("PYTHONHASHSEED", "0"), ("TZ", "UTC"))
_SECONDS = 600.0
_SHOWN = 200

_CHANGES = (
    ("PYTHONHASHSEED", "1"),
    ("PYTHONHASHSEED", "random"),
    ("TZ", "NPT-5:45"),  # POSIX form: 5 h 45 min east, in no need of a database
    ("LC_ALL", "C"),
    ("PYTHONMALLOC", "malloc"),
    ("PYTHONINTMAXSTRDIGITS", "640"),
)


@dataclass(frozen=True, slots=True)
class Environment:
    """One way to run a child."""

    variable: str
    """What differs from the baseline: a variable's name, ``python``, ``optimize``, ``compiled``."""
    value: str
    python: str
    """Label of the interpreter."""
    interpreter: Path
    root: Path
    """The folder of the package tree."""
    variables: tuple[tuple[str, str], ...] = BASELINE
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``TZ=UTC``."""
        return f"{self.variable}={self.value}"


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
    compiled: Path | None,
    jobs: int,
    search_path: str,
    home: Path,
) -> tuple[tuple[Run, ...], Divergence | None]:
    """Replay a log in every environment; recorded are the roots in hexadecimal, genesis first.

    Returns the runs, the baseline first, and the first divergence.
    """
    environments, idle = plan(compiled, search_path, home)
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        runs = list(pool.map(lambda each: run_one(each, path), environments))
    divergence: Divergence | None = None
    for environment, run in zip(environments, runs, strict=True):
        if divergence is None and run.failed is None and list(run.roots) != list(recorded):
            divergence = explain(environments[0], environment, run, recorded, path)
    return (*runs, *idle), divergence


def plan(
    compiled: Path | None, search_path: str, home: Path
) -> tuple[list[Environment], list[Run]]:
    """Return the environments to run, the baseline first, and those that cannot run."""
    here = this_interpreter()
    root = Path(qfs.__file__).resolve().parent.parent
    baseline = Environment("baseline", here.label, here.label, here.path, root)
    runs = [baseline]
    idle: list[Run] = []
    for variable, value in _CHANGES:
        variables = dict(BASELINE) | {variable: value}
        runs.append(
            replace(
                baseline,
                variable=variable,
                value=value,
                variables=tuple(sorted(variables.items())),
            )
        )
    runs.append(replace(baseline, variable="optimize", value="-O", options=("-O",)))
    for other in find_interpreters(search_path, home):
        if isinstance(other, Unusable):
            idle.append(Run("python", other.label, other.label, not_run=other.reason))
        elif other.label != here.label:
            runs.append(
                replace(
                    baseline,
                    variable="python",
                    value=other.label,
                    python=other.label,
                    interpreter=other.path,
                )
            )
    if compiled is None:
        idle.append(Run("compiled", "mypyc", here.label, not_run="no compiled core was given"))
    else:
        runs.append(replace(baseline, variable="compiled", value="mypyc", root=compiled.resolve()))
    return runs, idle


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
    place = (
        difference.field if difference.key is None else f"{difference.field}[{difference.key!r}]"
    )
    return replace(
        found,
        command=_command(baseline, environment, path, packet),
        machine=difference.machine,
        key=place,
        expected=_shown(difference.expected),
        actual=_shown(difference.actual),
    )


def _difference(
    baseline: Environment, environment: Environment, path: Path, packet: int
) -> Difference | None:
    """Return the first differing key of the two worlds after a packet; None when unknown."""
    worlds = []
    for each in (baseline, environment):
        child = _child(each, path, ["--until", str(packet), "--snapshot"])
        if child.code != 0 or not child.output:
            return None
        worlds.append(restore_world(MACHINES, child.output))
    return diverge(*worlds)


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
        variables=dict(environment.variables),
        options=environment.options,
        root=environment.root,
        directory=Path("/"),
        seconds=_SECONDS,
    )


def _shown(value: object) -> str:
    """Return a state's value in one line; bytes in hexadecimal."""
    if is_dataclass(value) and not isinstance(value, type):
        value = pack(value)
    text = value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
