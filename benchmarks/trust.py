"""Trust: verifying packets against the bare provider, batches, two threads, the audit trail."""

import os
import sqlite3
import statistics
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import mldsa

from benchmarks import go_tlog
from benchmarks.common import Report, Table, measure, nanoseconds, ratio
from qfs import gate, keys, packet
from qfs.canon import Digest
from qfs.crypto import (
    Profile,
    Verifier,
    inclusion_path,
    key_id,
    leaf_hash,
    reader_of,
    root_of,
    verify_inclusion,
)
from qfs.kernel import Genesis, Order, Transactions, World, found
from qfs.shell import providers
from qfs.trail import Fact, Kind, Trail, read

PROFILE = Profile.ML_DSA_87
SEED = b"benchmark".ljust(32)
BATCH = 64
ENTRIES = 2_000
LEAVES = 1_000_000
PAYLOAD = Transactions(((Order("ledger", [3, 1, bytes(230)]),),))


class Scene:
    """A ledger with one key, its next packet, and a batch of its next 64."""

    def __init__(self) -> None:
        self.signer = providers.signer(PROFILE, SEED)
        enrol = keys.Enrol(PROFILE, self.signer.public_key, (keys.Role.ROOT,))
        order = Order("keys", keys.COMMANDS.pack(enrol))
        machines = {("keys", 1): keys.MACHINE}
        self.world: World = found(machines, Genesis("bench", (("keys", 1),), (order,)))
        bodies: list[bytes] = []
        for number in range(BATCH):
            draft = packet.draft(
                ledger=self.world.ledger,
                seq=number + 1,
                time_us=1,
                seed=bytes(32),
                previous=packet.packet_id(bodies[-1]) if bodies else self.world.head,
                key=key_id(PROFILE, self.signer.public_key),
                action=PAYLOAD,
            )
            bodies.append(draft.to_bytes())
        self.message = packet.signing_message(bodies[0])
        self.signature = self.signer.sign(self.message, packet.CONTEXT)
        self.envelope = packet.encode(bodies[0], self.signature)
        signed, places = packet.batch(bodies)
        made = self.signer.sign(signed, packet.BATCH_CONTEXT)
        self.batch = [
            packet.encode_batched(body, made, place)
            for body, place in zip(bodies, places, strict=True)
        ]


def _verified(scene: Scene, verifier: Verifier) -> None:
    signed = packet.decode(scene.envelope)
    key = scene.signer.public_key
    if not verifier.verify(PROFILE, key, signed.id, signed.signature, packet.CONTEXT):
        raise SystemExit("the packet is not verified")


def admission(scene: Scene) -> Table:
    """Compare admission with the bare library, one packet at a time and in a batch."""
    verifier = providers.verifier()
    bare = mldsa.MLDSA87PublicKey.from_public_bytes(scene.signer.public_key)
    worlds = [
        _at(scene.world, number, packet.decode(data).packet.previous)
        for number, data in enumerate(scene.batch)
    ]

    def batched() -> None:
        remembering = providers.Remembering(verifier)
        for world, data in zip(worlds, scene.batch, strict=True):
            _admit(data, world, remembering)

    sixth = packet.decode(scene.batch[5])
    place, identity = sixth.place, sixth.id
    if place is None:
        raise SystemExit("no place in the batch")
    one = measure(
        {
            "bare": lambda: bare.verify(scene.signature, scene.message, packet.CONTEXT),
            "port": lambda: verifier.verify(
                PROFILE,
                scene.signer.public_key,
                scene.message,
                scene.signature,
                packet.CONTEXT,
            ),
            "packet": lambda: _verified(scene, verifier),
            "gate": lambda: _admit(scene.envelope, scene.world, verifier),
            "trusted": lambda: gate.admit_trusted(scene.envelope, scene.world),
            "decode": lambda: packet.decode(scene.envelope),
            "decode batched": lambda: packet.decode(scene.batch[5]),
            "path": lambda: place.message(identity),
        },
        repeats=101,
    )
    bodies = [packet.decode(data).body for data in scene.batch]
    many = measure(
        {"alone": batched, "whole": lambda: _whole(scene, verifier, bodies, sixth.signature)},
        operations=BATCH,
        repeats=31,
    )
    note = "A rate is relative to the bare library's in the same run; 256-byte payload, ML-DSA-87."
    return Table("Admission", ["", "a packet", "rate", "goal"], _rows(one, many), note)


def _whole(scene: Scene, verifier: Verifier, bodies: list[bytes], signature: bytes) -> None:
    for body in bodies:
        packet.decode_body(body)
    message = packet.whole_batch_message(bodies)
    key = scene.signer.public_key
    if not verifier.verify(PROFILE, key, message, signature, packet.BATCH_CONTEXT):
        raise SystemExit("the batch is not verified")


def _rows(one: dict[str, float], many: dict[str, float]) -> list[list[str]]:
    """Return the rows of the table of admissions."""
    bare = one["bare"]

    def rated(what: str, took: float, goal: str) -> list[str]:
        return [what, nanoseconds(took), ratio(bare, took), goal]

    def told(what: str, name: str, rate: str = "", goal: str = "") -> list[str]:
        return [what, nanoseconds(one[name]), rate, goal]

    share = f"{100 * one['decode'] / bare:.2g} % of a verification"
    return [
        rated("`cryptography` alone, key parsed once", bare, ""),
        rated("through the port", one["port"], ""),
        rated("a packet: decoded, identified, its signature verified", one["packet"], ">= 0.95"),
        rated("through the gate: 19 checks, payload decoded too", one["gate"], ">= 0.95"),
        rated(f"a batch of {BATCH} that travels whole: decoded, verified", many["whole"], ">= 20"),
        rated(f"one of a batch of {BATCH} that travels alone, through the gate", many["alone"], ""),
        told("the gate, signatures trusted", "trusted"),
        told("envelope and body decoded, canonical form checked", "decode", share, "<= 5 %"),
        told("the same for one of a batch, six digests in it", "decode batched"),
        told("from a packet's place to what the batch signs", "path"),
    ]


COUNT = 400


def verify_many(name: str, times: int) -> None:
    """Verify one signature again and again."""
    verifier, asked = _asked(name)
    for _ in range(times):
        verifier.verify(*asked)


@cache
def _asked(name: str) -> tuple[Any, tuple[Any, ...]]:
    signer = providers.signer(PROFILE, SEED)
    signature = signer.sign(bytes(32), packet.CONTEXT)
    asked = (PROFILE, signer.public_key, bytes(32), signature, packet.CONTEXT)
    return providers.verifier(name), asked


def two_cores() -> Table:
    """Compare one thread with two threads and two processes, by the clock on the wall."""
    rows = []
    names = (providers.DEFAULT, providers.SECOND, "fast-mldsa")
    half = COUNT // 2
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
        for name in names:
            for pool in (threads, processes):
                list(pool.map(verify_many, [name] * 4, [20] * 4))  # everything imported, keys made

            def over(pool: Executor, name: str = name) -> None:
                list(pool.map(verify_many, [name, name], [half, half]))

            one_ns, threads_ns, processes_ns = _wall(
                {
                    "one": partial(verify_many, name, COUNT),
                    "threads": lambda: over(threads),
                    "processes": lambda: over(processes),
                }
            )
            rows.append(
                [
                    name,
                    f"{COUNT / one_ns * 1e9:.0f}/s",
                    f"{ratio(one_ns, threads_ns)}",
                    f"{ratio(one_ns, processes_ns)}",
                ]
            )
    note = (
        "By the clock on the wall; goal for the default: >= 1.8. Only cryptography lets go of the "
        f"interpreter's lock. Load average at the end: {os.getloadavg()[0]:.1f} on "
        f"{os.cpu_count()} processors; above one a processor the ratios say nothing."
    )
    header = ["provider", "one thread", "two threads", "two processes"]
    return Table("Two cores", header, rows, note)


def signing(scene: Scene) -> Table:
    """Compare the signers."""
    fixed = providers.deterministic_signer(PROFILE, SEED)
    took = measure(
        {
            "hedged": lambda: scene.signer.sign(scene.message, packet.CONTEXT),
            "deterministic": lambda: fixed.sign(scene.message, packet.CONTEXT),
        },
        repeats=101,
    )
    rows = [
        ["`cryptography`, hedged", nanoseconds(took["hedged"])],
        [
            "`fast-mldsa`, deterministic, verified by `cryptography`",
            nanoseconds(took["deterministic"]),
        ],
    ]
    return Table("Signing", ["", "a signature"], rows)


def trail() -> Table:
    """Measure the audit trail: appends against SQLite, proofs at a million entries."""
    fact = Fact(
        Kind.ORDER, 1, Digest(bytes(32)), 1, key_id(PROFILE, bytes(2592)), "keys", "", bytes(300)
    )
    made = Trail.of(Digest(bytes(32)))
    entries: list[bytes] = []
    for _ in range(ENTRIES):
        made, entry = made.append(fact)
        entries.append(entry.to_bytes())

    def append() -> None:
        growing = Trail.of(Digest(bytes(32)))
        for _ in range(ENTRIES):
            growing, _ = growing.append(fact)

    def insert() -> None:
        with sqlite3.connect(":memory:") as database:
            database.execute("create table trail (seq integer primary key, entry blob, hash blob)")
            for number, data in enumerate(entries):
                row = (number, data, sha256(data).digest())
                database.execute("insert into trail values (?, ?, ?)", row)

    took = measure(
        {
            "append": append,
            "sqlite": insert,
            "read": lambda: read(Digest(bytes(32)), entries),
        },
        operations=ENTRIES,
    )
    rows = [
        [
            "append an entry: chain, leaf, tree",
            nanoseconds(took["append"]),
            ratio(took["append"], took["sqlite"]),
        ],
        ["SQLite: insert an entry with its SHA-256, in memory", nanoseconds(took["sqlite"]), "1"],
        [
            "read back and verify an entry",
            nanoseconds(took["read"]),
            ratio(took["read"], took["sqlite"]),
        ],
    ]
    rows += trees()
    note = (
        "Go's figures are sumdb/tlog's, compiled, by the wall clock, in memory, in the same run. "
        "Tessera is not measured: its modules are not in the locked toolchain."
    )
    header = ["", "each", "against SQLite", "Go"]
    return Table("Audit trail", header, [[*row, ""][:4] for row in rows], note)


def trees() -> list[list[str]]:
    """Compare the trees of a million leaves with Go's."""
    built, proofs = at_a_million()
    foreign = {name: nanoseconds(value) for name, value in go_tlog.rates().items()}
    rows: list[tuple[str, float, str]] = [
        ("a leaf and its nodes, over 1,000,000", built / LEAVES, "append"),
        ("make a proof at 1,000,000", proofs["prove"], "prove"),
        ("check a proof at 1,000,000", proofs["check"], "check"),
    ]
    return [
        [what, nanoseconds(ours), "", foreign.get(go, "not measured")] for what, ours, go in rows
    ]


def at_a_million() -> tuple[float, dict[str, float]]:
    """Measure making every node over a million leaves, then one proof and its check."""
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(LEAVES)]
    start = time.thread_time_ns()
    node = reader_of(leaves)
    built = time.thread_time_ns() - start
    root = root_of(leaves)
    path = inclusion_path(123_456, LEAVES, node)
    proofs = measure(
        {
            "prove": lambda: inclusion_path(123_456, LEAVES, node),
            "check": lambda: verify_inclusion(leaves[123_456], 123_456, LEAVES, path, root),
        },
        repeats=101,
    )
    return built, proofs


def _at(world: World, seq: int, head: Digest) -> World:
    """The world as the gate sees it after seq packets; only place and keys count there."""
    return replace(world, seq=seq, head=head)


def _admit(data: bytes, world: World, verifier: Any) -> None:
    admitted = gate.verify(data, world, verifier)
    if isinstance(admitted, gate.Refusal):
        raise SystemExit(f"refused: {admitted}")


def _wall(cases: dict[str, Callable[[], object]]) -> list[float]:
    samples: dict[str, list[int]] = {name: [] for name in cases}
    for _ in range(9):
        for name, call in cases.items():
            start = time.perf_counter_ns()
            call()
            samples[name].append(time.perf_counter_ns() - start)
    return [statistics.median(taken) for taken in samples.values()]


def run() -> Report:
    """Measure everything."""
    scene = Scene()
    return Report(
        "trust",
        "Signed packets and the audit trail",
        "Every figure is a median of interleaved repeats in one run; all but the threads by "
        "processor time. Read the ratios.",
        [admission(scene), two_cores(), signing(scene), trail()],
        ("cryptography", "pqcrypto", "fast-mldsa"),
    )
