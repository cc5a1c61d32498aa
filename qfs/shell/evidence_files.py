"""Reads a source tree for its evidence, and the evidence itself.

- A tree's digest is what coreutils give: ``sha256sum`` of every file, in the order of the names'
  bytes, and SHA-256 over those lines. in-toto calls it ``dirHash`` (Go's Hash1, in hexadecimal).
- ``audit/`` is left out of the digest, because the evidence in it speaks about the rest.
- A link counts as a file that holds its target.
- Source: in-toto attestation framework v1, digest_set.md; golang.org/x/mod/sumdb/dirhash.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from qfs.errors import EnvironmentFault, InputError
from qfs.shell.building_source import source_names

EVIDENCE = "audit"
LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
_CHUNK = 1 << 20
_LINT_SECONDS = 300


def tree_digest(root: Path) -> str:
    """Return the dirHash of a tree without its evidence, in hexadecimal."""
    return lines_digest(file_digests(root, digested_names(root)))


def digested_names(root: Path) -> list[str]:
    """Return the files of a tree that its dirHash is over."""
    return [name for name in source_names(root) if not name.startswith(f"{EVIDENCE}/")]


def lines_digest(digests: dict[str, str]) -> str:
    """Return SHA-256 over ``digest, two spaces, name, newline`` in the order of the names."""
    whole = hashlib.sha256()
    for name in sorted(digests, key=os.fsencode):
        whole.update(f"{digests[name]}  ".encode() + os.fsencode(name) + b"\n")
    return whole.hexdigest()


def file_digests(root: Path, names: list[str]) -> dict[str, str]:
    """Return the SHA-256 of each file, links by their target; what is gone is left out."""
    found: dict[str, str] = {}
    for name in names:
        path = root / name
        if path.is_symlink():
            target = os.readlink(path)  # noqa: PTH115 (Path.readlink would normalise it)
            found[name] = hashlib.sha256(os.fsencode(target)).hexdigest()
        elif path.is_file():
            found[name] = _file_digest(path)
    return found


def lock_names(root: Path) -> list[str]:
    """Return the lock files of a tree: pip-tools' requirements, pylock files, others' by name."""
    return [
        name
        for name in source_names(root)
        if name in LOCKS
        or (name.startswith("pylock.") and name.endswith(".toml"))
        or (name.startswith("requirements/") and name.endswith((".txt", ".toml")))
    ]


def _file_digest(path: Path) -> str:
    whole = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                whole.update(chunk)
    except OSError as error:
        raise InputError(f"unreadable ({error.strerror})", place=str(path)) from error
    return whole.hexdigest()


def import_contracts(root: Path) -> dict[str, bool]:
    """Run import-linter on a tree; returns each contract's name and whether it is kept.

    Raises EnvironmentFault where import-linter is not installed or cannot run.
    """
    program = Path(sys.executable).with_name("lint-imports")
    if not program.is_file():
        raise EnvironmentFault(
            "import-linter is not installed", way_out="install requirements/dev.txt beside qfs"
        )
    done = subprocess.run(
        [str(program), "--no-cache", "--no-logo"],
        cwd=root,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "COLUMNS": "400", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=_LINT_SECONDS,
        check=False,
    )
    found = {}
    for line in done.stdout.splitlines():
        for word in (" KEPT", " BROKEN"):
            if line.endswith(word):
                found[line.removesuffix(word)] = word == " KEPT"
    if not found:
        raise EnvironmentFault(f"import-linter said nothing:\n{done.stdout}{done.stderr}"[:2000])
    return found


def read_evidence(root: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Return those of the named files that are in the evidence folder."""
    folder = root / EVIDENCE
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def write_evidence(root: Path, names: Sequence[str], files: dict[str, bytes]) -> None:
    """Write the files; remove the named ones that there is nothing for; leave all others alone."""
    folder = root / EVIDENCE
    folder.mkdir(exist_ok=True)
    for name in read_evidence(root, names):
        if name not in files:
            (folder / name).unlink()
    for name, data in files.items():
        part = folder / f".{name}.part"
        part.write_bytes(data)
        part.replace(folder / name)
