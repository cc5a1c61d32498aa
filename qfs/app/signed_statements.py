"""Signed statements in files: certificates and provenance, opened with a public key's file."""

from pathlib import Path

from qfs.errors import InputError, ProofError
from qfs.repro.statements import MAX_BYTES, Statement, opened
from qfs.shell import keystore, providers
from qfs.shell.files import read_limited
from qfs.shell.keystore import PublicKey

CERTIFICATE = "urn:qfs:certificate:1"
"""Type of the predicate of `qfs certify`."""


def read_statement(path: Path, public_key: Path) -> tuple[bytes, Statement]:
    """Return a file's envelope and the statement in it, which the key signed.

    Raises InputError for files that cannot be read, ProofError if the key did not sign it; both
    name the file.
    """
    return read_signed(path, keystore.read_public(public_key))


def read_signed(path: Path, key: PublicKey) -> tuple[bytes, Statement]:
    """Return a file's envelope and the statement in it; as `read_statement`, of a key at hand."""
    envelope = read_limited(path, MAX_BYTES)
    try:
        return envelope, opened(envelope, [(key.profile, key.raw)], providers.verifier())
    except (InputError, ProofError) as error:
        what = f"{error.place}: {error.what}"
        raise type(error)(what, place=str(path), way_out=error.way_out) from error
