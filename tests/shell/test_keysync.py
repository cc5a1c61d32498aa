"""Key sync: the recipient opens what the sender sealed; nobody else opens or forges anything."""

from dataclasses import replace

import cbor2
import pytest
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem

from qfs.canon import Digest, encode
from qfs.crypto import KeyId, Profile
from qfs.errors import InputError
from qfs.shell import providers
from qfs.shell.keystore import PrivateKey
from qfs.shell.keysync import CONTEXT, MAX_SECRET_BYTES, Parties, Recipient, recipient_id, seal

SENDER = PrivateKey(Profile.ML_DSA_87, b"sender".ljust(32))
OTHER = PrivateKey(Profile.ML_DSA_87, b"other".ljust(32))
RECIPIENT = Recipient(b"recipient".ljust(64))
STRANGER = Recipient(b"stranger".ljust(64))
PARTIES = Parties(Digest(b"l" * 32), SENDER.public.id, RECIPIENT.id)
SECRET = b"a secret seed of 32 bytes length"
VERIFIER = providers.verifier()


def sealed() -> bytes:
    return seal(SECRET, RECIPIENT.public, PARTIES, SENDER.signer())


def opened(data: bytes, by: Recipient = RECIPIENT, parties: Parties = PARTIES) -> bytes:
    return by.open(data, parties, SENDER.public, VERIFIER)


def test_the_recipient_opens_what_was_sealed() -> None:
    one, other = sealed(), sealed()
    assert opened(one) == opened(other) == SECRET
    assert one != other, "sealing is random"
    assert SECRET not in one


def test_another_implementation_of_hpke_arguments_opens_it() -> None:
    items = cbor2.loads(sealed())
    suite = hpke.Suite(hpke.KEM.MLKEM1024, hpke.KDF.HKDF_SHA512, hpke.AEAD.AES_256_GCM)
    key = mlkem.MLKEM1024PrivateKey.from_seed_bytes(b"recipient".ljust(64))
    info = b"QFS/keysync/v1" + b"l" * 32 + SENDER.public.id + RECIPIENT.id
    assert suite.decrypt(items[4], key, info) == SECRET
    assert len(items[4]) == len(SECRET) + 1568 + 16


def resigned(data: bytes, **changes: object) -> bytes:
    """The message with parts changed and signed again by a thief's own key."""
    names = ["version", "ledger", "sender", "recipient", "sealed", "signature"]
    values = dict(zip(names, cbor2.loads(data), strict=True)) | changes
    return encode(list(values.values()))


def forgeries() -> dict[str, bytes]:
    data = sealed()
    items = cbor2.loads(data)
    short, long = items[4][:-1], items[4] + b"\0"
    return {
        "nothing": b"",
        "garbage": bytes(range(256)),
        "a truncated message": data[:-1],
        "a trailing byte": data + b"\0",
        "another version": resigned(data, version=2),
        "another ledger": resigned(data, ledger=bytes(32)),
        "another sender": resigned(data, sender=OTHER.public.id),
        "another recipient": resigned(data, recipient=STRANGER.id),
        "a ciphertext one byte short": resigned(data, sealed=short),
        "a ciphertext one byte long": resigned(data, sealed=long),
        "a flipped bit": resigned(data, sealed=bytes((items[4][0] ^ 1,)) + items[4][1:]),
        "another's signature": resigned(data, signature=OTHER.signer().sign(b"x" * 32, CONTEXT)),
        "no signature": resigned(data, signature=b""),
        "too much": data + bytes(200_000),
    }


@pytest.mark.parametrize("name", forgeries())
def test_a_forged_message_is_not_opened(name: str) -> None:
    with pytest.raises(InputError, match="key sync"):
        opened(forgeries()[name])


def test_a_message_for_another_recipient_is_not_opened() -> None:
    with pytest.raises(InputError, match="sealed for somebody else"):
        STRANGER.open(sealed(), PARTIES, SENDER.public, VERIFIER)
    with pytest.raises(InputError, match="other parties"):
        opened(sealed(), STRANGER, replace(PARTIES, recipient=STRANGER.id))


def test_the_senders_key_must_be_the_one_that_is_named() -> None:
    with pytest.raises(InputError, match="not signed by the sender"):
        RECIPIENT.open(sealed(), PARTIES, OTHER.public, VERIFIER)
    with pytest.raises(InputError, match="another sender"):
        seal(SECRET, RECIPIENT.public, PARTIES, OTHER.signer())
    with pytest.raises(InputError, match="another recipient"):
        seal(SECRET, STRANGER.public, PARTIES, SENDER.signer())


@pytest.mark.parametrize("length", [0, 1567, 1569])
def test_a_public_key_of_a_wrong_length_is_refused(length: int) -> None:
    with pytest.raises(InputError, match="ML-KEM-1024"):
        recipient_id(bytes(length))


def test_limits_and_secrets() -> None:
    with pytest.raises(InputError, match="a secret of"):
        seal(bytes(MAX_SECRET_BYTES + 1), RECIPIENT.public, PARTIES, SENDER.signer())
    with pytest.raises(InputError, match="seed of 63"):
        Recipient(bytes(63))
    assert "not shown" in repr(RECIPIENT)
    assert b"recipient".hex() not in repr(RECIPIENT)
    assert type(PARTIES.sender) is type(KeyId(b""))
