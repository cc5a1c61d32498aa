"""What goes beside built artefacts: SHA256SUMS, a bill of materials, signed provenance.

- The provenance claims SLSA build level 1: it exists and says how; a build at somebody's own
  machine can claim no more.
- No times and no host names: two machines write the same files, but for the signature.
- Source: SLSA provenance v1, in-toto Statement v1, CycloneDX 1.7.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from qfs import __version__
from qfs.app.build import Artifact, BuildReport
from qfs.app.signed_statements import read_statement
from qfs.crypto import Signer
from qfs.errors import InputError
from qfs.repro.locks import read
from qfs.repro.sbom import bill_of_materials
from qfs.repro.statements import Statement, Subject, sealed
from qfs.shell import keystore
from qfs.shell.evidence_files import file_digests, lock_names, tree_digest
from qfs.shell.files import read_limited
from qfs.shell.lock_files import read_text

PROVENANCE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:qfs:build:1"
BUILDER = "urn:qfs:builder:local"
SUMS, BILL, SIGNED = "SHA256SUMS", "sbom.cdx.json", "provenance.intoto.json"
_RUNTIME = "requirements/runtime.txt"
_ARTIFACT_MAX = 2 * 1024**3  # 2_147_483_648 bytes


def read_signer(key: Path, passphrase_file: Path | None) -> Signer:
    """Return who signs provenance; raises InputError for a key that cannot be used."""
    passphrase = None if passphrase_file is None else keystore.read_passphrase(passphrase_file)
    return keystore.read_private(key, passphrase).signer()


def write_evidence(
    report: BuildReport, root: Path, folder: Path, signer: Signer | None
) -> tuple[Path, ...]:
    """Write the files beside the artefacts in a folder; provenance only if somebody signs it."""
    made = {SUMS: sums(report.kept())}
    bill = bill_of(root, report.kept())
    if bill is not None:
        made[BILL] = bill
    if signer is not None:
        made[SIGNED] = sealed(provenance(report, root), signer)
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return tuple([folder / name for name in made])


def sums(artifacts: Sequence[Artifact]) -> bytes:
    """Return what ``sha256sum`` prints for the artefacts."""
    lines = [f"{artifact.first}  {artifact.name}\n" for artifact in artifacts]
    return "".join(sorted(lines, key=lambda line: line[66:])).encode("utf-8")


def bill_of(root: Path, artifacts: Sequence[Artifact]) -> bytes | None:
    """Return the bill of materials of a project with a runtime lock, or None without one."""
    if not (root / _RUNTIME).is_file():
        return None
    name, version = _identity(artifacts[0])
    _, locked = read(_RUNTIME, read_text(root / _RUNTIME))
    return bill_of_materials(name, version, locked)


def provenance(report: BuildReport, root: Path) -> Statement:
    """Return the SLSA provenance of a build's artefacts."""
    subjects = tuple(
        [
            Subject(artifact.name, (("sha256", artifact.first),))
            for artifact in sorted(report.kept(), key=lambda each: each.name)
        ]
    )
    predicate: dict[str, Any] = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "source": {"digest": _source_digest(root)},
                "backend": report.backend,
            },
            "internalParameters": {
                "qfs": __version__,
                "verdict": report.verdict.value,
                "varied": [each.name for each in report.variations if each.exercised],
                "locks": file_digests(root, lock_names(root)),
            },
            "resolvedDependencies": [
                {"uri": "pkg:pypi/" + package.replace("==", "@")} for package in report.packages
            ],
        },
        "runDetails": {"builder": {"id": BUILDER, "version": {"qfs": __version__}}},
    }
    return Statement(subjects, PROVENANCE, predicate)


def _source_digest(root: Path) -> dict[str, str]:
    """Return the digest of a tree, or of the sdist that was built."""
    if root.is_dir():
        return {"dirHash": tree_digest(root)}
    return {"sha256": hashlib.sha256(read_limited(root, _ARTIFACT_MAX)).hexdigest()}


def check_attestation(artifact: Path, attestation: Path, public_key: Path) -> Statement | None:
    """Return the signed statement about an artefact, or None if it is about other bytes.

    Raises ProofError if the key did not sign it, InputError for files that cannot be read.
    """
    _, statement = read_statement(attestation, public_key)
    found = hashlib.sha256(read_limited(artifact, _ARTIFACT_MAX)).hexdigest()
    said = [value for s in statement.subjects for name, value in s.digest if name == "sha256"]
    return statement if found in said else None


def _identity(artifact: Artifact) -> tuple[str, str]:
    """Return name and version out of the artefact's file name (PEP 427, PEP 625)."""
    try:
        if artifact.name.endswith(".whl"):
            name, version, *_ = parse_wheel_filename(artifact.name)
        else:
            name, version = parse_sdist_filename(artifact.name)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise InputError(f"no file name of an artefact ({error})", place=artifact.name) from error
    return str(name), str(version)
