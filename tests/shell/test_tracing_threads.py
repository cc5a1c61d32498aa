"""The line of a race is named: where a thread has read what others write, else where it writes."""

from pathlib import Path

import pytest

from qfs.shell.tracing import first_difference
from qfs.shell.tracing_threads import race_line
from tests.shell.test_tracing import load, recorded

HEAD = "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n\n"
THREADS = """
def entry(x):
    shared = [0]
    started = [threading.Thread(target=work, args=(shared, n)) for n in range(x)]
    for one in started:
        one.start()
        one.join()
    return 0
"""
POOL = """
def entry(x):
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(work, [{"n": n} for n in range(x)], range(x)))
    return 0
"""
# What a race makes of a shared value, OUTSIDE() makes here: another one in each recording.
CASES = (
    (
        "a value that is read",
        "def work(shared, n):\n    seen = OUTSIDE()\n    shared[0] = seen\n" + THREADS,
        ("seen", 5),
    ),
    (
        "a branch on one",
        "def work(shared, n):\n    if OUTSIDE() % 2:\n        n += 1\n    n += 2\n" + THREADS,
        ("", 5),
    ),
    (
        "a shared list that grows",
        "def work(shared, n):\n    n += 1\n    shared.append(OUTSIDE())\n    return n\n" + THREADS,
        ("shared", 6),
    ),
    (
        "an attribute of one object",
        "class Total:\n    value = 0\n\n    def add(self, n):\n        for _ in range(3):\n"
        "            self.value = OUTSIDE()\n\nTOTAL = Total()\n\n"
        "def work(shared, n):\n    TOTAL.add(n)\n" + THREADS,
        ("self", 9),
    ),
    ("work that hangs on its input", "def work(shared, n):\n    return n * 2\n" + THREADS, None),
    ("work of a pool", "def work(given, n):\n    given['n'] += 1\n    return n\n" + POOL, None),
)


@pytest.mark.parametrize(("what", "body", "named"), CASES, ids=[one[0] for one in CASES])
def test_the_line_of_a_race_is_named(
    what: str, body: str, named: tuple[str, int] | None, tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    events = [recorded(load(path, HEAD + body), hidden) for hidden in (1, 2)]
    found = race_line(*events)
    assert (None if found is None else (found.name, found.line)) == named, what


def test_a_thread_is_no_part_of_the_first_ones_recording(tmp_path: Path) -> None:
    body = "def work(shared, n):\n    seen = OUTSIDE()\n" + THREADS
    events = [recorded(load(tmp_path / "program.py", HEAD + body), hidden) for hidden in (1, 2)]
    assert {event[2] for event in events[0] if event[7]} == {"work"}
    assert first_difference(*events) is None
