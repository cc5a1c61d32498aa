"""One process of the ledger benchmark: a real ledger, real packets, each stage's clock read.

    python -m benchmarks._ledger_run '{"accounts": 10000, "rows": 8000, "packets": 12, ...}'

- It is a process of its own so that the same code measures the interpreted package and a compiled
  copy: whichever stands first on the path. What it prints is one JSON document.
- Packets are made and signed beforehand, as clients do. The clock runs over what the ledger does:
  the gate with its signature check, applying, the state root, the log, fdatasync.
"""

import gc
import json
import os
import random
import resource
import sys
import time
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory
from typing import Any

from qfs import gate, packet
from qfs.app.ledger import founding
from qfs.app.worlds import QFS, derive, last_of
from qfs.canon import ArrayKind, TypedArray
from qfs.crypto import Profile, Verifier
from qfs.kernel import (
    Action,
    Admitted,
    Order,
    Receipt,
    Transactions,
    World,
    apply,
    found,
    restore_world,
)
from qfs.kernel.world import make_world
from qfs.keys import Role
from qfs.ledger import COMMANDS, MACHINE, Batch, Delegate, OpenAccount, rows
from qfs.shell import log, providers
from qfs.shell.keystore import PublicKey

PROFILE = Profile.ML_DSA_87
FIRST = 2_000
FLX = 1
STAGES = ("gate", "judge", "sentences", "root and rest", "log", "fdatasync")


class Ledger:
    """A ledger: an operator, and a bank that owns the accounts and delegates to the operator."""

    def __init__(self, directory: Path, accounts: int, unit: int = 1) -> None:
        self.unit = unit
        """Amounts are 1 to 1,000 times this; accounts begin with 10**15 times it, or a share."""
        self.signers = {
            name: providers.signer(PROFILE, name.encode().ljust(32))
            for name in ("root", "operator", "bank")
        }
        self.keys = {
            name: PublicKey(PROFILE, signer.public_key) for name, signer in self.signers.items()
        }
        roles = {"root": Role.ROOT, "operator": Role.OPERATOR, "bank": Role.SUBMITTER}
        genesis = founding("bench", [(self.keys[name], role) for name, role in roles.items()])
        self.clock: dict[str, tuple[int, int]] = {}
        machines = dict(QFS.machines)
        machines["ledger", 1] = timed(self.clock)
        self.machines, self.reactions = machines, QFS.reactions
        self.verifier: Verifier = providers.verifier()
        self.world: World = found(machines, genesis, QFS.reactions)
        self.writer = log.create(directory, genesis.to_bytes(), self.world.root)
        self.accounts = accounts
        self.nonces = [0] * accounts
        self.chance = random.Random(1)
        self.last = (self.world.seq, self.world.head)
        """Sequence number and id of the last packet made."""

    def open_accounts(self) -> None:
        """Open, delegate and fund the accounts, by ordinary packets."""
        bank, operator = self.keys["bank"].id, self.keys["operator"].id
        for start in range(0, self.accounts, 5_000):
            ids = range(FIRST + start, FIRST + min(start + 5_000, self.accounts))
            for make in (partial(OpenAccount, owner=bank), partial(Delegate, key_id=operator)):
                orders = tuple([Order("ledger", COMMANDS.pack(make(account))) for account in ids])
                self.take(self.signed(Transactions((orders,)), "bank"))
        self.fund()

    def load_accounts(self) -> None:
        """Put the accounts into the state at once, as a snapshot would: for a million of them."""
        state = self.world.states["ledger"]
        bank, operator = self.keys["bank"].id, self.keys["operator"].id
        own = state.accounts.records()
        made = [pack("<QQ32s80x", FIRST + n, 0, bank) for n in range(self.accounts)]
        whole = own + b"".join(made)
        pieces = [whole[at : at + 65_536] for at in range(0, len(whole), 65_536)]
        before = rss()
        accounts = state.accounts.load(pieces)
        self.account_bytes = (rss() - before) // self.accounts
        delegations = state.delegations
        for number in range(self.accounts):
            delegations = delegations.set((FIRST + number, bytes(operator)), bytes(bank))
        world = self.world
        states = dict(world.states) | {
            "ledger": replace(state, accounts=accounts, delegations=delegations)
        }
        self.world = make_world(
            (world.ledger, world.seq, world.head, world.time_us),
            world.packets,
            world.versions,
            states,
            schedule=world.schedule,
            outbox=world.outbox,
        )
        self.fund()

    def fund(self) -> None:
        """Issue the same amount to each account."""
        fund = min(10**15 * self.unit, 5 * 10**27 // self.accounts)
        for at in range(0, self.accounts, 8_000):
            ids = range(FIRST + at, FIRST + min(at + 8_000, self.accounts))
            legs = [leg for account in ids for leg in ((2, -fund), (account, fund))]
            nonces = list(range(at, at + len(ids)))
            self.take(self.signed(self.action([2] * len(ids), nonces, legs), "operator"))

    def action(
        self, starts: list[int], nonces: list[int], legs: list[tuple[int, int]]
    ) -> Transactions:
        """Return a batch of two-leg movements of one token."""
        count = len(starts)
        batch = Batch(
            TypedArray(ArrayKind.U64, pack(f"<{count}Q", *starts)),
            TypedArray(ArrayKind.U64, pack(f"<{count}Q", *nonces)),
            self.chance.randbytes(16 * count),
            b"\x02" * count,
            TypedArray(ArrayKind.U64, pack(f"<{2 * count}Q", *[leg[0] for leg in legs])),
            bytes((FLX,)) * 2 * count,
            b"".join([change.to_bytes(16, "little", signed=True) for _, change in legs]),
        )
        return Transactions(((Order("ledger", COMMANDS.pack(batch)),),))

    def transfers(self, count: int) -> bytes:
        """Return a signed packet of transfers between accounts drawn uniformly."""
        below = self.chance.randrange
        starts: list[int] = []
        nonces: list[int] = []
        legs: list[tuple[int, int]] = []
        for _ in range(count):
            debit = below(self.accounts)
            credit = (debit + 1 + below(self.accounts - 1)) % self.accounts
            amount = (1 + below(1_000)) * self.unit
            starts.append(FIRST + debit)
            nonces.append(self.nonces[debit])
            self.nonces[debit] += 1
            legs += [(FIRST + debit, -amount), (FIRST + credit, amount)]
        return self.signed(self.action(starts, nonces, legs), "operator")

    def signed(self, action: Action, by: str) -> bytes:
        """Return the next packet, signed; packets are made in order and applied in order."""
        seq, previous = self.last
        body = packet.draft(
            ledger=self.world.ledger,
            seq=seq + 1,
            time_us=1_000 * (seq + 1),
            seed=bytes(32),
            previous=previous,
            key=self.keys[by].id,
            action=action,
        ).to_bytes()
        self.last = (seq + 1, packet.packet_id(body))
        signature = self.signers[by].sign(packet.signing_message(body), packet.CONTEXT)
        return packet.encode(body, signature)

    def take(self, data: bytes) -> dict[str, tuple[int, int]]:
        """Do all that a ledger does with a packet; return (processor, wall) nanoseconds a stage."""
        self.clock.clear()
        marks = [now()]
        admitted = gate.verify(data, self.world, self.verifier)
        marks.append(now())
        if not isinstance(admitted, Admitted):
            sys.exit(f"refused: {admitted}")
        self.world, receipt = apply(self.machines, self.reactions, self.world, admitted)
        marks.append(now())
        self.writer.append(data, self.world.root)
        marks.append(now())
        self.writer.sync()
        marks.append(now())
        must_all_be_yes(receipt)
        gate_, applied, written, synced = [less(b, a) for a, b in pairwise(marks)]
        judged = self.clock.get("judge", (0, 0))
        sentences = self.clock.get("sentences", (0, 0))
        rest = less(less(applied, judged), sentences)
        return dict(zip(STAGES, (gate_, judged, sentences, rest, written, synced), strict=True))


def now() -> tuple[int, int]:
    """Return the processor's and the wall's clock."""
    return time.process_time_ns(), time.perf_counter_ns()


def less(later: tuple[int, int], earlier: tuple[int, int]) -> tuple[int, int]:
    """Return the time between two readings of both clocks."""
    return later[0] - earlier[0], later[1] - earlier[1]


def whole(stages: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Return the sum of all stages by both clocks."""
    return sum(one for one, _ in stages.values()), sum(one for _, one in stages.values())


def timed(clock: dict[str, tuple[int, int]]) -> Any:
    """Return the ledger machine with a clock around decide and each delta invariant."""

    def around(stage: str, call: Any, *arguments: Any) -> Any:
        start = now()
        answer = call(*arguments)
        taken, so_far = less(now(), start), clock.get(stage, (0, 0))
        clock[stage] = (taken[0] + so_far[0], taken[1] + so_far[1])
        return answer

    sentences = tuple(
        [replace(one, holds=partial(around, "sentences", one.holds)) for one in MACHINE.invariants]
    )
    return replace(MACHINE, decide=partial(around, "judge", MACHINE.decide), invariants=sentences)


def must_all_be_yes(receipt: Receipt) -> None:
    """End the benchmark when anything was refused: only accepted transactions are counted."""
    if any(receipt.answers) or any(any(codes) for _, _, codes in receipt.results):
        sys.exit("a transaction of the benchmark was refused")


def rss() -> int:
    """Return the resident bytes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def measure(spec: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Return what a run of packets cost."""
    ledger = Ledger(directory, spec["accounts"], spec.get("unit", 1))
    if spec.get("loaded"):
        ledger.load_accounts()
    else:
        ledger.open_accounts()
    made = [ledger.transfers(spec["rows"]) for _ in range(spec["packets"])]
    gc.collect()
    gc.freeze()
    taken = [ledger.take(data) for data in made]
    return {
        "compiled": not str(rows.__file__).endswith(".py"),
        "load": os.getloadavg()[0],
        "packets": [whole(stages) for stages in taken],
        "stages": {name: [stages[name] for stages in taken] for name in STAGES},
        "bytes": len(made[0]),
        "account_bytes": getattr(ledger, "account_bytes", 0),
        "root": ledger.world.root.hex(),
    }


def grow(spec: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Return how long a growing ledger took to each mark, then each way of starting it again."""
    ledger = Ledger(directory, spec["accounts"])
    ledger.open_accounts()
    curve: list[tuple[int, int]] = []
    done = spent = 0
    clock = time.process_time_ns
    snapshot = b""
    total, tail = spec["total"], spec["tail"]
    while done < total:
        data = ledger.transfers(spec["rows"])
        spent += whole(ledger.take(data))[0]
        done += spec["rows"]
        if done in spec["marks"] or done == total:
            curve.append((done, spent))
        if done == total - tail:
            snapshot = b"".join(ledger.world.snapshot())
    ledger.writer.close()
    root = ledger.world.root
    del ledger  # what is measured next has the memory for itself
    gc.collect()
    start = clock()
    frames = log.read(directory).frames
    read = clock() - start
    start = clock()
    kept = len(frames) - tail // spec["rows"]
    world = restore_world(QFS.machines, snapshot)
    restored = clock() - start
    start = clock()
    for frame in frames[kept:]:
        admitted = gate.admit_trusted(frame.body, world)
        world, _ = apply(QFS.machines, QFS.reactions, world, admitted)  # type: ignore[arg-type]
    tail_taken = clock() - start
    reached = [root, world.root]
    snapshot_bytes = len(snapshot)
    del world, snapshot, frame, admitted
    derived: dict[str, int] = {}
    for name, verifier in (("trusted", None), ("replay", providers.verifier())):
        start = clock()
        reached.append(last_of(derive(frames, verifier=verifier)).world.root)
        derived[name] = clock() - start
        gc.collect()
    if len(dict.fromkeys(reached)) != 1:
        sys.exit("the starts differ")
    return {
        "compiled": not str(rows.__file__).endswith(".py"),
        "curve": curve,
        "log_bytes": sum(path.stat().st_size for path in (directory / "log").iterdir()),
        "snapshot_bytes": snapshot_bytes,
        "read": read,
        "restore": restored,
        "tail": tail_taken,
        **derived,
        "memory": rss(),
    }


def main() -> None:
    """Do what the first argument asks and print the answer."""
    spec = json.loads(sys.argv[1])
    with TemporaryDirectory(dir=spec.get("directory") or None) as name:
        do = grow if "total" in spec else measure
        print(json.dumps(do(spec, Path(name) / "ledger")))
    sys.stdout.flush()
    os._exit(0)  # millions of objects need no farewell


if __name__ == "__main__":
    main()
