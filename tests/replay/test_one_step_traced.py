"""A program is traced in one step of two runs, and runs free in all others."""

from pathlib import Path

import pytest

from qfs.app.perturb import Perturbed, Search, perturb
from qfs.shell import perturbed_run
from qfs.shell.perturbation import Machine, usual, variables
from qfs.shell.perturbed_run import Failed, Job, Told, Wish, workshop
from qfs.shell.perturbed_run_machine import machine

WATCHED = """
import sys

def traced():
    if sys.version_info >= (3, 12):
        return sys.monitoring.get_tool(sys.monitoring.PROFILER_ID) is not None
    return sys.gettrace() is not None

def entry(x):
    return traced()
"""
PYTHONS = machine(Path("/nonexistent")).pythons


def job_of(folder: Path, source: str) -> Job:
    (folder / "program.py").write_text(source, encoding="utf-8")
    (folder / "inputs.jsonl").write_text("0\n1\n2\n3\n4\n", encoding="utf-8")
    return Job(f"{folder / 'program.py'}:entry", folder / "inputs.jsonl", folder)


@pytest.mark.parametrize("python", PYTHONS, ids=[str(n) for n in range(len(PYTHONS))])
def test_one_step_is_traced_and_the_others_run_free(python: str, tmp_path: Path) -> None:
    job = job_of(tmp_path, WATCHED)
    environment = usual(variables(Machine((python,), "", addresses=False, folder=False)))
    with workshop() as shop:
        free = perturbed_run.run(job, environment, shop, Wish(quick=True))
        told = perturbed_run.run(job, environment, shop, Wish(trace=2, quick=True))
    assert isinstance(free, Told), free
    assert isinstance(told, Told), told
    assert len({digest for _, _, digest in free.digests}) == 1
    assert [at for mine, (_, at, yours) in zip(free.digests, told.digests, strict=True)
            if mine[2] != yours] == [2]  # fmt: skip
    assert free.events == ()
    assert {event[2] for event in told.events} == {"<module>", "entry", "traced"}


THREADS = """
import threading

def work(found, x):
    found.append(x)

def entry(x):
    found = []
    started = [threading.Thread(target=work, args=(found, n)) for n in range(x)]
    for one in started:
        one.start()
    for one in started:
        one.join()
    return sorted(found)
"""


@pytest.mark.parametrize("level", ["usual", "noise-1"])
@pytest.mark.parametrize("python", PYTHONS, ids=[str(n) for n in range(len(PYTHONS))])
def test_the_threads_that_a_step_starts_are_traced_as_well(
    python: str, level: str, tmp_path: Path
) -> None:
    job = job_of(tmp_path, THREADS)
    known = variables(Machine((python,), "", addresses=False, folder=False))
    with workshop() as shop:
        told = perturbed_run.run(
            job, {**usual(known), "threads": level}, shop, Wish(trace=3, quick=True)
        )
    assert isinstance(told, Told), told
    functions = {thread: [] for *_, thread in told.events}
    for event in told.events:
        functions[event[7]].append(event[2])
    mine = functions.pop("")
    assert "entry" in mine
    assert "work" not in mine
    assert [set(one) for one in functions.values()] == [{"work"}] * 3


def test_a_search_traces_two_runs_at_the_step_where_they_part(tmp_path: Path) -> None:
    source = "def entry(x):\n    return list({'a', 'b', 'c'})[x % 3] if x > 1 else x\n"
    job = job_of(tmp_path, source)
    traced: list[int] = []
    with workshop() as shop:

        def run(environment: dict[str, str], wish: Wish) -> Told | Failed:
            if wish.trace is not None:
                traced.append(wish.trace)
            return perturbed_run.run(job, environment, shop, wish)

        here = machine(tmp_path, plain=True)
        found = perturb(Search(run, here, only=("PYTHONHASHSEED",)))
    assert isinstance(found, Perturbed)
    assert found.divergence is not None
    assert found.environments > 4
    assert traced == [found.divergence.input] * 2
