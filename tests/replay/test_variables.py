"""Each thing that can be varied is varied, and nothing else with it.

One program tells a value for each; in the environment that changes one variable, exactly the values
that belong to it differ.
"""

from pathlib import Path

import pytest

from qfs.shell import perturbed_run
from qfs.shell.perturbation import usual, variables
from qfs.shell.perturbed_run import Job, Told, Wish, workshop
from qfs.shell.perturbed_run_machine import machine

# What it tells -> the variable on which it hangs, and how it is asked.
PROBES = {
    "hash": ("PYTHONHASHSEED", "hash('order')"),
    "hour": ("TZ", "time.localtime(0).tm_hour"),
    "locale": ("LC_ALL", "locale.setlocale(locale.LC_ALL, '')"),
    "umask": ("umask", "before"),
    "home": ("HOME", "os.path.expanduser('~')"),
    "user": ("USER", "getpass.getuser()"),
    "temporary": ("TMPDIR", "tempfile.gettempdir()"),
    "environment": ("environment-order", "[n for n in os.environ if n in ('HOME', 'TZ')]"),
    "listing": ("directory-order", "os.listdir('listed')"),
    "now": ("clock", "time.time()"),
    "year": ("clock", "time.gmtime().tm_year"),
    "month": ("clock", "time.gmtime().tm_mon"),
    "weekday": ("clock", "time.gmtime().tm_wday"),
    "hour of the clock": ("clock", "time.gmtime().tm_hour"),
    "odd day of the month": ("clock", "time.gmtime().tm_mday % 2"),
    "odd day of the year": ("clock", "time.gmtime().tm_yday % 2"),
    "odd day": ("clock", "int(time.time() / 86400) % 2"),
    "elapsed": ("clock", "time.perf_counter() - time.perf_counter()"),
    "entropy": ("random", "os.urandom(8).hex()"),
    "chance": ("random", "random.random()"),
    "cpus": ("cpu-count", "os.cpu_count()"),
    "affinity": ("cpu-count", "len(os.sched_getaffinity(0))"),
    "tunables": ("cpu-features", "os.environ.get('GLIBC_TUNABLES')"),
    "switch": ("switch-interval", "sys.getswitchinterval()"),
    "allocator": ("allocator", "os.environ['PYTHONMALLOC']"),
    "collector": ("gc", "[gc.isenabled(), gc.get_threshold()[0] == 1]"),
    "recursion": ("recursion-limit", "sys.getrecursionlimit()"),
    "digits": ("int-digits", "sys.get_int_max_str_digits()"),
    "optimised": ("optimize", "sys.flags.optimize"),
    "process": ("process-id", "os.getpid()"),
    "host": ("hostname", "socket.gethostname()"),
    "folder": ("cwd", "os.getcwd()"),
    "source": ("source-path", "__file__"),
    "times": ("file-times", "os.path.getmtime('inputs.jsonl')"),
    "python": ("python", "list(sys.version_info[:2])"),
    "setting": ("$DESK", "os.environ.get('DESK')"),
}
PROGRAM = """
import gc, getpass, locale, os, random, socket, sys, tempfile, time

def entry(_):
    before = os.umask(0o22)
    os.umask(before)
    return {{{told}}}
"""
# Levels that show by luck or by their place in memory alone: the corpus has programs for them.
ELSEWHERE = {("threads", "noise-1"), ("threads", "noise-2"), ("allocator", "scattered")}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the program that tells everything."""
    folder = tmp_path_factory.mktemp("variables")
    probes = {name: probe for name, (_, probe) in PROBES.items()}
    told = ", ".join([f"{name!r}: {probe}" for name, probe in probes.items()])
    (folder / "desk.py").write_text(PROGRAM.format(told=told), encoding="utf-8")
    (folder / "inputs.jsonl").write_text("1\n", encoding="utf-8")
    (folder / "listed").mkdir()
    for name in ("a", "b", "c", "d"):
        (folder / "listed" / name).touch()
    return folder


def test_a_level_changes_what_hangs_on_its_variable_and_nothing_else(desk: Path) -> None:
    here = machine(desk)
    known = variables(here, ["DESK"])
    job = Job(target=f"{desk / 'desk.py'}:entry", inputs=desk / "inputs.jsonl", folder=desk)
    with workshop() as shop:

        def told(environment: dict[str, str]) -> dict[str, tuple[str, ...]]:
            outcome = perturbed_run.run(job, environment, shop, Wish(detail=0, quick=True))
            assert isinstance(outcome, Told), outcome
            return {
                name: tuple(text for path, text in outcome.details[0] if f"['{name}']" in path)
                for name in PROBES
            }

        plain = told(dict(usual(known)))
        assert told(dict(usual(known))) == plain
        for variable in known:
            for level in variable.levels[1:]:
                if (variable.name, level) in ELSEWHERE or variable.name == "addresses":
                    continue
                other = told({**usual(known), variable.name: level})
                differ = {name for name in PROBES if other[name] != plain[name]}
                hang = {name for name, (owner, _) in PROBES.items() if owner == variable.name}
                assert differ, (variable.name, level)
                assert differ <= hang, (variable.name, level, differ)
                if (variable.name, level) == ("clock", "shifted"):
                    assert differ == hang - {"elapsed"}, hang - differ
    varied = {one.name for one in known}
    wanted = {owner for owner, _ in PROBES.values()} | {"threads"}
    absent = {
        "python": len(here.pythons) < 2,
        "cwd": not here.folder,
        "file-times": not here.folder,
    }
    assert wanted - varied <= {name for name, lacks in absent.items() if lacks}
    assert varied - wanted <= {"addresses"}
