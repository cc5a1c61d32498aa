"""A divergence leads to a line of the program and to the rule that covers it."""

from pathlib import Path

import pytest

from qfs.app.audit import rulebook
from qfs.app.cause import RULES, cause_of
from qfs.app.perturb import Divergence, Parting
from qfs.shell.perturbation import FIXED
from qfs.shell.perturbed_run import Told

SOURCE = "import time\n\n\ndef entry(x):\n    now = time.time()\n    return now\n"


def divergence(variable: str, effect: str, *places: str) -> Divergence:
    """Return a divergence at the first input."""
    return Divergence(0, "result", "1", "2", variable, effect, "other", places=places)


def parting(path: Path) -> Parting:
    """Return two recordings of the program that part at line 5."""
    first = (str(path), 5, "entry", "line", "", 0, {"x": "int 1"}, "")
    events = [
        (first, (str(path), 6, "entry", "line", str(path), 5, {"now": f"float {now}.0"}, ""))
        for now in (1, 2)
    ]
    return Parting({}, {}, 0, Told((), {}, (), events[0]), Told((), {}, (), events[1]))


def test_the_audit_covers_the_traced_line(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(SOURCE, encoding="utf-8")
    cause = cause_of(divergence("clock", "clock"), parting(path), tmp_path)
    assert cause is not None
    assert (cause.path, cause.line, cause.source) == ("program.py", 5, "now = time.time()")
    assert (cause.rule, cause.rule_at_line, cause.name) == ("QFS101", True, "now")
    assert (cause.expected, cause.actual) == ("float 1.0", "float 2.0")


def test_a_rule_of_another_effect_explains_nothing(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(SOURCE, encoding="utf-8")
    cause = cause_of(divergence("gc", "gc"), parting(path), tmp_path)
    assert cause is not None
    assert (cause.rule, cause.rule_at_line) == ("QFS804", False)


def test_without_a_trace_the_audits_own_finding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(SOURCE, encoding="utf-8")
    cause = cause_of(divergence("clock", "clock"), None, tmp_path, (path,))
    assert cause is not None
    assert (cause.line, cause.rule) == (5, "QFS101")
    assert cause_of(divergence("gc", "gc"), None, tmp_path, (path,)) is None


def test_every_variable_has_a_rule_that_exists() -> None:
    known = {rule.code for rule in rulebook(("all",)).rules}
    assert {name: code for name, code in RULES.items() if code not in known} == {}
    assert {one.name for one in FIXED} <= set(RULES)


PLACES = (
    ("module global SEEN", "SEEN.append(x)"),
    ("mutable default of entry", "def entry(x, found=[]):"),
    ("cache of entry", "SEEN.append(x)"),
    ("cache of told", "def told(x):"),
    ("module global ABSENT", None),
)


@pytest.mark.parametrize(("place", "line"), PLACES)
def test_hidden_state_leads_to_the_line_that_names_it(
    place: str, line: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        "SEEN = []\nMOST = 9\n\n\ndef entry(x, found=[]):\n    SEEN.append(x)\n"
        "    return len(SEEN)\n\n\ndef told(x):\n    return input() + x * MOST\n",
        encoding="utf-8",
    )
    cause = cause_of(divergence("history", "global-state", place), None, tmp_path, (path,))
    if line is None:
        assert cause is None or cause.source != "SEEN = []"
    else:
        assert cause is not None
        assert cause.source == line


ADDRESSES = """
def rank(x):
    return -x, id(x)


def entry(rows):
    rows.sort(key=rank)
    return rows
"""
COMPLETION = """
from concurrent.futures import ThreadPoolExecutor, as_completed


def entry(rows):
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(abs, row) for row in rows]
        return [one.result() for one in {taken}]
"""
EXPLAINED = (
    ("an address", "addresses", "identity", ADDRESSES, "rows.sort(key=rank)", "return -x, id(x)"),
    ("two addresses", "addresses", "identity", ADDRESSES + "\nONE = str(id(rank))\n",
     "rows.sort(key=rank)", "rows.sort(key=rank)"),
    ("one that nobody uses", "addresses", "identity", ADDRESSES + "\nONE = id(rank)\n",
     "rows.sort(key=rank)", "return -x, id(x)"),
    ("not an address", "clock", "clock", ADDRESSES, "rows.sort(key=rank)", "rows.sort(key=rank)"),
    ("as they end", "threads", "concurrency", COMPLETION.format(taken="as_completed(asked)"),
     "with ThreadPoolExecutor(4) as pool:", "return [one.result() for one in as_completed(asked)]"),
    ("as they were asked", "threads", "concurrency", COMPLETION.format(taken="asked"),
     "with ThreadPoolExecutor(4) as pool:", "with ThreadPoolExecutor(4) as pool:"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "effect", "source", "parts_at", "named"),
    [row[1:] for row in EXPLAINED],
    ids=[row[0] for row in EXPLAINED],
)
def test_a_line_that_makes_nothing_differ_leads_to_the_one_that_does(
    variable: str, effect: str, source: str, parts_at: str, named: str, tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(source, encoding="utf-8")
    line = 1 + [text.strip() for text in source.splitlines()].index(parts_at)
    first = (str(path), line, "entry", "line", "", 0, {}, "")
    events = [
        (first, (str(path), line + 1, "entry", "line", str(path), line, {"now": now}, ""))
        for now in ("int 1", "int 2")
    ]
    two = Parting({}, {}, 0, Told((), {}, (), events[0]), Told((), {}, (), events[1]))
    cause = cause_of(divergence(variable, effect), two, tmp_path)
    assert cause is not None
    assert cause.source == named
