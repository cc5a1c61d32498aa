"""`qfs keys`, `qfs packet` and `qfs doctor` as processes: files, pipes, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qfs.packet import decode
from tests.cli.processes import Call, run_all
from tests.shell.libcrypto import newer

QFS = (sys.executable, "-m", "qfs_cli.main")
DRAFT = {
    "ledger": "00" * 32,
    "seq": 1,
    "time_us": 5,
    "seed": "11" * 32,
    "previous": "22" * 32,
    "kind": "transactions",
    "payload": [[["ledger", [1, 1, {"bytes": "00ff"}]]]],
}


def qfs(
    *words: str | Path, stdin: bytes = b"", code: int = 0
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [*QFS, *map(str, words)],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def report(*words: str | Path, **options: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(qfs(*words, "--format", "json", **options).stdout)
    return document


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two keys in the clear, a draft, and its envelope signed by the first."""
    path = tmp_path_factory.mktemp("trust")
    qfs("keys", "new", "ada", "--dir", path, "--unencrypted")
    qfs("keys", "new", "bob", "--dir", path, "--unencrypted", "--profile", "ML-DSA-44")
    (path / "draft.json").write_text(json.dumps(DRAFT))
    qfs("packet", "sign", path / "draft.json", "--key", path / "ada.pem", "-o", path / "p.qfs")
    return path


def test_an_encrypted_key_is_an_age_file_and_signs(tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse\n")
    passphrase.chmod(0o600)
    made = report("keys", "new", "eve", "--dir", tmp_path, "--passphrase-file", passphrase)
    assert made["schema"] == "qfs.keys/1"
    (row,) = made["keys"]
    assert (row["name"], row["profile"], row["private"]) == ("eve", "ML-DSA-87", "encrypted")
    assert (tmp_path / "eve.pem.age").read_bytes().startswith(b"age-encryption.org/v1\n-> scrypt ")
    key = ("--key", tmp_path / "eve.pem.age", "--passphrase-file", passphrase)
    signed = qfs("packet", "sign", "-", *key, stdin=json.dumps(DRAFT).encode()).stdout
    verified = report("packet", "verify", "-", "--key", tmp_path / "eve.pub.pem", stdin=signed)
    assert (verified["verified"], verified["key"]) == (True, row["key_id"])


def test_keys_are_listed_and_exported(folder: Path) -> None:
    listed = report("keys", "list", folder)["keys"]
    assert [(row["name"], row["profile"], row["private"]) for row in listed] == [
        ("ada", "ML-DSA-87", "plain"),
        ("bob", "ML-DSA-44", "plain"),
    ]
    for name in ("ada.pub.pem", "ada.pem"):
        spki = qfs("keys", "export", folder / name).stdout
        assert spki == (folder / "ada.pub.pem").read_bytes()
        jwk = json.loads(qfs("keys", "export", folder / name, "--as", "jwk").stdout)
        assert (jwk["kty"], jwk["kid"]) == ("AKP", listed[0]["key_id"])
        key_id = qfs("keys", "export", folder / name, "--as", "id").stdout.decode()
        assert key_id == listed[0]["key_id"] + "\n"


def test_a_packet_goes_through_pipes(folder: Path) -> None:
    signed = qfs("packet", "sign", "-", "--key", folder / "ada.pem", stdin=draft()).stdout
    shown = report("packet", "show", "-", stdin=signed)
    assert shown["schema"] == "qfs.packet/1"
    assert {name: shown[name] for name in DRAFT} == DRAFT
    assert (shown["verified"], shown["signature_bytes"]) == (None, 4627)
    # Another signature on the same draft is the same packet.
    assert report("packet", "show", folder / "p.qfs")["id"] == shown["id"]
    for provider in ("cryptography", "pqcrypto", "paranoid"):
        words = ("packet", "verify", "-", "--key", folder / "ada.pub.pem", "--provider", provider)
        assert report(*words, stdin=signed)["verified"] is True


def draft(**changes: Any) -> bytes:
    return json.dumps(DRAFT | changes).encode()


def test_a_body_is_signed_as_it_is(folder: Path) -> None:
    body = decode((folder / "p.qfs").read_bytes()).body
    signed = qfs("packet", "sign", "-", "--key", folder / "ada.pem", stdin=body).stdout
    assert decode(signed).body == body
    wrong = qfs("packet", "sign", "-", "--key", folder / "bob.pem", stdin=body, code=2)
    assert b"the body is for the key" in wrong.stderr


def test_deterministic_signatures_are_the_same_bytes(folder: Path) -> None:
    words = ("packet", "sign", "-", "--key", folder / "bob.pem", "--deterministic")
    assert qfs(*words, stdin=draft()).stdout == qfs(*words, stdin=draft()).stdout


def test_a_changed_signature_is_a_no(folder: Path) -> None:
    data = bytearray((folder / "p.qfs").read_bytes())
    data[-1] ^= 1
    words = ("packet", "verify", "-", "--key", folder / "ada.pub.pem")
    assert report(*words, stdin=bytes(data), code=1)["verified"] is False
    assert b"NOT GOOD" in qfs(*words, stdin=bytes(data), code=1).stdout


def test_a_packet_is_cosigned_and_each_signature_verified(folder: Path, tmp_path: Path) -> None:
    cosigned, body = tmp_path / "cosigned", decode((folder / "p.qfs").read_bytes()).body
    words = ("packet", "cosign", folder / "p.qfs", "--key", folder / "bob.pem")
    assert b"1 cosigners" in qfs(*words, "-o", cosigned).stderr
    assert decode(cosigned.read_bytes()).body == body
    for name in ("ada", "bob"):
        key = ("--key", folder / f"{name}.pub.pem")
        assert report("packet", "verify", cosigned, *key)["verified"] is True
    data = bytearray(cosigned.read_bytes())
    data[-1] ^= 1  # the last byte is the cosigner's
    for name, code in (("ada", 0), ("bob", 1)):
        key = ("--key", folder / f"{name}.pub.pem")
        found = report("packet", "verify", "-", *key, stdin=bytes(data), code=code)
        assert found["verified"] is (code == 0)
    twice = qfs("packet", "cosign", cosigned, "--key", folder / "bob.pem", code=2)
    assert b"has signed it" in twice.stderr


def test_a_batch_is_signed_once_and_each_packet_travels_alone(folder: Path, tmp_path: Path) -> None:
    key = ("--key", folder / "ada.pem", "--output", tmp_path / "batch")
    qfs("packet", "batch", *[folder / "draft.json"] * 3, *key, "--chain")
    files = sorted((tmp_path / "batch").iterdir())
    packets = [decode(path.read_bytes()) for path in files]
    assert len({one.signature for one in packets}) == 1
    assert [one.packet.seq for one in packets] == [1, 2, 3]
    assert [one.packet.previous for one in packets[1:]] == [one.id for one in packets[:2]]
    public = ("--key", folder / "ada.pub.pem")
    for number, path in enumerate(files):
        found = report("packet", "verify", path, *public, "--provider", "paranoid")
        assert (found["verified"], found["batch"]) == (True, [number, 3])
    data = bytearray(files[1].read_bytes())
    data[-1] ^= 1  # the path leads to another root
    assert report("packet", "verify", "-", *public, stdin=bytes(data), code=1)["verified"] is False
    alone = qfs("packet", "cosign", files[0], "--key", folder / "bob.pem", code=2)
    assert b"batch" in alone.stderr


MISTAKES: dict[str, tuple[list[str], str]] = {
    "a key without a word on encryption": (["keys", "new", "x"], "--unencrypted"),
    "a key with a path for a name": (["keys", "new", "../x", "--unencrypted"], "no name"),
    "a key that is there": (["keys", "new", "ada", "--unencrypted"], "exists"),
    "a key into no folder": (["keys", "new", "x", "--unencrypted", "--dir", "no"], "no directory"),
    "an unknown algorithm": (["keys", "new", "x", "--unencrypted", "--profile", "RSA"], "RSA"),
    "a list of no folder": (["keys", "list", "draft.json"], "no directory"),
    "an export of a draft": (["keys", "export", "draft.json"], "draft.json"),
    "a signature with a public key": (
        ["packet", "sign", "draft.json", "--key", "ada.pub.pem"],
        "ada.pub.pem",
    ),
    "a signature of a picture": (["packet", "sign", "noise", "--key", "ada.pem"], "noise"),
    "a signature over another file": (
        ["packet", "sign", "draft.json", "--key", "ada.pem", "-o", "draft.json"],
        "exists",
    ),
    "a passphrase file that others read": (
        ["packet", "sign", "draft.json", "--key", "ada.pem", "--passphrase-file", "draft.json"],
        "chmod 600",
    ),
    "a batch into a folder that is there": (
        ["packet", "batch", "draft.json", "--key", "ada.pem", "-o", "."],
        "no new folder",
    ),
    "an import of a draft": (["keys", "import", "draft.json", "x", "--unencrypted"], "draft.json"),
    "an import without a word on encryption": (
        ["keys", "import", "ada.pem", "x"],
        "--unencrypted",
    ),
    "a packet that is a draft": (["packet", "show", "draft.json"], "draft.json"),
    "a packet that is missing": (["packet", "show", "no.qfs"], "no.qfs"),
    "another key's packet": (
        ["packet", "verify", "p.qfs", "--key", "bob.pub.pem"],
        "names the key",
    ),
    "an unknown provider": (
        ["packet", "verify", "p.qfs", "--key", "ada.pub.pem", "--provider", "x"],
        "no provider is called 'x'",
    ),
}


def test_a_mistake_gets_one_error_and_changes_nothing(folder: Path) -> None:
    (folder / "noise").write_bytes(bytes(range(256)))
    (folder / "draft.json").chmod(0o644)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    calls = [Call(tuple(words), str(folder)) for words, _ in MISTAKES.values()]
    for outcome, (name, (_, said)) in zip(run_all(calls), MISTAKES.items(), strict=True):
        assert outcome.code == 2, name
        assert said in outcome.stderr, name
        assert "Traceback" not in outcome.stderr, name
        assert outcome.stdout == "", name
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def doctor(code: int = 0, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [*QFS, "doctor", "--format", "json"],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == code, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_doctor_says_what_works() -> None:
    found = doctor(QFS_LIBCRYPTO=str(newer()))
    assert found["schema"] == "qfs.doctor/1"
    assert [(row["name"], row["status"]) for row in found["providers"]] == [
        ("cryptography", "works"),
        ("pqcrypto", "works"),
        ("fast-mldsa", "works"),
        ("openssl", "works"),
    ]
    checks = [check for row in found["providers"] for check in row["checks"]]
    assert len(checks) == 57
    assert all(check["passed"] for check in checks)
    assert b"cryptography  works" in qfs("doctor").stdout


def test_the_doctor_says_plainly_what_is_not_there() -> None:
    rows = {row["name"]: row for row in doctor(QFS_LIBCRYPTO="/nowhere")["providers"]}
    row = rows["openssl"]
    assert (row["status"], row["version"], row["needed"]) == ("NOT AVAILABLE", "", False)
    assert {check["passed"] for check in row["checks"]} == {False}
    assert {rows[name]["status"] for name in ("cryptography", "pqcrypto")} == {"works"}


def test_the_doctor_exits_2_when_a_library_is_missing(tmp_path: Path) -> None:
    # A folder before the others on the path, in which pqcrypto cannot be imported.
    (tmp_path / "pqcrypto.py").write_text("raise ImportError('not here')\n")
    path = f"{tmp_path}:{Path(__file__).parents[2]}"
    rows = {row["name"]: row for row in doctor(2, PYTHONPATH=path)["providers"]}
    assert rows["cryptography"]["status"] == "works"
    assert (rows["pqcrypto"]["status"], rows["pqcrypto"]["needed"]) == ("fails", True)
    assert "not here" in rows["pqcrypto"]["checks"][0]["detail"]
