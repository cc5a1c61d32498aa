"""A secret goes from one service to another, and to no third."""

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qfs.app.key_sync import OpenRequest, SealRequest, open_sealed, seal
from qfs.app.keys import NewKeyRequest, list_keys, new_key
from qfs.errors import InputError, UsageError
from qfs.shell import keysync

LEDGER, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two senders, two recipients, a secret."""
    for name, profile in (("ada", "ML-DSA-87"), ("eve", "ML-DSA-87")):
        new_key(NewKeyRequest(tmp_path, name, profile))
    for name in ("box", "other"):
        new_key(NewKeyRequest(tmp_path, name, "ML-KEM-1024"))
    (tmp_path / "secret").write_bytes(b"a seed")
    (tmp_path / "secret").chmod(0o600)
    return tmp_path


def sealing(folder: Path) -> SealRequest:
    return SealRequest(
        folder / "secret",
        folder / "box.pub.pem",
        folder / "ada.pem",
        LEDGER,
        output=folder / "sealed",
    )


def opening(folder: Path) -> OpenRequest:
    return OpenRequest(
        folder / "sealed",
        folder / "box.pem",
        folder / "ada.pub.pem",
        LEDGER,
        output=folder / "opened",
    )


@pytest.mark.parametrize("provider", ["cryptography", "paranoid"])
def test_the_recipient_opens_what_the_sender_sealed(provider: str, folder: Path) -> None:
    sealed = seal(sealing(folder))
    assert open_sealed(replace(opening(folder), provider=provider)) == sealed
    assert (folder / "opened").read_bytes() == b"a seed"
    assert stat.S_IMODE((folder / "opened").stat().st_mode) == 0o600


NO: dict[str, Callable[[OpenRequest, Path], OpenRequest]] = {
    "another recipient": lambda asked, at: replace(asked, key=at / "other.pem"),
    "another sender": lambda asked, at: replace(asked, sender=at / "eve.pub.pem"),
    "another ledger": lambda asked, at: replace(asked, ledger=OTHER),
    "a signing key": lambda asked, at: replace(asked, key=at / "ada.pem"),
    "a sealing key for the sender": lambda asked, at: replace(asked, sender=at / "box.pub.pem"),
    "the secret itself": lambda asked, at: replace(asked, sealed=at / "secret"),
}


@pytest.mark.parametrize("name", NO)
def test_nobody_else_opens_it(name: str, folder: Path) -> None:
    seal(sealing(folder))
    with pytest.raises(InputError) as raised:
        open_sealed(NO[name](opening(folder), folder))
    assert str(folder) in raised.value.place
    assert not (folder / "opened").exists()


def test_a_sealing_key_neither_signs_nor_is_signed_with(folder: Path) -> None:
    for changed in (
        replace(sealing(folder), key=folder / "box.pem"),
        replace(sealing(folder), recipient=folder / "ada.pub.pem"),
    ):
        with pytest.raises(InputError):
            seal(changed)
    with pytest.raises(UsageError, match="ledger's id"):
        seal(replace(sealing(folder), ledger="abc"))
    (folder / "secret").chmod(0o644)
    with pytest.raises(InputError, match="lets others"):
        seal(sealing(folder))


def test_sealing_keys_are_listed_by_their_own_ids(folder: Path) -> None:
    rows = {row.name: row for row in list_keys(folder).keys}
    public = keysync.read_recipient_public(folder / "box.pub.pem")
    assert rows["box"].profile == "ML-KEM-1024"
    assert rows["box"].key_id == keysync.recipient_id(public).hex()
    assert (rows["box"].private, rows["ada"].profile) == ("plain", "ML-DSA-87")


def test_a_sealing_key_may_be_kept_under_a_passphrase(folder: Path) -> None:
    (folder / "pass").write_text("correct horse\n")
    (folder / "pass").chmod(0o600)
    new_key(NewKeyRequest(folder, "kept", "ML-KEM-1024", folder / "pass"))
    seal(replace(sealing(folder), recipient=folder / "kept.pub.pem"))
    asked = replace(opening(folder), key=folder / "kept.pem.age")
    with pytest.raises(InputError, match="encrypted"):
        open_sealed(asked)
    open_sealed(replace(asked, passphrase_file=folder / "pass"))
    assert (folder / "opened").read_bytes() == b"a seed"
