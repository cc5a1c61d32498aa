"""`qfs evidence`: what a tree proves about itself, each file a pure function of the tree.

- One function a file, in EVIDENCE; what a tree does not have (golden logs, vectors) gives no file.
- No times, no host names, no absolute paths; what depends on the CPython version names it.
- ``write`` regenerates, ``check`` compares byte for byte. Signatures are not evidence of this kind:
  they are verified, never regenerated.
"""

import ast
import hashlib
import io
import itertools
import json
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from qfs.app.audit import AuditRequest, audit
from qfs.app.build import build_once
from qfs.app.certify import audit_result, zone_packages
from qfs.app.replay import ReplayRequest, replay
from qfs.errors import InputError
from qfs.shell.building_source import source_names
from qfs.shell.evidence_files import (
    file_digests,
    import_contracts,
    lines_digest,
    lock_names,
    read_evidence,
    tree_digest,
    write_evidence,
)

MEND = "qfs evidence write"
"""The command that mends stale evidence."""
_GOLDEN = "tests/golden/"
_VECTORS = "tests/certmath/vectors/"
Document = dict[str, Any]


class State(Enum):
    """How a committed file compares with what the tree gives now."""

    SAME = "same"
    WRITTEN = "written"
    REMOVED = "removed"
    STALE = "stale"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of evidence."""

    name: str
    """File name under ``audit/``."""
    state: State
    sha256: str
    """Of the committed file; empty if there is none."""


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """What came of a comparison."""

    pieces: tuple[Piece, ...]

    @property
    def current(self) -> bool:
        """Whether every file is, now, what the tree gives."""
        good = (State.SAME, State.WRITTEN, State.REMOVED)
        return bool(self.pieces) and all(piece.state in good for piece in self.pieces)

    def document(self) -> Document:
        """Return the JSON document ``qfs.evidence/1``."""
        return {
            "schema": "qfs.evidence/1",
            "current": self.current,
            "mend": MEND,
            "files": [
                {"name": piece.name, "state": piece.state.value, "sha256": piece.sha256}
                for piece in self.pieces
            ],
        }


def write(root: Path) -> EvidenceReport:
    """Regenerate every file; the report says which of them changed by that."""
    made, kept = gather(root), read_evidence(_tree(root), _names())
    write_evidence(_tree(root), _names(), made)
    digests = file_digests(root / "audit", sorted(made))
    pieces = [
        Piece(name, _change(made.get(name), kept.get(name)), digests.get(name, ""))
        for name in sorted(made.keys() | kept.keys())
    ]
    return EvidenceReport(tuple(pieces))


def check(root: Path) -> EvidenceReport:
    """Compare the committed files with what the tree gives, byte for byte."""
    made, kept = gather(root), read_evidence(_tree(root), _names())
    digests = file_digests(root / "audit", sorted(kept))
    pieces = [
        Piece(name, _state(made.get(name), kept.get(name)), digests.get(name, ""))
        for name in sorted(made.keys() | kept.keys())
    ]
    return EvidenceReport(tuple(pieces))


def gather(root: Path) -> dict[str, bytes]:
    """Return what the tree gives now: file names and canonical JSON."""
    made = {}
    for name, function in EVIDENCE:
        document = function(_tree(root))
        if document is not None:
            text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
            made[f"{name}.json"] = text.encode("utf-8") + b"\n"
    return made


def source(root: Path) -> Document:
    """Return the digest of the tree without ``audit/``, and of its lock files."""
    return {
        "schema": "qfs.evidence.source/1",
        "dirHash": tree_digest(root),
        "locks": file_digests(root, lock_names(root)),
    }


def rules(root: Path) -> Document | None:
    """Return the digest of every rule, and of each pack."""
    digests = _under(root, "rules/", ".toml")
    packs = sorted({name.split("/")[1] for name in digests if name.count("/") > 1})
    if not packs:
        return None
    return {
        "schema": "qfs.evidence.rules/1",
        "packs": {
            pack: {
                "rules": len(_starting(digests, f"rules/{pack}/")),
                "dirHash": lines_digest(_starting(digests, f"rules/{pack}/")),
            }
            for pack in packs
        },
        "rules": digests,
    }


def vectors(root: Path) -> Document | None:
    """Return the digest of every file of certified-math vectors."""
    digests = _under(root, _VECTORS, "")
    if not digests:
        return None
    return {
        "schema": "qfs.evidence.vectors/1",
        "dirHash": lines_digest(digests),
        "files": digests,
    }


def signatures(root: Path) -> Document | None:
    """Return how many signature vectors each provider passes, as the tests hold it to.

    [passed, not applicable, failed] a suite; tests/shell/test_vectors.py counts them anew.
    """
    counted = root / "tests/shell/vector_counts.json"
    reasons = root / "tests/shell/vector_reasons.json"
    if not counted.is_file() or not reasons.is_file():
        return None
    return {
        "schema": "qfs.evidence.signatures/1",
        "providers": json.loads(counted.read_bytes()),
        "not_applicable": json.loads(reasons.read_bytes()),
    }


def golden(root: Path) -> Document | None:
    """Replay every golden log, signatures verified: packets, commands, state root."""
    folders = sorted(
        {name.split("/log/")[0] for name in _under(root, _GOLDEN, ".log") if "/log/" in name}
    )
    if not folders:
        return None
    logs = {}
    for folder in folders:
        report = replay(ReplayRequest(root / folder))
        logs[folder] = {
            "packets": report.packets,
            "commands": report.commands,
            "state_root": report.state_root.hex(),
            "exit_code": report.exit_code,
        }
    return {"schema": "qfs.evidence.golden/1", "logs": logs}


def contracts(root: Path) -> Document | None:
    """Every import contract, and whether import-linter finds it kept."""
    settings = _project(root).get("tool", {}).get("importlinter")
    if settings is None:
        return None
    kept = import_contracts(root)
    return {
        "schema": "qfs.evidence.contracts/1",
        "contracts": [
            {
                "id": contract.get("id", contract["name"]),
                "name": contract["name"],
                "type": contract["type"],
                "kept": kept.get(contract["name"], False),
            }
            for contract in settings.get("contracts", [])
        ],
    }


def halts(root: Path) -> Document | None:
    """Return the catalogue of CIR-302 in the tree: code, name, the sentence that is breached."""
    path = root / "qfs" / "halt" / "codes.py"
    if not path.is_file():
        return None
    (catalogue,) = [
        node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.ClassDef)
    ]
    found = []
    for member, sentence in itertools.pairwise(catalogue.body):
        match member, sentence:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(code))),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                breached = text.partition("\n")[0]  # below it stands what the operator does next
                found.append({"code": f"CIR-{code}", "name": name, "sentence": breached})
    return {"schema": "qfs.evidence.halts/1", "halts": found}


def wheel(root: Path) -> Document | None:
    """Build the wheel in the recipe's environment; return the digest of what is in it.

    The digest is over contents, because the compressed bytes depend on the machine's zlib.
    """
    if "build-system" not in _project(root):
        return None
    name, data, packages = build_once(root)
    members = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            members[member] = hashlib.sha256(archive.read(member)).hexdigest()
    return {
        "schema": "qfs.evidence.wheel/1",
        "name": name,
        "packages": list(packages),
        "members": len(members),
        "dirHash": lines_digest(members),
    }


def self_audit(root: Path) -> Document | None:
    """Audit the packages that hold the deterministic zone; return counts and digests."""
    if "qfs" not in _project(root).get("tool", {}):
        return None
    report = audit(AuditRequest(paths=zone_packages(root)))
    return {
        "schema": "qfs.evidence.audit/1",
        "targets": [path.relative_to(root).as_posix() for path in zone_packages(root)],
        "clean": report.exit_code == 0,
        **audit_result(report),
    }


EVIDENCE: tuple[tuple[str, Callable[[Path], Document | None]], ...] = (
    ("source", source),
    ("audit", self_audit),
    ("rules", rules),
    ("vectors", vectors),
    ("signatures", signatures),
    ("golden", golden),
    ("contracts", contracts),
    ("halts", halts),
    ("wheel", wheel),
)
"""Name of the file under ``audit/`` and what makes it."""


def _names() -> list[str]:
    """Return the files that are ours to write; others in ``audit/`` have their own makers."""
    return [f"{name}.json" for name, _ in EVIDENCE]


def _change(made: bytes | None, kept: bytes | None) -> State:
    if made is None:
        return State.REMOVED
    return State.SAME if made == kept else State.WRITTEN


def _state(made: bytes | None, kept: bytes | None) -> State:
    if kept is None:
        return State.MISSING
    if made is None:
        return State.UNKNOWN
    return State.SAME if made == kept else State.STALE


def _under(root: Path, folder: str, suffix: str) -> dict[str, str]:
    names = [n for n in source_names(root) if n.startswith(folder) and n.endswith(suffix)]
    return file_digests(root, names)


def _starting(digests: dict[str, str], folder: str) -> dict[str, str]:
    return {name: value for name, value in digests.items() if name.startswith(folder)}


def _project(root: Path) -> Document:
    path = root / "pyproject.toml"
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"no readable TOML ({error})", place=str(path)) from error


def _tree(root: Path) -> Path:
    if not (root / "pyproject.toml").is_file():
        raise InputError(
            "no pyproject.toml here", place=str(root), way_out="name the root of a source tree"
        )
    return root.resolve()
