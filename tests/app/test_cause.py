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
    ("cache of entry", "def entry(x, found=[]):"),
    ("module global ABSENT", None),
)


@pytest.mark.parametrize(("place", "line"), PLACES)
def test_hidden_state_leads_to_the_line_that_names_it(
    place: str, line: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        "SEEN = []\n\n\ndef entry(x, found=[]):\n    SEEN.append(x)\n    return len(SEEN)\n",
        encoding="utf-8",
    )
    cause = cause_of(divergence("history", "global-state", place), None, tmp_path, (path,))
    if line is None:
        assert cause is None or cause.source != "SEEN = []"
    else:
        assert cause is not None
        assert cause.source == line
