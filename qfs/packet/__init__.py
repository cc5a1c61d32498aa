"""DRV packets: the only way by which time, chance and identity enter a ledger.

- Body: a canonical array of nine, positional, version first; no algorithm field, since the signing
  key's record fixes the algorithm. Identity: SHA-256 over the body alone, so that another
  signature on the same body never forks the chain.
- The signature is over the 32-byte identity under the context ``QFS/DRV/v1`` (FIPS 204 §5.2).
- The bytes that were verified are the bytes that are applied: a Signed keeps its body.
- Kinds of payload: one module each in ``kinds``; see ``KINDS``.
"""

from qfs.packet.batch import (
    BATCH_CONTEXT,
    MAX_BATCH,
    BatchPlace,
    batch,
    batch_message,
    whole_batch_message,
)
from qfs.packet.body import (
    CONTEXT,
    MAX_BODY_BYTES,
    MAX_NUMBER,
    SEED_BYTES,
    Packet,
    decode_body,
    draft,
    packet_id,
    signing_message,
)
from qfs.packet.envelope import (
    MAX_COSIGNATURES,
    MAX_ENVELOPE_BYTES,
    MAX_SIGNATURE_BYTES,
    Cosignature,
    Signed,
    decode,
    encode,
    encode_batched,
)
from qfs.packet.kinds import KINDS, action_of, payload_of

__all__ = [
    "BATCH_CONTEXT",
    "CONTEXT",
    "KINDS",
    "MAX_BATCH",
    "MAX_BODY_BYTES",
    "MAX_COSIGNATURES",
    "MAX_ENVELOPE_BYTES",
    "MAX_NUMBER",
    "MAX_SIGNATURE_BYTES",
    "SEED_BYTES",
    "BatchPlace",
    "Cosignature",
    "Packet",
    "Signed",
    "action_of",
    "batch",
    "batch_message",
    "decode",
    "decode_body",
    "draft",
    "encode",
    "encode_batched",
    "packet_id",
    "payload_of",
    "signing_message",
    "whole_batch_message",
]
