"""Rebuilding a published wheel: how far the two agree, and when there is no answer."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from google.protobuf.json_format import Parse, ParseError
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.statement_pb2 import Statement as OtherStatement

from qfs.app.build import BuildRequest, Pairs, build, write_artifacts
from qfs.app.build_evidence import SIGNED, check_attestation, read_signer, write_evidence
from qfs.app.verify import Agreement, VerifyRequest, verify
from qfs.crypto import Profile
from qfs.errors import EnvironmentFault, InputError, ProofError
from qfs.repro import ArchiveError, Cause
from qfs.shell.keystore import PrivateKey, write_private, write_public
from qfs.shell.sandbox import find_bubblewrap
from tests.repro.archives import sdist
from tests.repro.projects import project

WHEEL = b"Wheel-Version: 1.0\nGenerator: own 1\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
NAME = "p-1-py3-none-any.whl"
PURE = "files['p-1.dist-info/WHEEL'] = " + repr(WHEEL) + "\n"


def published(folder: Path, snippet: str = "") -> tuple[Path, Path]:
    """Build a project once and keep the wheel; returns the wheel and the project."""
    source = project(folder / "source", PURE + snippet)
    report = build(BuildRequest(source, Pairs.BARE, ("wheel",), bisect=False))
    write_artifacts(report, folder / "dist")
    return folder / "dist" / NAME, source


def rewritten(wheel: Path, member: str = "", data: bytes = b"", **fields: object) -> None:
    """Write a wheel anew, with one member changed or with other fields on each entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = data if entry.filename == member else old.read(entry)
            for name, value in fields.items():
                setattr(entry, name, value)
            new.writestr(entry, content)
    wheel.write_bytes(out.getvalue())


METADATA = "p-1.dist-info/METADATA"
CHANGES = [
    (Agreement.BIT_FOR_BIT, {}),
    (Agreement.CONTENT_IDENTICAL, {"date_time": (2021, 1, 2, 3, 4, 6)}),
    (Agreement.CONTENT_IDENTICAL, {"compress_type": zipfile.ZIP_DEFLATED}),
    (Agreement.CONTENT_IDENTICAL, {"external_attr": 0o100600 << 16}),
    (Agreement.METADATA_DIFFERS, {"member": METADATA, "data": b"Name: q\n"}),
    (Agreement.CODE_DIFFERS, {"member": "p/__init__.py", "data": b"import os\n"}),
]


@pytest.mark.parametrize(("expected", "change"), CHANGES)
def test_a_wheel_is_judged_by_how_far_its_rebuild_agrees(
    expected: Agreement, change: dict[str, object], tmp_path: Path
) -> None:
    wheel, source = published(tmp_path)
    if change:
        rewritten(wheel, **change)
    request = VerifyRequest(wheel, source)
    if find_bubblewrap() is None:
        with pytest.raises(EnvironmentFault, match="sandbox"):
            verify(request)
        return
    report = verify(request)
    assert report.agreement is expected
    assert (report.differences == ()) is (expected is Agreement.BIT_FOR_BIT)


def test_a_wheel_is_rebuilt_from_its_sdist(tmp_path: Path) -> None:
    wheel, source = published(tmp_path)
    files = {
        f"p-1/{path.relative_to(source)}": path for path in source.rglob("*") if path.is_file()
    }
    archive = tmp_path / "p-1.tar.gz"
    archive.write_bytes(sdist({name: path.read_bytes() for name, path in files.items()}))
    if find_bubblewrap() is None:
        with pytest.raises(EnvironmentFault, match="sandbox"):
            verify(VerifyRequest(wheel, archive))
        return
    assert verify(VerifyRequest(wheel, archive)).agreement is Agreement.BIT_FOR_BIT


@pytest.mark.parametrize(
    ("mode", "attempt"), [(0o644, "with the date"), (0o664, "with the date, plain modes")]
)
def test_a_wheel_that_was_not_built_from_its_sdist_has_the_modes_of_a_checkout(
    mode: int, attempt: str, tmp_path: Path
) -> None:
    wheel, source = published(tmp_path, "import os; mode = os.stat('snippet.py').st_mode & 0o777")
    rewritten(wheel, external_attr=(0o100000 | mode) << 16)
    files = {f"p-1/{path.name}": path.read_bytes() for path in source.iterdir() if path.is_file()}
    archive = tmp_path / "p-1.tar.gz"
    archive.write_bytes(sdist(files, mode=0o664))  # unpacked, nobody but the owner may write
    if find_bubblewrap() is None:
        with pytest.raises(EnvironmentFault, match="sandbox"):
            verify(VerifyRequest(wheel, archive))
        return
    report = verify(VerifyRequest(wheel, archive))
    assert (report.agreement, report.attempt) == (Agreement.BIT_FOR_BIT, attempt)


@pytest.mark.parametrize(
    ("snippet", "cause"),
    [
        ("import socket; socket.create_connection(('192.0.2.1', 80), 1)", Cause.NETWORK),
        ("raise ValueError('out of order')", Cause.BUILD_FAILS),
    ],
)
def test_a_build_that_cannot_be_done_is_a_finding_and_no_verdict(
    snippet: str, cause: Cause, tmp_path: Path
) -> None:
    wheel, source = published(tmp_path)
    (source / "snippet.py").write_text(snippet, "utf-8")
    if find_bubblewrap() is None:
        with pytest.raises(EnvironmentFault, match="sandbox"):
            verify(VerifyRequest(wheel, source))
        return
    report = verify(VerifyRequest(wheel, source))
    assert report.agreement is Agreement.NOT_COMPARABLE
    assert [found.cause for found in report.differences] == [cause]


def test_a_compiled_wheel_is_not_comparable(tmp_path: Path) -> None:
    wheel, source = published(tmp_path)
    compiled = wheel.with_name("p-1-cp311-cp311-linux_x86_64.whl")
    compiled.write_bytes(wheel.read_bytes())
    report = verify(VerifyRequest(compiled, source))
    assert report.agreement is Agreement.NOT_COMPARABLE
    assert "compiled" in report.reason


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and no more", b"\x00" * 100])
def test_a_corrupt_wheel_is_one_clear_error(data: bytes, tmp_path: Path) -> None:
    wheel = tmp_path / NAME
    wheel.write_bytes(data)
    with pytest.raises(ArchiveError):
        verify(VerifyRequest(wheel, project(tmp_path / "source")))


@pytest.mark.parametrize(
    ("name", "sentence"), [("p-1.zip", "no wheel"), ("p-1.tar.gz", "no wheel")]
)
def test_what_is_no_wheel_is_one_clear_error(name: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=sentence):
        verify(VerifyRequest(tmp_path / name, tmp_path))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Write a key pair; returns the path of the private key."""
    made = PrivateKey.generate(Profile.ML_DSA_87)
    write_private(tmp_path / "key.pem", made, None)
    write_public(tmp_path / "key.pub.pem", made.public)
    return tmp_path / "key.pem"


def attested(folder: Path, key: Path) -> Path:
    """Build, write the artefacts and what goes beside them; returns the folder."""
    source = project(folder / "source", PURE)
    (source / "requirements").mkdir()
    lock = f"alpha==1.0 --hash=sha256:{'ab' * 32}\n    # via -r requirements/runtime.in\n"
    (source / "requirements/runtime.txt").write_text(lock, "utf-8")
    report = build(BuildRequest(source, Pairs.BARE))
    write_artifacts(report, folder / "dist")
    write_evidence(report, source, folder / "dist", read_signer(key, None))
    return folder / "dist"


def test_an_attested_artefact_is_recognised_and_another_is_not(tmp_path: Path, key: Path) -> None:
    folder = attested(tmp_path, key)
    public, wheel = key.with_name("key.pub.pem"), folder / NAME
    statement = check_attestation(wheel, folder / SIGNED, public)
    assert statement is not None
    assert [subject.name for subject in statement.subjects] == [NAME, "p-1.tar.gz"]
    rewritten(wheel, "p/__init__.py", b"import os\n")
    assert check_attestation(wheel, folder / SIGNED, public) is None


def test_provenance_of_another_key_is_refused(tmp_path: Path, key: Path) -> None:
    folder = attested(tmp_path, key)
    write_public(tmp_path / "other.pub.pem", PrivateKey.generate(Profile.ML_DSA_87).public)
    with pytest.raises(ProofError):
        check_attestation(folder / NAME, folder / SIGNED, tmp_path / "other.pub.pem")


def test_the_evidence_beside_two_builds_is_the_same_but_for_the_signature(
    tmp_path: Path, key: Path
) -> None:
    first, second = attested(tmp_path / "one", key), attested(tmp_path / "deeper/two", key)
    for name in ("SHA256SUMS", "sbom.cdx.json", NAME, "p-1.tar.gz"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    public = key.with_name("key.pub.pem")
    statements = [check_attestation(each / NAME, each / SIGNED, public) for each in (first, second)]
    assert statements[0] == statements[1]


def test_in_totos_own_reader_reads_the_provenance(tmp_path: Path, key: Path) -> None:
    folder = attested(tmp_path, key)
    statement = check_attestation(folder / NAME, folder / SIGNED, key.with_name("key.pub.pem"))
    assert statement is not None
    whole = Parse(statement.to_bytes(), OtherStatement())
    assert whole.predicate_type == "https://slsa.dev/provenance/v1"
    # Unlike the statement's predicate, which may be any object, this one has its own shape.
    read = Parse(json.dumps(statement.predicate), Provenance())
    assert read.build_definition.build_type == "urn:qfs:build:1"
    assert read.build_definition.external_parameters["backend"]
    assert read.run_details.builder.id == "urn:qfs:builder:local"
    with pytest.raises(ParseError, match="buildLevel"):
        Parse(json.dumps({**statement.predicate, "buildLevel": 3}), Provenance())


def test_provenance_claims_nothing_that_varies(tmp_path: Path, key: Path) -> None:
    folder = attested(tmp_path, key)
    statement = check_attestation(folder / NAME, folder / SIGNED, key.with_name("key.pub.pem"))
    assert statement is not None
    assert str(tmp_path).encode() not in statement.to_bytes()
    assert statement.predicate["runDetails"]["builder"]["id"] == "urn:qfs:builder:local"
