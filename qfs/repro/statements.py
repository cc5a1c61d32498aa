"""Signed statements: in-toto Statement v1 inside a DSSE envelope, signed with ML-DSA.

- The signature is over DSSE's plain PAE under the empty context, so that OpenSSL and every
  library with ML-DSA can check it.
- A statement's bytes are sorted JSON without spaces: the same facts give the same bytes.
- A verified payload comes back only from ``opened``; nothing reads an envelope without its key.
- Signatures are hedged and differ each time: they are verified, never regenerated.
- Source: in-toto Attestation Framework v1, DSSE v1.0.2 (protocol.md, envelope.md), FIPS 204 §5.2.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qfs.crypto import Profile, Signer, Verifier, key_id
from qfs.errors import InputError, ProofError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
MAX_BYTES = 16 * 1024 * 1024  # 16_777_216: an SBOM of 10,000 packages has 4 MB
_CONTEXT = b""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about."""

    name: str
    digest: tuple[tuple[str, str], ...]
    """Pairs of algorithm and value in hexadecimal; at least one."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim about its subjects."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Mapping[str, Any]

    def to_bytes(self) -> bytes:
        """Return the statement in sorted JSON."""
        return plain_json(
            {
                "_type": STATEMENT_TYPE,
                "subject": [{"name": s.name, "digest": dict(s.digest)} for s in self.subjects],
                "predicateType": self.predicate_type,
                "predicate": self.predicate,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Statement":
        """Return the statement; raises InputError for anything but a Statement v1."""
        document = _json(data, "statement")
        try:
            subjects = tuple(
                [
                    Subject(_text(s["name"]), tuple(sorted(_texts(s["digest"]).items())))
                    for s in document["subject"]
                ]
            )
            kind, predicate = _text(document["predicateType"]), document["predicate"]
            right = document["_type"] == STATEMENT_TYPE and bool(subjects)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"no in-toto statement ({error!r})", place="statement") from error
        if not right or not isinstance(predicate, dict):
            raise InputError("no in-toto Statement v1 with a subject", place="statement")
        return cls(subjects, kind, predicate)


def plain_json(value: object) -> bytes:
    """Return JSON with sorted keys, no spaces and no escapes beyond the needed ones."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding, which is what is signed."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sealed(statement: Statement, signer: Signer) -> bytes:
    """Return the DSSE envelope of a statement; raises ProviderFault."""
    payload = statement.to_bytes()
    signature = signer.sign(pae(PAYLOAD_TYPE, payload), _CONTEXT)
    name = key_id(signer.profile, signer.public_key).hex()
    document = {
        "payload": base64.b64encode(payload).decode("ascii"),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": name, "sig": base64.b64encode(signature).decode("ascii")}],
    }
    return json.dumps(document, indent=2, sort_keys=True).encode("ascii") + b"\n"


def opened(envelope: bytes, keys: Sequence[tuple[Profile, bytes]], verifier: Verifier) -> Statement:
    """Return the statement of an envelope that one of the keys signed.

    keys are (profile, raw public key). Raises InputError for bytes that are no envelope of an
    in-toto statement, ProofError if no key's signature is good.
    """
    document = _json(envelope, "envelope")
    try:
        payload = _decoded(document["payload"])
        kind = document["payloadType"]
        signatures = [_decoded(item["sig"]) for item in document["signatures"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"no DSSE envelope ({error!r})", place="envelope") from error
    if kind != PAYLOAD_TYPE:
        raise InputError(f"the payload is {kind!r}, not {PAYLOAD_TYPE!r}", place="envelope")
    message = pae(PAYLOAD_TYPE, payload)
    for signature in signatures[:16]:
        for profile, public_key in keys:
            if verifier.verify(profile, public_key, message, signature, _CONTEXT):
                return Statement.from_bytes(payload)
    raise ProofError(
        "no signature of the envelope is good under the given key",
        place="envelope",
        way_out="give the signer's public key; if it is the right one, do not trust the statement",
    )


def _json(data: bytes, place: str) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise InputError(f"{len(data)} bytes, more than {MAX_BYTES}", place=place)
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise InputError(f"no readable JSON ({error})", place=place) from error
    if not isinstance(document, dict):
        raise InputError("no JSON object", place=place)
    return document


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _decoded(text: object) -> bytes:
    """Return base64 in either alphabet (DSSE envelope.md allows both)."""
    if not isinstance(text, str):
        raise TypeError("no base64 text")
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"no base64 ({error})", place="envelope") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not value:
        raise TypeError(f"{value!r} is no digest set")
    return {_text(name): _text(item) for name, item in value.items()}
