"""Packets, keys, rotations and revocations in any order, against a model of a few dictionaries.

- The model knows who may sign at which sequence number, and nothing of Merkle trees or bytes.
- `make nightly` runs it long: 1,000 examples of up to 30 steps each.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from qfs import gate, keys
from qfs.crypto import Profile
from qfs.kernel import Order, Receipt, Tick, Transactions
from qfs.keys import Reason, Role
from qfs.packet import CONTEXT, encode, signing_message
from tests.gate.worlds import (
    MACHINES,
    Run,
    enrol,
    found,
    genesis,
    name_of,
    order,
    proved,
    signer,
)

NAMES = [f"person-{number}" for number in range(12)]
PROFILE = Profile.ML_DSA_44
NOTHING = Transactions((((Order("nobody", [1, 1])),),))
FOUNDERS = [
    enrol("root", Role.ROOT, profile=PROFILE),
    enrol("operator", Role.OPERATOR, profile=PROFILE),
]


@dataclass
class Person:
    """What the model knows of a key."""

    line: str
    """Name of the first key of its line."""
    role: str
    first: int
    last: int | None = None
    """The last packet that it may sign."""
    replaced: bool = False


@dataclass
class Model:
    """Who may sign what."""

    people: dict[str, Person] = field(default_factory=dict)

    def may_sign(self, name: str, seq: int) -> bool:
        person = self.people.get(name)
        if person is None or seq < person.first:
            return False
        return person.last is None or seq <= person.last

    def end(self, name: str, last: int) -> None:
        person = self.people[name]
        person.last = last if person.last is None else min(last, person.last)


class Trust(RuleBasedStateMachine):
    """The ledger of keys and its model, step by step."""

    def __init__(self, sent: Counter[str]) -> None:
        super().__init__()
        self.sent = sent
        self.sent["examples"] += 1
        self.run = Run(found(MACHINES, genesis(FOUNDERS)))
        self.model = Model(
            {"root": Person("root", "root", 1), "operator": Person("operator", "operator", 1)}
        )
        self.history: list[tuple[bytes, Any]] = []

    @property
    def seq(self) -> int:
        return self.run.world.seq + 1

    def send(self, by: str, action: Any) -> gate.Refusal | Receipt:
        """Sign with a person's small key and submit."""
        packet = self.run.packet(by, action, key=name_of(by, PROFILE))
        made = signer(by, PROFILE)
        body = packet.to_bytes()
        data = encode(body, made.sign(signing_message(body), CONTEXT))
        before = self.run.world
        self.sent["packets"] += 1
        answer = self.run.submit(data)
        if isinstance(answer, Receipt):
            self.history.append((data, before))
        return answer

    def ask(self, by: str, command: Any) -> str:
        answer = self.send(by, Transactions(((order(command),),)))
        if isinstance(answer, gate.Refusal):
            return answer.name
        return "yes" if answer.answers[0] is None else answer.answers[0].reason

    @rule(by=st.sampled_from(["root", "operator", *NAMES]))
    def anybody_sends(self, by: str) -> None:
        allowed = self.model.may_sign(by, self.seq)
        assert isinstance(self.send(by, NOTHING), Receipt) is allowed

    @rule(by=st.sampled_from(["root", "operator", *NAMES]))
    def anybody_ticks(self, by: str) -> None:
        allowed = self.model.may_sign(by, self.seq) and self.model.people[by].role != "submitter"
        assert isinstance(self.send(by, Tick()), Receipt) is allowed

    @rule(
        by=st.sampled_from(["root", "operator"]),
        name=st.sampled_from(NAMES),
        later=st.integers(0, 3),
    )
    def somebody_is_enrolled(self, by: str, name: str, later: int) -> None:
        seq = self.seq
        command = enrol(name, Role.SUBMITTER, profile=PROFILE, active_from=seq + 1 + later)
        message = keys.possession_message(self.run.world.ledger, command)
        command = keys.Enrol(
            command.profile,
            command.public_key,
            command.roles,
            command.active_from,
            None,
            signer(name, PROFILE).sign(message, keys.POSSESSION_CONTEXT),
        )
        known, allowed = name in self.model.people, self.model.may_sign(by, seq)
        answer = self.ask(by, command)
        assert (answer == "yes") is (allowed and not known)
        if answer == "yes":
            self.model.people[name] = Person(name, "submitter", seq + 1 + later)

    @rule(data=st.data(), to=st.sampled_from(NAMES), overlap=st.integers(0, 3))
    def a_key_is_rotated(self, data: st.DataObject, to: str, overlap: int) -> None:
        old = data.draw(st.sampled_from(sorted(self.model.people)))
        seq, person = self.seq, self.model.people[old]
        command = keys.Rotate(
            name_of(old, PROFILE), PROFILE, signer(to, PROFILE).public_key, overlap, None, b""
        )
        answer = self.ask(old, proved(self.run.world.ledger, command, to))
        elders = [
            name
            for name, other in self.model.people.items()
            if name != old and other.line == person.line and self.model.may_sign(name, seq)
        ]
        allowed = (
            self.model.may_sign(old, seq)
            and not person.replaced
            and to not in self.model.people
            and not elders
        )
        assert (answer == "yes") is allowed, answer
        if answer == "yes":
            person.replaced = True
            self.model.end(old, seq + overlap)
            self.model.people[to] = Person(person.line, person.role, seq + 1)

    @rule(data=st.data(), later=st.integers(0, 3), by_root=st.booleans())
    def a_key_is_revoked(self, data: st.DataObject, later: int, by_root: bool) -> None:
        submitters = sorted(
            name for name, one in self.model.people.items() if one.role == "submitter"
        )
        if not submitters:
            return
        name, seq = data.draw(st.sampled_from(submitters)), self.seq
        by = "root" if by_root else name
        allowed = self.model.may_sign(by, seq)
        revoke = keys.Revoke(name_of(name, PROFILE), Reason.KEY_COMPROMISE, seq + 1 + later)
        answer = self.ask(by, revoke)
        assert answer == "ALREADY_REVOKED" or (answer == "yes") is allowed
        if answer == "yes":
            self.model.end(name, seq + later)

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def an_old_packet_comes_again(self, data: st.DataObject) -> None:
        old, world = data.draw(st.sampled_from(self.history))
        assert self.run.submit(old) is gate.Refusal.WRONG_SEQUENCE
        # ... and still verifies where it stood, whatever became of its key since.
        assert not isinstance(gate.verify(old, world, self.run.verifier), gate.Refusal)

    @invariant()
    def the_registry_says_what_the_model_says(self) -> None:
        for name, person in self.model.people.items():
            record = self.run.keys.keys.get(name_of(name, PROFILE))
            assert record is not None
            assert record.principal == name_of(person.line, PROFILE)
            usable = keys.standing(record, self.seq) is keys.Standing.ACTIVE
            assert usable is self.model.may_sign(name, self.seq), name


def test_the_gate_and_the_registry_do_what_the_model_says(
    record_property: Callable[[str, object], None],
) -> None:
    examples = max(10, settings().max_examples // 10)
    sent: Counter[str] = Counter()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Trust(sent),
        settings=settings(max_examples=examples, stateful_step_count=30, deadline=None),
    )
    record_property("examples", sent["examples"])
    record_property("shown", f"trust model: {sent['examples']} runs, {sent['packets']} packets")
    assert sent["packets"] > examples
