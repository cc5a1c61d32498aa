"""What an attack is, the four ways to make one, and the list of them.

- Each has the one code that it must get, as ``qfs explain`` knows it: the gate's refusal, the
  registry's, a CIR-302 halt (with the gate's sub-code behind it), an error, or exit code 1.
- The data is made by code, from the sentence that is the attack's name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfs import gate
from qfs.app.replay import ReplayRequest, replay
from qfs.errors import QFSError
from qfs.gate import Refusal
from qfs.halt import Halt
from qfs.kernel import Order, Transactions
from tests.gate.worlds import Run

NOTHING = Transactions((((Order("nobody", [1, 1])),),))


@dataclass(frozen=True)
class Attack:
    """One attack."""

    family: str
    """On what: the gate, the key registry, the committed log, the trail, keys."""
    name: str
    expected: str
    """The code that it must get."""
    run: Callable[[Path], str]
    """Carries it out in an empty folder; returns the code that it got."""


ATTACKS: list[Attack] = []


def attack(name: str, refusal: Refusal) -> Callable[[Callable[[Run], bytes]], None]:
    """List bytes that are sent to the gate; the ledger must stay as it is, and go on."""

    def add(make: Callable[[Run], bytes]) -> None:
        def run(_: Path) -> str:
            ledger = Run()
            data = make(ledger)
            before = ledger.world.root
            answer = gate.verify(data, ledger.world, ledger.verifier)
            assert ledger.world.root == before
            assert not isinstance(ledger.send("bob", NOTHING), Refusal), "it stops nobody"
            return f"gate.{answer.name}" if isinstance(answer, Refusal) else "admitted"

        ATTACKS.append(Attack("gate", name, f"gate.{refusal.name}", run))

    return add


def asks(name: str, code: str) -> Callable[[Callable[[Run], str]], None]:
    """List a question to the key registry, in a packet that the gate admits."""

    def add(make: Callable[[Run], str]) -> None:
        ATTACKS.append(
            Attack("key registry", name, f"keys.{code}", lambda _: f"keys.{make(Run())}")
        )

    return add


def commits(name: str, code: str) -> Callable[[Callable[[Path], Path]], None]:
    """List a log that is not what an honest writer wrote; it is replayed, signatures verified."""

    def add(make: Callable[[Path], Path]) -> None:
        def run(folder: Path) -> str:
            report = replay(ReplayRequest(make(folder)))
            if report.halt is None:
                return str(report.exit_code)
            facts = dict(fact.split("=", 1) for fact in report.halt.facts)
            return f"CIR-{facts.get('subcode', report.halt.code)}"

        ATTACKS.append(Attack("committed log", name, code, run))

    return add


def raises(family: str, name: str, code: str) -> Callable[[Callable[[Path], Any]], None]:
    """List a call that must end in an error or a halt."""

    def add(call: Callable[[Path], Any]) -> None:
        def run(folder: Path) -> str:
            try:
                call(folder)
            except QFSError as error:
                return error.code
            except Halt as halt:
                return f"CIR-{halt.code.value}"
            return "accepted"

        ATTACKS.append(Attack(family, name, code, run))

    return add
