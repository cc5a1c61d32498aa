"""Certificates: signed only over a clean audit, and good only for the tree they were made from."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from qfs.app.certify import CertifyReport, CertifyRequest, certify, state, verify
from qfs.crypto import Profile
from qfs.errors import InputError, ProofError, UsageError
from qfs.repro.statements import Statement, Subject, sealed
from qfs.shell.keystore import PrivateKey, write_private, write_public
from tests.app.trees import DIRTY, small


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Write a key pair; returns the path of the private key, beside the public one."""
    made = PrivateKey.generate(Profile.ML_DSA_87)
    write_private(tmp_path / "key.pem", made, None)
    write_public(tmp_path / "key.pub.pem", made.public)
    return tmp_path / "key.pem"


def certified(root: Path, key: Path) -> Path:
    """Certify a tree; returns the path of the certificate, outside the tree."""
    path = key.with_name("certificate.json")
    certify(CertifyRequest(root, key=key, output=path))
    return path


def checked(root: Path, key: Path, certificate: Path) -> CertifyReport:
    """Check a certificate of a tree."""
    return verify(root, certificate, key.with_name("key.pub.pem"))


def test_a_clean_tree_is_certified_and_its_certificate_checked(tmp_path: Path, key: Path) -> None:
    root = small(tmp_path / "tree")
    report = checked(root, key, certified(root, key))
    assert report.clean
    assert report.differences == ()


def test_a_tree_with_findings_gets_no_certificate(tmp_path: Path, key: Path) -> None:
    root = small(tmp_path / "tree", DIRTY)
    report = certify(CertifyRequest(root, key=key, output=tmp_path / "certificate.json"))
    assert not report.clean
    assert report.envelope is None
    assert not (tmp_path / "certificate.json").exists()


@pytest.mark.parametrize("place", ["certificate.json", "sub/certificate.json"])
def test_a_certificate_is_no_part_of_the_tree_that_it_is_about(
    place: str, tmp_path: Path, key: Path
) -> None:
    root = small(tmp_path / "tree")
    (root / place).parent.mkdir(exist_ok=True)
    with pytest.raises(UsageError, match="would change the tree"):
        certify(CertifyRequest(root, key=key, output=root / place))
    assert not (root / place).exists()
    (root / "audit").mkdir(exist_ok=True)
    kept = root / "audit" / "certificate.json"
    certify(CertifyRequest(root, key=key, output=kept))
    assert checked(root, key, kept).differences == ()


def test_without_a_key_nothing_is_signed(tmp_path: Path) -> None:
    report = certify(CertifyRequest(small(tmp_path / "tree")))
    assert report.clean
    assert report.envelope is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda root: (root / "small/more.py").write_text("", "utf-8"), "audit.files"),
        (lambda root: (root / "README.md").write_text("hello", "utf-8"), "source dirHash"),
        (
            lambda root: (root / "requirements/runtime.txt").write_text("x==1\n", "utf-8"),
            "locks.requirements/runtime.txt",
        ),
        (lambda root: (root / "small/__init__.py").write_text(DIRTY, "utf-8"), "audit.violation"),
    ],
)
def test_another_tree_is_not_the_one_that_was_certified(
    change, named: str, tmp_path: Path, key: Path
) -> None:
    root = small(tmp_path / "tree")
    certificate = certified(root, key)
    change(root)
    report = checked(root, key, certificate)
    assert [line for line in report.differences if line.startswith(f"{named}: certified ")]


def test_evidence_in_the_tree_does_not_change_what_is_certified(tmp_path: Path, key: Path) -> None:
    root = small(tmp_path / "tree")
    certificate = certified(root, key)
    (root / "audit").mkdir()
    (root / "audit/certificate.json").write_bytes(certificate.read_bytes())
    assert checked(root, key, certificate).differences == ()


def test_the_certificate_of_another_key_is_not_accepted(tmp_path: Path, key: Path) -> None:
    root = small(tmp_path / "tree")
    certificate = certified(root, key)
    write_public(tmp_path / "other.pub.pem", PrivateKey.generate(Profile.ML_DSA_87).public)
    with pytest.raises(ProofError):
        verify(root, certificate, tmp_path / "other.pub.pem")


def test_a_signed_statement_of_another_kind_is_no_certificate(tmp_path: Path, key: Path) -> None:
    made = PrivateKey.generate(Profile.ML_DSA_87)
    write_public(tmp_path / "other.pub.pem", made.public)
    other = Statement((Subject("x", (("sha256", "00"),)),), "https://slsa.dev/provenance/v1", {})
    (tmp_path / "other.json").write_bytes(sealed(other, made.signer()))
    with pytest.raises(InputError, match="no certificate"):
        verify(small(tmp_path / "tree"), tmp_path / "other.json", tmp_path / "other.pub.pem")


def test_the_same_tree_gives_the_same_statement_anywhere(tmp_path: Path) -> None:
    first, _ = state(small(tmp_path / "one"), ())
    second, _ = state(small(tmp_path / "deeper/two"), ())
    assert first.to_bytes() == second.to_bytes()
    assert str(tmp_path).encode() not in first.to_bytes()


def test_coreutils_give_the_same_digest_of_the_tree(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    command = "find . -type f -printf '%P\\n' | sort | xargs sha256sum | sha256sum"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=root,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    statement, _ = state(root, ())
    assert dict(statement.subjects[0].digest) == {"dirHash": done.stdout.split()[0].decode()}


def test_the_document_says_what_was_locked(tmp_path: Path) -> None:
    document = certify(CertifyRequest(small(tmp_path / "tree"))).document()
    locks = document["statement"]["predicate"]["locks"]
    assert locks == {"requirements/runtime.txt": hashlib.sha256(b"").hexdigest()}
    assert json.dumps(document)


def test_a_folder_that_is_no_source_tree_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no pyproject\.toml"):
        certify(CertifyRequest(tmp_path))
