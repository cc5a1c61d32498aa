"""Write the seeds, once: small sound inputs from which the fuzzer starts. Never called by tests.

python -m tests.fuzz.make_seeds
"""

from hashlib import sha256
from pathlib import Path

from qfs import packet
from qfs.app.ledger import founding
from qfs.app.machines import MACHINES, REACTIONS
from qfs.canon import Digest, encode
from qfs.crypto import KeyId, Profile
from qfs.halt import Code, Halt
from qfs.kernel import Order, Resume, Tick, Transactions, Upgrade, found
from qfs.kernel.proofs import prove, prove_packet
from qfs.keys import Role
from qfs.ledger.proofs import prove_account
from qfs.repro.statements import Statement, Subject
from qfs.shell import keystore, notes, providers
from qfs.shell.keystore import PrivateKey
from qfs.trail import Entry, Fact, Kind, Trail, tiles
from qfs.trail.note import Note
from qfs.trail.proof import TrailProof

HERE = Path(__file__).parent / "seeds"
LEDGER, KEY = Digest(b"L" * 32), KeyId(b"K" * 32)
SEED = sha256(b"fuzz").digest()


def bodies() -> list[bytes]:
    actions = (
        Tick(),
        Resume(LEDGER),
        Upgrade("keys", 2, 99),
        Transactions(((Order("ledger", [3, 1, 5, None, [True]]),), (Order("keys", [1, 1]),))),
    )
    return [
        packet.draft(
            ledger=LEDGER, seq=1, time_us=1, seed=SEED, previous=LEDGER, key=KEY, action=action
        ).to_bytes()
        for action in actions
    ]


def trail() -> tuple[Trail, list[Entry]]:
    made, entries = Trail.of(LEDGER), []
    for number, kind in enumerate([Kind.ORDER, Kind.HALT, Kind.RESUME]):
        fact = Fact(kind, number, LEDGER, 5, KEY, "keys", "", encode([number]))
        made, one = made.append(fact)
        entries.append(one)
    return made, entries


def seeds() -> dict[str, bytes]:
    small = PrivateKey(Profile.ML_DSA_44, SEED)
    made, entries = trail()
    note: Note = notes.sign(made.checkpoint(), [notes.MLDSASigner(small.signer())], 7)
    path = (entries[1].hash(), entries[2].hash())
    one, two = bodies()[:2]
    _, places = packet.batch([one, two])
    cosigned = (packet.Cosignature(KEY, b"co"), packet.Cosignature(KeyId(b"Z" * 32), b"co"))
    large = PrivateKey(Profile.ML_DSA_87, SEED)
    genesis = founding("fuzz", [(large.public, Role.ROOT), (small.public, Role.OPERATOR)])
    world = found(MACHINES, genesis, REACTIONS)
    statement = Statement((Subject("s", (("sha256", "00" * 32),)),), "urn:x", {"a": [1, None]})
    written: dict[str, bytes] = {
        **{f"envelope/{n}": packet.encode(body, b"s" * 9) for n, body in enumerate(bodies())},
        "envelope/cosigned": packet.encode(one, b"s", cosigned),
        "envelope/batched": packet.encode_batched(one, b"s", places[0]),
        "cbor/numbers": encode([0, 23, 24, 256, 1 << 32, -1, 1 << 64, -(1 << 90)]),
        "cbor/others": encode([None, True, "text", b"bytes", [[[]]]]),
        "checkpoint/bare": made.checkpoint().to_text().encode(),
        "checkpoint/signed": note.to_text().encode(),
        "entry/one": entries[0].to_bytes(),
        "entry/bundle": next(iter(tiles.files([e.to_bytes() for e in entries[:2]])))[1],
        "proof/trail": TrailProof(entries[0].to_bytes(), 0, path, note).to_text().encode(),
        "state_proof/row": prove(world, "keys", "keys", large.public.id).to_bytes(),
        "state_proof/no-row": prove(world, "keys", "keys", KEY).to_bytes(),
        "state_proof/no-packet": prove_packet(world, [], 9).to_bytes(),
        "state_proof/account": prove_account(world, 1).to_bytes(),
        "records/genesis": genesis.to_bytes(),
        "records/halt": Halt(Code.ROOT_MISMATCH, seq=3).record(3, LEDGER, LEDGER).to_bytes(),
        "statement/plain": statement.to_bytes(),
    }
    folder = HERE / "pem"
    folder.mkdir(parents=True, exist_ok=True)
    keystore.write_private(folder / "private", small, None)
    keystore.write_public(folder / "public", small.public)
    return written


if __name__ == "__main__":
    providers.verifier()
    for name, data in seeds().items():
        (HERE / name).parent.mkdir(parents=True, exist_ok=True)
        (HERE / name).write_bytes(data)
