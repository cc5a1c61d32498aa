"""`qfs certify`: a signed statement over a source tree and what the audit found in it.

- Subject: the tree's dirHash (without ``audit/``), which coreutils compute too. Predicate: the
  rules' digest, the audit's result, the lock files' digests, the version of QFS.
- Signed only if the audit is clean: a certificate over findings would be a contradiction.
- ``verify`` checks the signature, then makes the statement anew from the tree and compares: a
  certificate says nothing about a tree that it was not made from. It needs no network.
- Source: in-toto Statement v1, DSSE v1.0.2.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfs import __version__
from qfs.app.audit import AuditReport, AuditRequest, audit
from qfs.app.signed_statements import CERTIFICATE, read_statement
from qfs.errors import InputError, UsageError
from qfs.repro.statements import Statement, Subject, sealed
from qfs.shell import keystore
from qfs.shell.evidence_files import (
    EVIDENCE,
    digested_names,
    file_digests,
    lock_names,
    tree_digest,
)
from qfs.shell.files import write_new


@dataclass(frozen=True, slots=True)
class CertifyRequest:
    """What to certify."""

    path: Path
    """Root of a source tree."""
    targets: tuple[Path, ...] = ()
    """What to audit in it; empty for the packages that hold its deterministic zone."""
    key: Path | None = None
    """Private key that signs; None to see the statement without signing it."""
    passphrase_file: Path | None = None
    output: Path | None = None
    """Where the certificate goes; nothing is written over."""


@dataclass(frozen=True, slots=True)
class CertifyReport:
    """What was, or would be, certified."""

    statement: Statement
    clean: bool
    """Whether the audit has nothing to report."""
    envelope: bytes | None
    """The signed DSSE envelope."""
    differences: tuple[str, ...] = ()
    """Of a verification: which parts of the tree are not what the certificate says."""

    def facts(self) -> list[tuple[str, object]]:
        """Return the statement's facts by name, sorted."""
        return sorted(_flat(self.statement).items(), key=lambda fact: fact[0])

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``qfs.certify/1``."""
        return {
            "schema": "qfs.certify/1",
            "clean": self.clean,
            "signed": self.envelope is not None,
            "differences": list(self.differences),
            "statement": json.loads(self.statement.to_bytes()),
        }


def certify(request: CertifyRequest) -> CertifyReport:
    """Audit a tree and, if it is clean and a key is given, sign what it is.

    Raises InputError for a tree or key that cannot be read, UsageError for an output in the tree,
    ProviderFault if signing fails.
    """
    statement, clean = state(request.path, request.targets)
    if request.key is None or not clean:
        return CertifyReport(statement, clean, None)
    words = request.passphrase_file
    passphrase = None if words is None else keystore.read_passphrase(words)
    signer = keystore.read_private(request.key, passphrase).signer()
    envelope = sealed(statement, signer)
    if request.output is not None:
        write_new(request.output, envelope)
        _stay_outside(request.path.resolve(), request.output)
    return CertifyReport(statement, clean, envelope)


def _stay_outside(root: Path, output: Path) -> None:
    """Take back a certificate that would be a part of the tree that it is about."""
    full = output.resolve()
    if full.is_relative_to(root) and full.relative_to(root).as_posix() in digested_names(root):
        output.unlink()
        raise UsageError(
            "the certificate would change the tree that it is about",
            place=str(output),
            way_out=f"write it outside of the tree, or below its {EVIDENCE}/",
        )


def verify(
    path: Path, certificate: Path, public_key: Path, targets: tuple[Path, ...] = ()
) -> CertifyReport:
    """Check a certificate against a key and a tree.

    Raises ProofError if the key did not sign it, InputError if it is no certificate.
    """
    envelope, claimed = read_statement(certificate, public_key)
    if claimed.predicate_type != CERTIFICATE:
        raise InputError(
            f"a statement of type {claimed.predicate_type!r}, no certificate",
            place=str(certificate),
            way_out="check provenance with `qfs verify --attestation`",
        )
    found, clean = state(path, targets)
    return CertifyReport(found, clean, envelope, _differences(claimed, found))


def state(path: Path, targets: tuple[Path, ...]) -> tuple[Statement, bool]:
    """Return the statement about a tree as it is now, and whether its audit is clean."""
    if not (path / "pyproject.toml").is_file():
        raise InputError(
            "no pyproject.toml here", place=str(path), way_out="name the root of a source tree"
        )
    root = path.resolve()
    report = audit(AuditRequest(paths=targets or zone_packages(root)))
    if report.errors:
        first = report.errors[0]
        raise InputError(
            f"not audited: {first.message}",
            place=f"{first.path}:{first.line}",
            way_out="a certificate needs every file audited; `qfs audit` shows them",
        )
    predicate = {
        "qfs": __version__,
        "audit": audit_result(report),
        "locks": file_digests(root, lock_names(root)),
    }
    subject = Subject("source", (("dirHash", tree_digest(root)),))
    return Statement((subject,), CERTIFICATE, predicate), report.exit_code == 0


def zone_packages(root: Path) -> tuple[Path, ...]:
    """Return the top folders of the zone in ``[tool.qfs]``, or the whole tree without one."""
    path = root / "pyproject.toml"
    try:
        settings = tomllib.loads(path.read_text("utf-8")).get("tool", {}).get("qfs", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"no readable TOML ({error})", place=str(path)) from error
    tops = sorted({str(part).split("/", 1)[0] for part in settings.get("zone", [])})
    return tuple([root / top for top in tops]) or (root,)


def audit_result(report: AuditReport) -> dict[str, Any]:
    """Return what a certificate says about an audit: counts and digests, no places."""
    return {
        "files": report.files,
        "lines": report.lines,
        "functions": report.functions,
        "proved": report.proved,
        "violation": report.count("violation"),
        "possible": report.count("possible"),
        "confirmed": report.count("confirmed"),
        "unknown": report.count("unknown"),
        "suppressed": len(report.suppressed),
        "errors": len(report.errors),
        "float_policy": report.policy,
        "packs": list(report.packs),
        "rules_digest": _text(report.rules_digest),
        "source_digest": _text(report.source_digest),
    }


def _text(digest: str | bytes) -> str:
    return digest.hex() if isinstance(digest, bytes) else digest


def _differences(claimed: Statement, found: Statement) -> tuple[str, ...]:
    """Return one line a part of the statement that is not the same, in the order of their names."""
    ours, theirs = _flat(claimed), _flat(found)
    return tuple(
        [
            f"{name}: certified {ours.get(name, 'nothing')}, here {theirs.get(name, 'nothing')}"
            for name in sorted(ours.keys() | theirs.keys())
            if ours.get(name) != theirs.get(name)
        ]
    )


def _flat(statement: Statement) -> dict[str, object]:
    facts: dict[str, object] = {
        f"{subject.name} {algorithm}": value
        for subject in statement.subjects
        for algorithm, value in subject.digest
    }
    pending: list[tuple[str, object]] = list(statement.predicate.items())
    while pending:
        name, value = pending.pop()
        if isinstance(value, Mapping):
            pending += [(f"{name}.{inner}", item) for inner, item in value.items()]
        else:
            facts[name] = value
    return facts
