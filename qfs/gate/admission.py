"""The order of checks, one Refusal each; the first that fails is the answer.

1. the bytes are an envelope and a body, canonical and within their limits;
2. the ledger; 3. whether the ledger is halted; 4. the sequence number; 5. the previous packet;
6. time does not go back; 7. nor more than a day ahead, ticks and the first packet excepted;
8. the key is enrolled; 9. not revoked; 10. not expired; 11. activated;
12. the signature, its own or its batch's, then 13. each cosigner's standing and 14. signature;
15. the kind and its payload; 16. the halt that a resume names; 17. the role for the kind;
18. the root threshold for upgrades and resumes; 19. each new key's proof of possession.

- Checks 1 to 11 cost no public-key operation and leave the payload unread.
- All is checked against the world after the previous packet, never a clock. Source: FIPS 204 §5.3.
"""

from dataclasses import dataclass
from enum import Enum

from qfs import packet as packet_
from qfs.canon import Digest
from qfs.crypto import SIZES, KeyId, Profile, Verifier
from qfs.errors import CanonError, ProofError, ProviderFault
from qfs.halt import Code
from qfs.kernel import Action, Admitted, Resume, Tick, Transactions, World
from qfs.keys import (
    MACHINE,
    POSSESSION_CONTEXT,
    KeyRecord,
    Role,
    Standing,
    State,
    possession_of,
    roots_standing,
    standing,
    threshold,
)
from qfs.packet import BATCH_CONTEXT, CONTEXT, Packet, Signed

MAX_STEP_US = 86_400 * 1_000_000  # 86_400_000_000: one day
_KIND_OF = {kind.action: kind.number for kind in packet_.KINDS}
_TICK = _KIND_OF[Tick]
_RESUME = _KIND_OF[Resume]


class Refusal(Enum):
    """Why a packet is not admitted; the number is the check's place in the order."""

    MALFORMED = 1
    """The bytes are no canonical envelope around a canonical body, or too many."""
    WRONG_LEDGER = 2
    """The packet belongs to another ledger."""
    HALTED = 3
    """The ledger is halted: it takes nothing but a resume."""
    WRONG_SEQUENCE = 4
    """The sequence number is not the next one: a replay, a gap or a reordering."""
    WRONG_PREVIOUS = 5
    """The packet follows another packet than the last one: a fork."""
    TIME_BACKWARD = 6
    """The time is before the previous packet's."""
    TIME_STEP = 7
    """The time is more than 86,400 s after the previous packet's, and the packet is no tick."""
    KEY_UNKNOWN = 8
    """No such key is enrolled."""
    KEY_REVOKED = 9
    """The key is revoked from this sequence number on."""
    KEY_EXPIRED = 10
    """The key has expired, or a rotation retired it."""
    KEY_NOT_ACTIVE = 11
    """The key may not sign yet."""
    BAD_SIGNATURE = 12
    """The signature is not the key's over this packet, under the packet context."""
    COSIGNER_UNUSABLE = 13
    """A cosigning key is unknown, unusable, or of a line that has signed already."""
    BAD_COSIGNATURE = 14
    """A cosignature is not its key's over this packet."""
    BAD_PAYLOAD = 15
    """The kind is unknown, or the payload is not one of its kind."""
    WRONG_HALT = 16
    """A resume that names no halt, or another than the one that stands."""
    LACKS_ROLE = 17
    """The key's line has no role that may send this kind."""
    LACKS_THRESHOLD = 18
    """Fewer root lines signed than an upgrade or a resume needs."""
    BAD_POSSESSION = 19
    """A new key's proof of possession is not its own over this command."""

    @property
    def subcode(self) -> str:
        """The code on the committed log, where the refusal is a halt: ``302.02.12``."""
        return f"{Code.PACKET_REFUSED.value}.{self.value:02}"


def verify(
    data: bytes, world: World, verifier: Verifier, *, halted: Digest | None = None
) -> Admitted | Refusal:
    """Return what the kernel may apply after world, or the first reason why not.

    halted is the digest of the halt record that stands, None while none does. Total over data;
    raises ProviderFault when the verifier cannot answer, and that is no verdict.
    """
    return _admit(data, world, verifier, halted)


def admit_trusted(data: bytes, world: World, *, halted: Digest | None = None) -> Admitted | Refusal:
    """Return what `verify` would if every signature and proof of possession were good.

    For replays that trust the log's signatures: needs no provider, the standard library alone.
    """
    return _admit(data, world, None, halted)


@dataclass(frozen=True, slots=True)
class _Signers:
    """Who signed: the packet's own record, and the principals of all that did."""

    record: KeyRecord
    principals: tuple[KeyId, ...]


def _admit(
    data: bytes, world: World, verifier: Verifier | None, halted: Digest | None
) -> Admitted | Refusal:
    try:
        signed = packet_.decode(data)
    except CanonError:
        return Refusal.MALFORMED
    packet = signed.packet
    refused = _place(packet, world, halted) or _time(packet, world)
    if refused is not None:
        return refused
    keys = world.states.get(MACHINE.name)
    if not isinstance(keys, State):
        return Refusal.KEY_UNKNOWN
    identity = signed.id
    signers = _signers(signed, identity, keys, verifier)
    if isinstance(signers, Refusal):
        return signers
    action = _action(packet, halted)
    if isinstance(action, Refusal):
        return action
    refused = _authority(action, signers, keys, packet.seq)
    if refused is None and verifier is not None:
        refused = _possessions(action, packet.ledger, verifier)
    if refused is not None:
        return refused
    return Admitted(
        ledger=packet.ledger,
        seq=packet.seq,
        packet=identity,
        previous=packet.previous,
        time_us=packet.time_us,
        actor=signers.record.principal,
        seed=packet.seed,
        action=action,
        cosigners=signers.principals[1:],
    )


def _place(packet: Packet, world: World, halted: Digest | None) -> Refusal | None:
    """Make checks 2 to 5."""
    if packet.ledger != world.ledger:
        return Refusal.WRONG_LEDGER
    if halted is not None and packet.kind != _RESUME:
        return Refusal.HALTED
    if packet.seq != world.seq + 1:
        return Refusal.WRONG_SEQUENCE
    if packet.previous != world.head:
        return Refusal.WRONG_PREVIOUS
    return None


def _time(packet: Packet, world: World) -> Refusal | None:
    """Make checks 6 and 7; packet 1 starts the ledger's time."""
    if packet.time_us < world.time_us:
        return Refusal.TIME_BACKWARD
    if packet.seq == 1 or packet.kind == _TICK:
        return None
    return Refusal.TIME_STEP if packet.time_us - world.time_us > MAX_STEP_US else None


_UNUSABLE = {
    Standing.REVOKED: Refusal.KEY_REVOKED,
    Standing.DEACTIVATED: Refusal.KEY_EXPIRED,
    Standing.PRE_ACTIVE: Refusal.KEY_NOT_ACTIVE,
}


def _signers(
    signed: Signed, identity: Digest, keys: State, verifier: Verifier | None
) -> _Signers | Refusal:
    """Make checks 8 to 14; the packet's identity is what is signed."""
    seq = signed.packet.seq
    record = keys.keys.get(signed.packet.key)
    if record is None:
        return Refusal.KEY_UNKNOWN
    unusable = _UNUSABLE.get(standing(record, seq))
    if unusable is not None:
        return unusable
    message: bytes = identity
    context = CONTEXT
    if signed.place is not None:
        try:
            message, context = signed.place.message(identity), BATCH_CONTEXT
        except ProofError:
            return Refusal.BAD_SIGNATURE
    if not _good(verifier, record, message, signed.signature, context):
        return Refusal.BAD_SIGNATURE
    if not signed.cosignatures:
        return _Signers(record, (record.principal,))
    principals = [record.principal]
    for cosignature in signed.cosignatures:
        other = keys.keys.get(cosignature.key)
        if other is None or standing(other, seq) is not Standing.ACTIVE:
            return Refusal.COSIGNER_UNUSABLE
        if other.principal in principals:
            return Refusal.COSIGNER_UNUSABLE
        if not _good(verifier, other, message, cosignature.signature, CONTEXT):
            return Refusal.BAD_COSIGNATURE
        principals.append(other.principal)
    return _Signers(record, tuple(principals))


def _action(packet: Packet, halted: Digest | None) -> Action | Refusal:
    """Make checks 15 and 16."""
    try:
        action = packet_.action_of(packet.kind, packet.payload)
    except CanonError:
        return Refusal.BAD_PAYLOAD
    if isinstance(action, Resume) and action.halt != halted:
        return Refusal.WRONG_HALT
    return action


def _authority(action: Action, signers: _Signers, keys: State, seq: int) -> Refusal | None:
    """Make checks 17 and 18; transactions need no role here: each machine knows who may do what."""
    roles = signers.record.roles
    if isinstance(action, Transactions):
        return None
    if isinstance(action, Tick):
        may_tick = Role.OPERATOR in roles or Role.ROOT in roles
        return None if may_tick else Refusal.LACKS_ROLE
    if Role.ROOT not in roles:
        return Refusal.LACKS_ROLE
    roots = roots_standing(keys, seq)
    agreed = len([principal for principal in signers.principals if principal in roots])
    return None if agreed >= threshold(keys, seq) else Refusal.LACKS_THRESHOLD


def _possessions(action: Action, ledger: Digest, verifier: Verifier) -> Refusal | None:
    """Make check 19; an order that carries no proof is left to its machine."""
    if not isinstance(action, Transactions):
        return None
    for group in action.groups:
        for order in group:
            proof = possession_of(ledger, order.record) if order.machine == MACHINE.name else None
            if proof is None:
                continue
            if not _verified(
                verifier,
                proof.profile,
                proof.public_key,
                proof.message,
                proof.signature,
                context=POSSESSION_CONTEXT,
            ):
                return Refusal.BAD_POSSESSION
    return None


def _good(
    verifier: Verifier | None, record: KeyRecord, message: bytes, signature: bytes, context: bytes
) -> bool:
    """Say whether a packet signature is the key's; without a verifier it is trusted to be."""
    if verifier is None:
        return len(signature) == SIZES[record.profile].signature
    return _verified(
        verifier, record.profile, record.public_key, message, signature, context=context
    )


def _verified(
    verifier: Verifier,
    profile: Profile,
    public_key: bytes,
    message: bytes,
    signature: bytes,
    *,
    context: bytes,
) -> bool:
    """Return the verifier's answer.

    None or 1 is no answer: an old binding that says so would accept everything.
    """
    if len(signature) != SIZES[profile].signature:
        return False
    answer: object = verifier.verify(profile, public_key, message, signature, context)
    if answer is True:
        return True
    if answer is False:
        return False
    raise ProviderFault(
        f"{type(answer).__name__} is no answer",
        place=verifier.name,
        way_out="a Verifier returns True or False; run qfs doctor",
    )
