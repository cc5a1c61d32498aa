"""`qfs ledger submit`: a scenario's steps as signed packets, admitted, applied, appended.

- Each packet is drafted from the world before it, signed, verified by the gate with the real
  verifier, applied, and only then appended and synced: fdatasync a packet.
- A packet with an answer that the scenario does not expect is not appended, and ends the
  submission; the packets before it stand.
- A dry run does the same on a copy in memory: it takes no lock and writes nothing.
- What a kill or a full disk cut short goes on from a step of its own: idempotency keys and seeds
  are those that the step would have had.
- With a seed and a start time in the scenario, two submissions differ in signatures alone.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from qfs import gate
from qfs import packet as packet_
from qfs.app.inbound import opened_for_writing, refuse, refuse_halted, write_once
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.program import refuse_uncertified
from qfs.app.scenario import Held, Scenario, Step, key_of, read_scenario, seed_of
from qfs.app.snapshots import Finder
from qfs.app.worlds import read_world
from qfs.canon import Digest
from qfs.crypto import KeyId, Signer, Verifier, key_id
from qfs.errors import InputError, UsageError
from qfs.gate import MAX_STEP_US
from qfs.halt import Halt
from qfs.kernel import Action, Admitted, Order, Receipt, Tick, Transactions, World, apply
from qfs.keys import Role, principal_roles
from qfs.ledger import COMMANDS, SPENDING, State
from qfs.machines.settlement.holds.commands import COMMANDS as HOLDS
from qfs.machines.settlement.holds.state import State as Holds
from qfs.shell import keystore, providers
from qfs.shell.log import LogWriter

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """What to submit, where, and with which keys."""

    directory: Path
    scenario: Path
    keys: tuple[Path, ...]
    """Private key files; a key's name is its file's, up to the first point."""
    passphrase_file: Path | None = None
    dry_run: bool = False
    strict: bool = False
    """Halt when the gate refuses a packet."""
    provider: str = providers.DEFAULT
    first: int = 1
    """The step to begin with, from 1 on; those before it stand already, or are not wanted."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """A step that was answered otherwise than the scenario expects."""

    place: str
    """``file:line:column`` of the step."""
    step: int
    """Its number, from 1 on."""
    do: str
    expected: str
    """A refusal's name, or ``accepted``."""
    actual: str


@dataclass(frozen=True, slots=True)
class SubmitReport:
    """What became of a scenario."""

    scenario: str
    dry_run: bool
    packets: int
    """How many were appended (or would have been)."""
    steps: int
    """Steps in the scenario."""
    accepted: int
    refused: int
    """As the scenario expects."""
    surprises: tuple[Surprise, ...]
    """Answers of the packet that was not appended."""
    not_admitted: str | None
    """The gate's refusal of a packet, with the place of its first step."""
    cost: int
    """Units that the appended packets cost."""
    seq: int
    state_root: Digest
    torn_at: int | None
    """Offset at which a crash had torn the log, cut off on opening."""
    started_at: int
    """Packet of the snapshot from which the ledger was derived; 0: from genesis."""
    passed_over: tuple[str, ...]
    """Snapshots that were not good, with the reason."""
    go_on_from: int | None = None
    """The step after the last one of this scenario that is known to stand in the ledger, where not
    every step was answered as expected; None when none is known to, or all do."""

    @property
    def as_expected(self) -> bool:
        """Whether every step was answered as the scenario says."""
        return not self.surprises and self.not_admitted is None

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.submit/1",
            "scenario": self.scenario,
            "dry_run": self.dry_run,
            "packets": self.packets,
            "steps": self.steps,
            "accepted": self.accepted,
            "refused": self.refused,
            "surprises": [
                {
                    "place": one.place,
                    "step": one.step,
                    "do": one.do,
                    "expected": one.expected,
                    "actual": one.actual,
                }
                for one in self.surprises
            ],
            "not_admitted": self.not_admitted,
            "cost": self.cost,
            "seq": self.seq,
            "state_root": self.state_root.hex(),
            "torn_at": self.torn_at,
            "started_at": self.started_at,
            "passed_over": list(self.passed_over),
            "go_on_from": self.go_on_from,
        }


def submit(request: SubmitRequest, progress: Progress | None = None) -> SubmitReport:
    """Submit a scenario to a ledger and say how each step was answered.

    Raises InputError for a scenario, key or directory that cannot be read, before anything is
    written; halts when the ledger stands in a halt or its log cannot be re-derived.
    """
    scenario = read_scenario(request.scenario)
    if not 1 <= request.first <= max(1, len(scenario.steps)):
        what = f"there is no step {request.first}"
        raise UsageError(what, place="--from", way_out=f"give 1 .. {len(scenario.steps)}")
    signers = _signers(request)
    _check_names(scenario, signers)
    verifier = providers.verifier(request.provider)
    refuse_halted(request.directory)
    if request.dry_run:
        world = read_world(request.directory, verifier).world
        refuse_uncertified(world)
        run = _Submission(scenario, signers, verifier, world, writer=None, progress=progress)
        run.done = run.first = request.first - 1
        return run.run(None)
    finder = Finder(request.directory)
    opened = opened_for_writing(request.directory, verifier, finder)
    with opened.writer as writer:
        run = _Submission(
            scenario, signers, verifier, opened.world, writer=writer, progress=progress
        )
        run.refused_in = request.directory
        run.strict = request.strict
        run.done = run.first = request.first - 1
        try:
            report = run.run(opened.reading.torn_at)
            return replace(
                report, started_at=finder.found or 0, passed_over=tuple(finder.passed_over)
            )
        except Halt as halt:
            facts = (run.world.seq + 1, run.packet, run.world.root, opened.resumed)
            write_once(request.directory, halt.record(*facts))
            raise


def _signers(request: SubmitRequest) -> Mapping[str, Signer]:
    """Return the signer of each key file, by the file's name up to the first point."""
    passphrase = (
        None
        if request.passphrase_file is None
        else keystore.read_passphrase(request.passphrase_file)
    )
    found: dict[str, Signer] = {}
    for path in request.keys:
        name = path.name.partition(".")[0]
        if name in found:
            raise UsageError(
                f"two keys are called {name!r}", place=str(path), way_out="rename one file"
            )
        encrypted = path.suffix == ".age"
        found[name] = keystore.read_private(path, passphrase if encrypted else None).signer()
    return found


def _check_names(scenario: Scenario, signers: Mapping[str, Signer]) -> None:
    """Raise InputError at the first step that names a key which nobody has given.

    Also for a name that stands for one key in the scenario and for another in a file.
    """
    for name, key in scenario.keys.items():
        signer = signers.get(name)
        if signer is not None and key != key_id(signer.profile, signer.public_key):
            raise InputError(
                f"{name!r} is another key under [keys] than in its file",
                place=scenario.file,
                way_out="take one of the two away",
            )
    for step in scenario.steps:
        if step.by not in signers:
            raise InputError(
                f"no key is called {step.by!r}",
                place=step.place,
                way_out=f"give its file with --key, named {step.by}.something",
            )
        _command(step, lambda name: _known(scenario, signers, name), 0, b"")


def _command(step: Step, key_of_name: Callable[[str], KeyId], nonce: int, key: bytes) -> object:
    try:
        return None if step.command is None else step.command(key_of_name, nonce, key)
    except InputError as error:
        raise InputError(error.what, place=step.place, way_out=error.way_out) from None


def _known(scenario: Scenario, signers: Mapping[str, Signer], name: str) -> KeyId:
    if name in scenario.keys:
        return scenario.keys[name]
    signer = signers.get(name)
    if signer is None:
        raise InputError(
            f"no key is called {name!r}",
            way_out="name its id under [keys], or give its file with --key",
        )
    return key_id(signer.profile, signer.public_key)


class _Submission:
    """One scenario on its way into one ledger."""

    def __init__(
        self,
        scenario: Scenario,
        signers: Mapping[str, Signer],
        verifier: Verifier,
        world: World,
        *,
        writer: LogWriter | None,
        progress: Progress | None,
    ) -> None:
        self.scenario = scenario
        self.signers = signers
        self.verifier = verifier
        self.world = world
        self.writer = writer
        self.progress = progress
        self.refused_in: Path | None = None
        """The ledger whose operational trail counts refused packets; None in a dry run."""
        self.strict = False
        self.packet = Digest(bytes(32))
        self.packets = 0
        self.first = 0
        """Steps that are passed over."""
        self.done = 0
        """Steps that are behind, those passed over among them."""
        self.refused = 0
        self.cost = 0

    def run(self, torn_at: int | None) -> SubmitReport:
        """Send every batch; stop at the first answer that the scenario does not expect."""
        steps = len(self.scenario.steps)
        report = SubmitReport(
            scenario=self.scenario.name,
            dry_run=self.writer is None,
            packets=0,
            steps=steps,
            accepted=0,
            refused=0,
            surprises=(),
            not_admitted=None,
            cost=0,
            seq=self.world.seq,
            state_root=self.world.root,
            torn_at=torn_at,
            started_at=0,
            passed_over=(),
        )
        for batch in batches(self.scenario, self.first):
            place, by = batch[0].place, batch[0].by
            late = self.tick_if_late(by)
            if late is not None:
                gap = f"more than a day since packet {self.world.seq}, so a tick comes first"
                way_out = "give the key of an operator or root too"
                report = replace(report, not_admitted=f"{place}: {gap}: {late.name}; {way_out}")
                break
            answer = self.send(by, Transactions(self.groups(batch)), batch)
            if isinstance(answer, gate.Refusal):
                report = replace(report, not_admitted=f"{place}: {answer.name}")
                break
            surprises = self.surprises(batch, answer)
            if surprises:
                report = replace(report, surprises=surprises)
                break
            self.done += len(batch)
            self.refused += sum(1 for one in answer.answers if one is not None)
            if self.progress is not None:
                self.progress(self.done, steps)
        return replace(
            report,
            packets=self.packets,
            accepted=self.done - self.first - self.refused,
            refused=self.refused,
            cost=self.cost,
            seq=self.world.seq,
            state_root=self.world.root,
            go_on_from=None if report.as_expected else self.go_on_from(),
        )

    def go_on_from(self) -> int | None:
        """Return the step after the last one that stands, by what was done and by keys in use."""
        steps = self.scenario.steps
        if self.writer is None and self.packets:
            return None  # a dry run has used keys that nobody else will find used
        used = self.world.states["ledger"].used
        last = len(steps)
        while last > self.done and not (
            steps[last - 1].fills_in_its_key and used.get(key_of(self.scenario, last)) is not None
        ):
            last -= 1
        return last + 1 if self.first < last < len(steps) else None

    def groups(self, batch: tuple[Step, ...]) -> tuple[tuple[Order, ...], ...]:
        """Return a transaction a step; nonces go on as if every answer were the expected one."""
        ledger = self.world.states["ledger"]
        nonces: dict[int, int] = {}
        fences = _Fences(self.world)
        groups: list[tuple[Order, ...]] = []
        for offset, step in enumerate(batch):
            nonce, key = 0, b""
            if step.start is not None:
                nonce = nonces.get(step.start, _nonce(ledger, step.start))
                if step.expect is None or (step.expect in SPENDING and step.held is None):
                    nonces[step.start] = nonce + 1
                number = self.done + offset + 1
                key = key_of(self.scenario, number) if step.key is None else step.key
            nonce = nonce if step.nonce is None else step.nonce
            if step.held is not None:
                asked = step.held.command(fences.of(step.held, step), self.world.seq + 1, nonce)
                groups.append((Order("holds", HOLDS.pack(asked)),))
                continue
            command = _command(step, self.principal, nonce, key)
            groups.append((Order("ledger", COMMANDS.pack(command)),))
        return tuple(groups)

    def principal(self, name: str) -> KeyId:
        """Return the first key of the named key's line: what owns accounts; itself if unknown."""
        key = _known(self.scenario, self.signers, name)
        record = self.world.states["keys"].keys.get(key)
        return key if record is None else record.principal

    def tick_if_late(self, by: str) -> gate.Refusal | None:
        """Carry the ledger over a gap of more than a day, which only a tick may cross."""
        if self.world.seq == 0 or self.next_time() - self.world.time_us <= MAX_STEP_US:
            return None
        keys = self.world.states["keys"]
        ticker = by
        for name in self.signers:
            roles = principal_roles(keys, self.principal(name))
            if Role.OPERATOR in roles or Role.ROOT in roles:
                ticker = name
                break
        answer = self.send(ticker, Tick(), ())
        return answer if isinstance(answer, gate.Refusal) else None

    def next_time(self) -> int:
        """Return the next packet's time in microseconds; never before the world's."""
        start = self.scenario.start_time_us
        if start is None:
            return max(time.time_ns() // 1_000, self.world.time_us)
        return max(
            start + self.packets * self.scenario.step_time_us,
            self.world.time_us + self.scenario.step_time_us,
        )

    def send(self, by: str, action: Action, batch: tuple[Step, ...]) -> Receipt | gate.Refusal:
        """Sign, verify and apply one packet; append it if the batch was answered as expected."""
        signer = self.signers[by]
        seq = self.world.seq + 1
        given = self.scenario.seed
        body = packet_.draft(
            ledger=self.world.ledger,
            seq=seq,
            time_us=self.next_time(),
            seed=secrets.token_bytes(32) if given is None else seed_of(given, seq),
            previous=self.world.head,
            key=key_id(signer.profile, signer.public_key),
            action=action,
        ).to_bytes()
        self.packet = packet_.packet_id(body)
        signature = signer.sign(packet_.signing_message(body), packet_.CONTEXT)
        envelope = packet_.encode(body, signature)
        admitted = gate.verify(envelope, self.world, self.verifier)
        if isinstance(admitted, gate.Refusal):
            if self.refused_in is not None:
                refuse(self.refused_in, envelope, admitted, seq, strict=self.strict)
            return admitted
        return self.apply(envelope, admitted, batch)

    def apply(self, envelope: bytes, admitted: Admitted, batch: tuple[Step, ...]) -> Receipt:
        """Apply one admitted packet and append it, durably, unless an answer surprises."""
        world, receipt = apply(MACHINES, REACTIONS, self.world, admitted)
        if self.surprises(batch, receipt):
            self.world.restore()
            return receipt
        if self.writer is not None:
            self.writer.append(envelope, world.root)
            self.writer.sync()
        self.world = world
        self.packets += 1
        self.cost += receipt.cost
        return receipt

    def surprises(self, batch: tuple[Step, ...], receipt: Receipt) -> tuple[Surprise, ...]:
        """Return the steps that were answered otherwise than expected."""
        found: list[Surprise] = []
        for offset, (step, answer) in enumerate(zip(batch, receipt.answers, strict=True)):
            actual = None if answer is None else answer.reason
            if actual != step.expect:
                found.append(
                    Surprise(
                        step.place,
                        self.done + offset + 1,
                        step.do,
                        step.expect or "accepted",
                        actual or "accepted",
                    )
                )
        return tuple(found)


class _Fences:
    """The fencing tokens that the steps of one packet name, as if every proposal were accepted."""

    def __init__(self, world: World) -> None:
        holds = world.states.get("holds")
        self.known = holds if isinstance(holds, Holds) else None
        self.newest = 0 if self.known is None else self.known.fence
        self.proposed: dict[bytes, int] = {}

    def of(self, held: Held, step: Step) -> int:
        """Return the token of a step: its own, or that of the newest attempt."""
        if held.fence is not None:
            return held.fence
        hold = held.hold
        if step.do == "propose" and step.expect is None:
            self.newest += 1
            self.proposed[hold] = self.newest
        known = None if self.known is None else self.known.holds.get(hold)
        return self.proposed.get(hold, 0 if known is None else known.fence)


def batches(scenario: Scenario, first: int = 0) -> Iterator[tuple[Step, ...]]:
    """Yield the steps of each packet: one signer, at most batch steps, a new one where asked.

    The first steps are passed over.
    """
    batch: list[Step] = []
    for step in scenario.steps[first:]:
        full = len(batch) == scenario.batch
        if batch and (full or step.new_packet or step.by != batch[0].by):
            yield tuple(batch)
            batch = []
        batch.append(step)
    if batch:
        yield tuple(batch)


def _nonce(ledger: State, account: int) -> int:
    found = ledger.accounts.get(account)
    return 0 if found is None else found.nonce
