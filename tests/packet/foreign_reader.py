"""A reader of logs, packets and trails, written from docs/reference alone: nothing of QFS in it.

- cbor2 reads, cryptography verifies; RFC 9162's tree is written out again.
- What it says is compared with what QFS says in test_foreign_reader.py.
"""

import struct
from hashlib import sha256
from pathlib import Path

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mldsa

PREFIX = bytes.fromhex("30820a32300b060960864801650304031303820a2100")  # ML-DSA-87
AUDITED = {"keys": {}, "notary": {1: 5, 2: 6}}


def canonical(data: bytes):
    value = cbor2.loads(data)
    if cbor2.dumps(value) != data:
        raise ValueError("not canonical")
    return value


def frames(segment: Path) -> list[bytes]:
    """log.md, Frame."""
    data, at, chain, bodies = segment.read_bytes(), 0, bytes(32), []
    while at < len(data):
        header = data[at : at + 64]
        magic, length, _, _ = struct.unpack("<8sIQQ", header[:28])
        if magic == b"QFSLOG1\n":
            body = data[at + 64 : at + 64 + length]
            root = data[at + 64 + length : at + 96 + length]
            chain = sha256(chain + header[:28] + body + root).digest()
            bodies.append(body)
            at += 32 + length
        if header[28:60] != chain:
            raise ValueError("the chain breaks")
        at += 64
    return bodies


def digest(tag: str, data: bytes) -> bytes:
    return sha256(bytes([len(tag)]) + tag.encode() + data).digest()


def founding_keys(genesis: bytes) -> dict[bytes, bytes]:
    """Key id -> raw ML-DSA-87 key, of the Enrol orders [1, 1, profile, key, ...] in genesis."""
    orders = canonical(genesis)[3]
    found = [record[3] for machine, record in orders if machine == "keys" and record[0] == 1]
    return {sha256(PREFIX + raw).digest(): raw for raw in found}


def verified(envelope: bytes, keys: dict[bytes, bytes]) -> tuple[bytes, list]:
    """packets.md: the packet id and the body's nine fields; raises InvalidSignature, ValueError."""
    form, body, signature, *rest = canonical(envelope)
    fields = canonical(body)
    if fields[0] != 1 or len(fields) != 9:
        raise ValueError("no packet body")
    identity = sha256(body).digest()
    signers = [(fields[6], signature)] + ([tuple(one) for one in rest[0]] if form == 2 else [])
    message, context = identity, b"QFS/DRV/v1"
    if form == 3:
        index, size, path = rest[0]
        root = sha256(b"\0" + identity).digest()
        last = size - 1
        for sibling in path:  # RFC 9162 §2.1.3.2
            if index & 1 or index == last:
                root = sha256(b"\1" + sibling + root).digest()
                while not index & 1 and index:
                    index, last = index >> 1, last >> 1
            else:
                root = sha256(b"\1" + root + sibling).digest()
            index, last = index >> 1, last >> 1
        message, context = digest("qfs/batch/1", cbor2.dumps([size, root])), b"QFS/BATCH/v1"
    for key, one in signers:
        public = serialization.load_der_public_key(PREFIX + keys[key])
        if not isinstance(public, mldsa.MLDSA87PublicKey):
            raise InvalidSignature
        public.verify(one, message, context)
    return identity, fields


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def trail(bodies: list[bytes]) -> list[bytes]:
    """packets.md, The audit trail: every entry, for a log whose orders all got a yes."""
    ledger, keys = digest("qfs/genesis/1", bodies[0]), founding_keys(bodies[0])
    entries: list[bytes] = []

    def add(seq, packet, time_us, actor, machine, content, kind):
        leaves = [sha256(b"\0" + one).digest() for one in entries]
        judged = kind != 6 or content[-2:] == [len(leaves), root_of(leaves)]
        data = cbor2.dumps(content)
        entry = [1, len(entries), leaves[-1] if leaves else ledger, kind, seq, packet, time_us]
        entry += [actor, machine, "" if judged else "NOT_THIS_TRAIL", sha256(data).digest(), data]
        entries.append(cbor2.dumps(entry))

    for machine, record in canonical(bodies[0])[3]:
        if machine in AUDITED:
            kind = AUDITED[machine].get(record[0], 1)
            add(0, ledger, 0, bytes(32), machine, record, kind)
    for body in bodies[1:]:
        packet, (_, _, seq, time_us, _, _, key, kind, payload) = verified(body, keys)
        value = canonical(payload)
        if kind == 1:
            for machine, record in [order for group in value for order in group]:
                if machine in AUDITED:
                    of = AUDITED[machine].get(record[0], 1)
                    add(seq, packet, time_us, key, machine, record, of)
        if kind == 2:
            add(seq, packet, time_us, key, value[0], value, 2)
        if kind == 4:
            add(seq, packet, time_us, key, "", value, 3)
            add(seq, packet, time_us, key, "", value, 4)
    return entries
