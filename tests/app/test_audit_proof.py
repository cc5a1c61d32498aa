"""What a proof of determinism takes: everything proved, and everything trusted named."""

from dataclasses import replace
from pathlib import Path

import pytest

from qfs.app.audit import AuditReport, AuditRequest, audit
from qfs.errors import UsageError
from qfs_cli.render.audit_proof import document, rows

ROOT = Path(__file__).resolve().parents[2]
ASK = AuditRequest((Path(),), require_proof=True)


def asked(tmp_path: Path, text: str) -> AuditReport:
    path = tmp_path / "m.py"
    path.write_text(text, encoding="utf-8")
    return audit(replace(ASK, paths=(path,)))


CASES = [
    ("pure code", "def f(x: int) -> int:\n    return x + 1\n", True, []),
    (
        "a summary of the standard library",
        "import dataclasses\n\ndef f(x: object) -> bool:\n    return dataclasses.is_dataclass(x)\n",
        True,
        [("stdlib", "dataclasses: is_dataclass")],
    ),
    (
        "a summary of another library",
        "import more_itertools\n\ndef f(x: list[int]):\n    return more_itertools.first(x)\n",
        True,
        [("third-party", "more_itertools: first")],
    ),
    (
        "native code",
        "import hashlib\n\ndef f(x: bytes):\n    return hashlib.sha256(x)\n",
        True,
        [("native", "hashlib: sha256")],
    ),
    (
        "what an entry point is given to call",
        "from collections.abc import Callable\n\ndef f(g: Callable[[], int]):\n    return g()\n",
        True,
        [("callback", "m:f")],
    ),
    (
        "a protocol's method",
        (
            "from typing import Protocol\n\nclass Port(Protocol):\n"
            "    def ask(self) -> int: ...\n\ndef f(port: Port) -> int:\n    return port.ask()\n"
        ),
        True,
        [("callback", "m:Port.ask")],
    ),
    (
        "a call that no value was seen to reach",
        "def f(n: int):\n    table = {}\n    return table[n]()\n",
        True,
        [("unreached", "m:f")],
    ),
    (
        "a call that nobody can resolve",
        "def f(x: int, name: str):\n    return getattr(x, name)()\n",
        False,
        [("unresolved", "m.py:2 m:f")],
    ),
    (
        "a library without a summary",
        "import somebody\n\ndef f():\n    return somebody.compute()\n",
        False,
        [("unresolved", "m.py:4 m:f")],
    ),
    (
        "a suppression",
        (
            "import time\n\n\ndef f():\n"
            '    return time.time()  # qfs: allow[QFS101] reason="shown to people only"\n'
        ),
        False,
        [("suppression", "m.py:5 QFS101")],
    ),
    ("a violation", "import time\n\ndef f():\n    return time.time()\n", False, []),
]


@pytest.mark.parametrize(
    ("text", "proved", "listed"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_proof_lists_what_it_rests_on(
    tmp_path: Path, text: str, proved: bool, listed: list[tuple[str, str]]
) -> None:
    report = asked(tmp_path, text)
    place = tmp_path.name
    found = [(kind, name.split(f"{place}/")[-1]) for kind, name, _how in rows(report)]
    assert found == listed
    assert report.is_proved is proved
    assert report.exit_code == (0 if proved else 1)
    assert document(report)["proved"] is proved


def test_a_native_is_named_with_the_reason_why_it_is_trusted(tmp_path: Path) -> None:
    report = asked(tmp_path, "import hashlib\n\ndef f(x: bytes):\n    return hashlib.sha256(x)\n")
    assert [how for _kind, _name, how in rows(report) if "FIPS 180-4" in how]


def test_neither_ignoring_nor_a_baseline_makes_a_proof(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text("import time\n\ndef f():\n    return time.time()\n", encoding="utf-8")
    ask = replace(ASK, paths=(path,))
    assert audit(replace(ask, ignore=("QFS101",))).exit_code == 1
    known = tmp_path / "known.json"
    audit(replace(ask, write_baseline=known))
    report = audit(replace(ask, baseline=known))
    assert (report.findings, report.exit_code) == ((), 1)
    assert ("baseline", "1 findings", "known, not proved") in rows(report)


def test_reaching_nothing_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def f() -> int:\n    return 1\n", encoding="utf-8")
    ask = replace(ASK, paths=(tmp_path / "m.py",))
    assert audit(ask).exit_code == 0
    with pytest.raises(UsageError, match="no function is called m:g"):
        audit(replace(ask, entries=("m:g",)))


def test_the_example_machine_is_proved_together_with_the_rooms_it_imports() -> None:
    report = audit(replace(ASK, paths=(ROOT / "examples/auction/certified.py",)))
    assert report.is_proved, [each.message for each in report.findings]
    assert report.files == 1
    assert any(each.kind == "native" for each in report.rests)


MACHINE = """
from dataclasses import dataclass, replace
from enum import Enum

from qfs.canon import Registry, digest
from qfs.certmath import Fixed, Rounding
from qfs.kernel import Context, Decision, Reducer, Table


class Refusal(Enum):
    TOO_LITTLE = 1


@dataclass(frozen=True, slots=True)
class State:
    paid: Table[str, Fixed]


@dataclass(frozen=True, slots=True)
class Pay:
    name: str
    amount: Fixed


@dataclass(frozen=True, slots=True)
class Paid:
    name: str
    amount: Fixed


def genesis() -> State:
    return State(Table.of(str, Fixed))


def decide(state: State, command: Pay, context: Context) -> Decision[Paid, State] | Refusal:
    if command.amount < Fixed("0.01"):
        return Refusal.TOO_LITTLE
    return Decision((Paid(command.name, command.amount * 2 + Fixed(HOOK)),))


def evolve(state: State, event: Paid) -> State:
    before = state.paid.get(event.name)
    total = event.amount if before is None else before + event.amount
    return replace(state, paid=state.paid.set(event.name, total))


MACHINE = Reducer(
    name="payments", version=1, genesis=genesis, decide=decide, evolve=evolve,
    commands=Registry("payment command").add(1, 1, Pay),
    events=Registry("payment event").add(1, 1, Paid), refusals=Refusal,
    effects=Registry("payment effect"), invariants=(),
)
"""


@pytest.mark.parametrize(
    ("hook", "codes"),
    [
        ("1", []),
        ("context.time_us", []),
        ("__import__('time').time_ns()", ["QFS101"]),
        ("hash(command.name)", ["QFS301"]),
    ],
)
def test_a_users_machine_over_kernel_canon_and_certmath(
    tmp_path: Path, hook: str, codes: list[str]
) -> None:
    report = asked(tmp_path, MACHINE.replace("HOOK", hook))
    assert [each.rule for each in report.findings] == codes
    assert report.is_proved is (not codes)
