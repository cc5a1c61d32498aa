"""What the keeper of a trail, or whoever hands out proofs, may try on those who only read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from qfs.app import publishing
from qfs.app.publishing import Signing
from qfs.app.trail import derive_trail, read_note, verify_trail
from qfs.canon import Digest, encode
from qfs.crypto import (
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    reader_of,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from qfs.shell import keystore
from qfs.trail import Checkpoint, Entry, Fact, Kind, Trail, read
from qfs.trail.note import Note
from qfs.trail.proof import TrailProof
from tests.app.test_halt import keys as key_files
from tests.app.test_trail import house
from tests.attacks.attack import ATTACKS, Attack, raises

LEAVES = [leaf_hash(bytes((number,))) for number in range(7)]
FAMILY = "audit trail"


def exported(folder: Path) -> tuple[Path, Path]:
    """An exported trail, and the public key that signed its checkpoint."""
    made = house(folder / "ledger")
    made.writer.close()
    signer = key_files(folder)["operator"]
    keystore.write_public(folder / "operator.pub.pem", made.operator)
    publishing.export(folder / "ledger", folder / "trail", Signing((signer,)))
    return folder / "trail", folder / "operator.pub.pem"


def changes(name: str, code: str, change: Callable[[Path], None]) -> None:
    """List a change to the files of an exported trail."""

    @raises(FAMILY, name, code)
    def _(folder: Path) -> None:
        trail, key = exported(folder)
        change(trail)
        verify_trail(trail, None, keys=(key,))


def flipped(name: str, at: int) -> Callable[[Path], None]:
    def change(trail: Path) -> None:
        path = next(trail.glob(name))
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(data)

    return change


def edited(edit: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def change(trail: Path) -> None:
        lines = (trail / "checkpoint").read_text("utf-8").split("\n")
        (trail / "checkpoint").write_text("\n".join(edit(lines)), "utf-8")

    return change


def smaller(lines: list[str]) -> list[str]:
    return [lines[0], str(int(lines[1]) - 1), *lines[2:]]


changes("one bit of an entry flipped", "CIR-302.12", flipped("tile/entries/000.p/*", 90))
changes("one bit of a hash tile flipped", "CIR-302.12", flipped("tile/0/000.p/*", 5))
changes("a tile cut off", "CIR-302.12", lambda trail: cut(trail, "tile/0/000.p/*"))
changes("the entries cut off", "CIR-302.12", lambda trail: cut(trail, "tile/entries/000.p/*"))
changes("a smaller size under the same signature", "CIR-302.12", edited(smaller))
changes(
    "another root under the same signature",
    "CIR-302.12",
    edited(lambda lines: [*lines[:2], "A" * 43 + "=", *lines[3:]]),
)
changes(
    "another ledger's name under the same signature",
    "CIR-302.12",
    edited(lambda lines: ["qfs/trail/" + "00" * 32, *lines[1:]]),
)
changes("a checkpoint without a signature", "QFS-INPUT", edited(lambda lines: lines[:4]))
changes("a size with a leading zero", "QFS-INPUT", edited(lambda ls: [ls[0], "0" + ls[1], *ls[2:]]))
changes("a checkpoint with a fourth line", "QFS-INPUT", edited(lambda ls: [*ls[:3], "x", *ls[3:]]))
changes("seventeen signatures", "QFS-INPUT", edited(lambda ls: [*ls[:4], *ls[4:5] * 17, *ls[5:]]))
changes("a trail without its tiles", "QFS-INPUT", lambda trail: drop(trail, "tile/0/000.p/*"))


def cut(trail: Path, name: str) -> None:
    path = next(trail.glob(name))
    path.write_bytes(path.read_bytes()[:-1])


def drop(trail: Path, name: str) -> None:
    next(trail.glob(name)).unlink()


@raises(FAMILY, "a checkpoint signed by a key that nobody trusts", "CIR-302.12")
def _(folder: Path) -> None:
    trail, _ = exported(folder)
    stranger = keystore.PrivateKey(keystore.Profile.ML_DSA_87, b"s" * 32)
    keystore.write_public(folder / "stranger.pub.pem", stranger.public)
    verify_trail(trail, None, keys=(folder / "stranger.pub.pem",))


def against(name: str, lie: Callable[[Checkpoint], Checkpoint]) -> None:
    """List a checkpoint that somebody has kept, and a ledger whose trail does not lead to it."""

    @raises(FAMILY, name, "CIR-302.12")
    def _(folder: Path) -> None:
        house(folder / "ledger").writer.close()
        point = derive_trail(folder / "ledger").trail.checkpoint()
        (folder / "kept").write_text(lie(point).to_text())
        verify_trail(folder / "ledger", folder / "kept")


against("a trail rolled back below a kept checkpoint", lambda one: replace(one, size=one.size + 1))
against("a split view: two roots of one size", lambda one: replace(one, root=Digest(bytes(32))))
against("another past below the same root", lambda one: replace(one, size=one.size - 1))
against("the trail of another ledger", lambda one: replace(one, origin="qfs/trail/" + "11" * 32))


def proves(name: str, lie: Callable[[TrailProof], TrailProof]) -> None:
    """List a proof of an entry that must not hold: exit code 1."""

    def run(folder: Path) -> str:
        made = house(folder / "ledger")
        made.writer.close()
        signer = key_files(folder)["operator"]
        keystore.write_public(folder / "operator.pub.pem", made.operator)
        publishing.prove(folder / "ledger", 2, folder / "proof", Signing((signer,)))
        proof = TrailProof.from_text((folder / "proof").read_text("utf-8"))
        (folder / "lie").write_text(lie(proof).to_text(), "utf-8")
        return str(
            publishing.verify_proof(folder / "lie", (folder / "operator.pub.pem",)).exit_code
        )

    ATTACKS.append(Attack(FAMILY, name, "1", run))


def with_root(proof: TrailProof, root: Digest) -> TrailProof:
    point = replace(proof.note.checkpoint, root=root)
    return replace(proof, note=Note(point, proof.note.lines))


def other_answer(proof: TrailProof) -> TrailProof:
    entry = Entry.from_bytes(proof.entry)
    return replace(proof, entry=replace(entry, answer="LACKS_AUTHORITY").to_bytes())


proves("a proof of an entry with another answer", other_answer)
proves("a proof at another place", lambda one: replace(one, index=one.index + 1))
proves("a proof one digest short", lambda one: replace(one, path=one.path[:-1]))
proves("a proof one digest long", lambda one: replace(one, path=(*one.path, one.path[0])))
proves("a proof whose path is reversed", lambda one: replace(one, path=one.path[::-1]))
proves(
    "a proof with a root of its own, which nobody signed",
    lambda one: with_root(
        replace(one, index=0, path=()),
        leaf_hash(one.entry),
    ),
)


@raises(FAMILY, "a consistency proof between two histories", "QFS-PROOF")
def _(_: Path) -> None:
    other = [leaf_hash(b"other"), *LEAVES[1:]]
    path = consistency_path(4, 7, reader_of(LEAVES))
    verify_consistency(4, 7, path, root_of(other[:4]), root_of(LEAVES))


@raises(FAMILY, "a consistency proof that leaves a digest out", "QFS-PROOF")
def _(_: Path) -> None:
    path = consistency_path(3, 7, reader_of(LEAVES))
    verify_consistency(3, 7, path[:-1], root_of(LEAVES[:3]), root_of(LEAVES))


@raises(FAMILY, "the last leaf of an odd tree once more (CVE-2012-2459)", "QFS-PROOF")
def _(_: Path) -> None:
    path = inclusion_path(6, 8, reader_of([*LEAVES, LEAVES[6]]))
    verify_inclusion(LEAVES[6], 7, 8, path, root_of(LEAVES))


@raises(FAMILY, "an inner node shown as a leaf", "QFS-PROOF")
def _(_: Path) -> None:
    inner = leaf_hash(LEAVES[0] + LEAVES[1])
    assert inner != node_hash(LEAVES[0], LEAVES[1])
    verify_inclusion(inner, 0, 1, (), root_of(LEAVES[:2]))


@raises(FAMILY, "a leaf beyond the tree", "QFS-PROOF")
def _(_: Path) -> None:
    verify_inclusion(LEAVES[0], 7, 7, inclusion_path(0, 7, reader_of(LEAVES)), root_of(LEAVES))


@raises(FAMILY, "a checkpoint in the ledger that is judged falsely", "QFS-PROOF")
def _(_: Path) -> None:
    ledger = Digest(b"l" * 32)
    record = encode([2, 1, b"d" * 32, 0, b"r" * 32])
    fact = Fact(Kind.CHECKPOINT, 1, ledger, 1, ledger, "notary", "", record)  # type: ignore[arg-type]
    _, entry = Trail.of(ledger).append(fact)
    assert entry.answer == "NOT_THIS_TRAIL"
    read(ledger, [replace(entry, answer="").to_bytes()])


@raises(FAMILY, "an entry taken out of the middle", "QFS-PROOF")
def _(folder: Path) -> None:
    house(folder / "ledger").writer.close()
    found = derive_trail(folder / "ledger")
    data = [entry.to_bytes() for entry in found.entries]
    read(found.trail.ledger, [data[0], *data[2:]])


@raises(FAMILY, "a signed note with Windows line ends", "QFS-INPUT")
def _(folder: Path) -> None:
    trail, _ = exported(folder)
    data = (trail / "checkpoint").read_bytes()
    (folder / "note").write_bytes(data.replace(b"\n", b"\r\n"))
    read_note(folder / "note")
