"""What a stranger, a thief or a broken client may send to the gate.

Each attack makes the bytes for a running ledger; its refusal is the gate's exact answer.
"""

from dataclasses import replace

import cbor2

from qfs import keys, packet
from qfs.canon import Digest
from qfs.canon import encode as canonical
from qfs.crypto import KeyId, Profile
from qfs.gate import MAX_STEP_US, Refusal
from qfs.kernel import Order, Resume, Tick, Transactions, Upgrade
from tests.attacks.attack import NOTHING, attack
from tests.gate.worlds import (
    MACHINES,
    Run,
    enrol,
    found,
    genesis,
    name_of,
    order,
    proved,
    sign,
    signer,
)


def good(run: Run) -> bytes:
    return run.signed("sam", NOTHING)


# 1 malformed


@attack("nothing at all", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return b""


@attack("random bytes", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return bytes(range(256)) * 4


@attack("a truncated tail", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return good(run)[:-1]


@attack("trailing bytes", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return good(run) + b"\0"


@attack("two packets in one", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return good(run) * 2


@attack("a torn write: the end is zeros", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    data = good(run)
    return data[:100] + bytes(len(data) - 100)


@attack("more bytes than an envelope has", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return bytes(packet.MAX_ENVELOPE_BYTES + 1)


@attack("a body above eight mebibytes", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return canonical([1, bytes(packet.MAX_BODY_BYTES + 1), bytes(4627)])


@attack("an indefinite-length envelope", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return b"\x9f" + good(run)[1:] + b"\xff"


@attack("a head that is not the shortest", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    data = good(run)
    return data[:1] + b"\x18\x01" + data[2:]


@attack("a float for a version", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    data = good(run)
    return data[:1] + b"\xf9\x3c\x00" + data[2:]


@attack("a map instead of an array", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return cbor2.dumps(dict(enumerate(cbor2.loads(good(run)))))


@attack("a map that says one key twice", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return b"\xa2\x00\x01\x00\x01"


@attack("nesting a thousand deep", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return b"\x81" * 1000 + b"\x00"


@attack("an array that claims 2**64 - 1 items", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return b"\x9b" + b"\xff" * 8


@attack("a tag that lenient readers drop", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return b"\xd9\xd9\xf7" + good(run)


@attack("a body of version 2", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    fields = cbor2.loads(packet.decode(good(run)).body)
    return canonical([1, canonical([2, *fields[1:]]), bytes(4627)])


@attack("a field that names an algorithm", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    fields = cbor2.loads(packet.decode(good(run)).body)
    return canonical([1, canonical([*fields, "none"]), bytes(4627)])


@attack("an empty payload", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    fields = cbor2.loads(packet.decode(good(run)).body)
    return canonical([1, canonical([*fields[:8], b""]), bytes(4627)])


@attack("a sequence number that overflows", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    fields = cbor2.loads(packet.decode(good(run)).body)
    return canonical([1, canonical([*fields[:2], 1 << 63, *fields[3:]]), bytes(4627)])


@attack("no signature", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    return canonical([1, packet.decode(good(run)).body, b""])


# 2 to 5 place


@attack("a packet of another ledger", Refusal.WRONG_LEDGER)
def _(run: Run) -> bytes:
    return Run(found(MACHINES, genesis(name="other"))).signed("sam", NOTHING)


@attack("the same packet again", Refusal.WRONG_SEQUENCE)
def _(run: Run) -> bytes:
    data = good(run)
    assert not isinstance(run.submit(data), Refusal)
    return data


@attack("a packet out of a later place", Refusal.WRONG_SEQUENCE)
def _(run: Run) -> bytes:
    return run.signed("sam", NOTHING, seq=run.world.seq + 2)


@attack("a packet for genesis's place", Refusal.MALFORMED)
def _(run: Run) -> bytes:
    fields = cbor2.loads(packet.decode(good(run)).body)
    return canonical([1, canonical([*fields[:2], 0, *fields[3:]]), bytes(4627)])


@attack("another body under a sequence number that is taken", Refusal.WRONG_SEQUENCE)
def _(run: Run) -> bytes:
    other = run.signed("sam", Transactions(((Order("other", [1]),),)))
    assert not isinstance(run.submit(good(run)), Refusal)
    return other


@attack("a fork: the next packet after a sibling of the last", Refusal.WRONG_PREVIOUS)
def _(run: Run) -> bytes:
    sibling = packet.decode(run.signed("sam", Transactions(((Order("other", [1]),),))))
    assert not isinstance(run.submit(good(run)), Refusal)
    return run.signed("sam", NOTHING, previous=sibling.id)


@attack("the previous packet left out", Refusal.WRONG_PREVIOUS)
def _(run: Run) -> bytes:
    ledger = run.world.head
    assert not isinstance(run.submit(good(run)), Refusal)
    return run.signed("sam", NOTHING, previous=ledger)


# 6 and 7 time


@attack("time set back by a microsecond", Refusal.TIME_BACKWARD)
def _(run: Run) -> bytes:
    assert not isinstance(run.submit(good(run)), Refusal)
    return run.signed("sam", NOTHING, time_us=run.time_us - 1)


@attack("a tick that sets time back", Refusal.TIME_BACKWARD)
def _(run: Run) -> bytes:
    assert not isinstance(run.submit(good(run)), Refusal)
    return run.signed("olga", Tick(), time_us=0)


@attack("a transaction from the far future", Refusal.TIME_STEP)
def _(run: Run) -> bytes:
    assert not isinstance(run.submit(good(run)), Refusal)
    return run.signed("sam", NOTHING, time_us=packet.MAX_NUMBER)


@attack("a day and a microsecond later", Refusal.TIME_STEP)
def _(run: Run) -> bytes:
    assert not isinstance(run.submit(good(run)), Refusal)
    return run.signed("sam", NOTHING, time_us=run.time_us + MAX_STEP_US + 1)


# 8 to 11 keys


@attack("a key that nobody enrolled", Refusal.KEY_UNKNOWN)
def _(run: Run) -> bytes:
    return run.signed("mallory", NOTHING)


@attack("a key id that shares 31 bytes with an enrolled one", Refusal.KEY_UNKNOWN)
def _(run: Run) -> bytes:
    real = name_of("sam")
    near = KeyId(real[:31] + bytes((real[31] ^ 1,)))
    return sign(run.packet("sam", NOTHING, key=near), signer("sam"))


@attack("nobody's key, who signed genesis", Refusal.KEY_UNKNOWN)
def _(run: Run) -> bytes:
    return sign(run.packet("sam", NOTHING, key=KeyId(bytes(32))), signer("sam"))


@attack("a key revoked by the packet before", Refusal.KEY_REVOKED)
def _(run: Run) -> bytes:
    assert run.ask("sam", keys.Revoke(name_of("sam"), keys.Reason.KEY_COMPROMISE)) == "yes"
    return good(run)


@attack("a key revoked from this very sequence number", Refusal.KEY_REVOKED)
def _(run: Run) -> bytes:
    revoke = keys.Revoke(name_of("sam"), keys.Reason.SUPERSEDED, from_seq=3)
    assert run.ask("ada", revoke) == "yes"
    assert not isinstance(run.submit(good(run)), Refusal)
    return good(run)


@attack("a key past its expiry", Refusal.KEY_EXPIRED)
def _(run: Run) -> bytes:
    run.idle(3)
    return run.signed("tim", NOTHING)


@attack("an old key after its rotation's overlap", Refusal.KEY_EXPIRED)
def _(run: Run) -> bytes:
    rotate = keys.Rotate(name_of("sam"), Profile.ML_DSA_87, signer("sam2").public_key, 1, None, b"")
    assert run.ask("sam", rotate, "sam2") == "yes"
    assert not isinstance(run.submit(good(run)), Refusal)
    return good(run)


@attack("a key that waits for its activation", Refusal.KEY_NOT_ACTIVE)
def _(run: Run) -> bytes:
    return run.signed("sue", NOTHING)


@attack("a key in the very packet that enrols it", Refusal.KEY_UNKNOWN)
def _(run: Run) -> bytes:
    command = proved(run.world.ledger, enrol("new", keys.Role.ROOT), "new")
    return run.signed("new", Transactions(((order(command),),)))


# 12 signature


@attack("one bit of the signature flipped", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    data = bytearray(good(run))
    data[-1] ^= 1
    return bytes(data)


@attack("a signature one byte short", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    signed = packet.decode(good(run))
    return packet.encode(signed.body, signed.signature[:-1])


@attack("a signature one byte long", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    signed = packet.decode(good(run))
    return packet.encode(signed.body, signed.signature + b"\0")


@attack("a signature of zeros", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    return packet.encode(packet.decode(good(run)).body, bytes(4627))


@attack("another person's signature", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    return sign(run.packet("sam", NOTHING), signer("ada"))


@attack("a signature of another packet by the same key", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    other = packet.decode(run.signed("sam", NOTHING, time_us=run.time_us + 1))
    return packet.encode(packet.decode(good(run)).body, other.signature)


@attack("an amount changed after signing", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    paid = Transactions(((Order("ledger", [3, 1, 1000]),),))
    signed = packet.decode(run.signed("sam", paid))
    body = signed.body.replace(canonical(1000), canonical(1001))
    return packet.encode(body, signed.signature)


@attack("a signature under no context", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    body = run.packet("sam", NOTHING).to_bytes()
    return packet.encode(body, signer("sam").sign(packet.signing_message(body), b""))


@attack("a signature under the context of proofs of possession", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    body = run.packet("sam", NOTHING).to_bytes()
    message = packet.signing_message(body)
    return packet.encode(body, signer("sam").sign(message, keys.POSSESSION_CONTEXT))


@attack("a signature over the body instead of its identity", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    body = run.packet("sam", NOTHING).to_bytes()
    return packet.encode(body, signer("sam").sign(body, packet.CONTEXT))


@attack("a downgrade to ML-DSA-44 under an ML-DSA-87 key's name", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    return sign(run.packet("sam", NOTHING), signer("sam", Profile.ML_DSA_44))


@attack("an ML-DSA-87 signature under an ML-DSA-44 key's name", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    small = name_of("small", Profile.ML_DSA_44)
    return sign(run.packet("sam", NOTHING, key=small), signer("small"))


@attack("a round-3 Dilithium-5 signature", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    return packet.encode(packet.decode(good(run)).body, bytes(4595))


@attack("an Ed25519 signature", Refusal.BAD_SIGNATURE)
def _(run: Run) -> bytes:
    return packet.encode(packet.decode(good(run)).body, bytes(64))


# 13 and 14 cosigners


@attack("a cosignature by the signer itself", Refusal.COSIGNER_UNUSABLE)
def _(run: Run) -> bytes:
    return run.signed("ada", Upgrade("keys", 2, 99), "ada")


@attack("a cosignature by a key that waits", Refusal.COSIGNER_UNUSABLE)
def _(run: Run) -> bytes:
    return run.signed("ada", Upgrade("keys", 2, 99), "bob", "sue")


@attack("a line that signs with its old and its new key", Refusal.COSIGNER_UNUSABLE)
def _(run: Run) -> bytes:
    rotate = keys.Rotate(name_of("ada"), Profile.ML_DSA_87, signer("ada2").public_key, 9, None, b"")
    assert run.ask("ada", rotate, "ada2") == "yes"
    return run.signed("ada", Upgrade("keys", 2, 99), "ada2")


@attack("a cosignature of another packet", Refusal.BAD_COSIGNATURE)
def _(run: Run) -> bytes:
    other = packet.decode(run.signed("ada", Upgrade("keys", 2, 98), "bob"))
    signed = packet.decode(run.signed("ada", Upgrade("keys", 2, 99)))
    return packet.encode(signed.body, signed.signature, other.cosignatures)


@attack("a cosignature of a wrong length", Refusal.BAD_COSIGNATURE)
def _(run: Run) -> bytes:
    signed = packet.decode(run.signed("ada", Upgrade("keys", 2, 99)))
    return packet.encode(
        signed.body, signed.signature, (packet.Cosignature(name_of("bob"), b"yes"),)
    )


# 15 to 18 what it asks


@attack("a kind that does not exist", Refusal.BAD_PAYLOAD)
def _(run: Run) -> bytes:
    return run.signed("sam", NOTHING, kind=5)


@attack("a payload that is not canonical", Refusal.BAD_PAYLOAD)
def _(run: Run) -> bytes:
    return run.signed("sam", NOTHING, payload=b"\x9f\xff")


@attack("a payload with bytes behind it", Refusal.BAD_PAYLOAD)
def _(run: Run) -> bytes:
    return run.signed("olga", Tick(), payload=b"\x80\x80")


@attack("a tick's payload in a packet of transactions", Refusal.BAD_PAYLOAD)
def _(run: Run) -> bytes:
    return run.signed("sam", NOTHING, payload=b"\x80")


@attack("a resume while nothing is halted", Refusal.WRONG_HALT)
def _(run: Run) -> bytes:
    return run.signed("ada", Resume(Digest(bytes(32))), "bob", "cy")


@attack("a submitter's tick", Refusal.LACKS_ROLE)
def _(run: Run) -> bytes:
    return run.signed("sam", Tick())


@attack("an operator's upgrade", Refusal.LACKS_ROLE)
def _(run: Run) -> bytes:
    return run.signed("olga", Upgrade("keys", 2, 99), "ada", "bob", "cy")


@attack("one root's upgrade", Refusal.LACKS_THRESHOLD)
def _(run: Run) -> bytes:
    return run.signed("ada", Upgrade("keys", 2, 99), "olga", "sam")


# 19 possession


@attack("an enrolment proved by another key", Refusal.BAD_POSSESSION)
def _(run: Run) -> bytes:
    command = proved(run.world.ledger, enrol("new", keys.Role.SUBMITTER), "sam")
    return run.signed("olga", Transactions(((order(command),),)))


@attack("a rotation signed by the old key alone", Refusal.BAD_POSSESSION)
def _(run: Run) -> bytes:
    rotate = keys.Rotate(name_of("sam"), Profile.ML_DSA_87, signer("sam2").public_key, 1, None, b"")
    command = proved(run.world.ledger, rotate, "sam")
    return run.signed("sam", Transactions(((order(command),),)))


@attack("a rotation signed by the new key alone", Refusal.KEY_UNKNOWN)
def _(run: Run) -> bytes:
    rotate = keys.Rotate(name_of("sam"), Profile.ML_DSA_87, signer("sam2").public_key, 1, None, b"")
    command = proved(run.world.ledger, rotate, "sam2")
    return run.signed("sam2", Transactions(((order(command),),)))


@attack("a proof of possession from another ledger", Refusal.BAD_POSSESSION)
def _(run: Run) -> bytes:
    command = proved(Digest(bytes(32)), enrol("new", keys.Role.SUBMITTER), "new")
    return run.signed("olga", Transactions(((order(command),),)))


@attack("a proof of possession for lesser roles", Refusal.BAD_POSSESSION)
def _(run: Run) -> bytes:
    command = proved(run.world.ledger, enrol("new", keys.Role.SUBMITTER), "new")
    return run.signed("ada", Transactions(((order(replace(command, roles=(keys.Role.ROOT,))),),)))


@attack("a proof of possession in the second transaction of a packet", Refusal.BAD_POSSESSION)
def _(run: Run) -> bytes:
    right = proved(run.world.ledger, enrol("new", keys.Role.SUBMITTER), "new")
    wrong = proved(run.world.ledger, enrol("newer", keys.Role.SUBMITTER), "new")
    return run.signed("olga", Transactions(((order(right),), (order(wrong),))))
