"""Sentences that stay true of the key registry, one event at a time and over the whole state."""

from dataclasses import replace

from qfs.crypto import SIZES, key_id
from qfs.kernel import DeltaInvariant, StateInvariant
from qfs.keys.events import Enrolled, Event, Recovered, Revoked, Rotated
from qfs.keys.state import KeyRecord, Role, State, record_of


def _keys_are_never_forgotten(before: State, event: Event, after: State) -> bool:
    grows = isinstance(event, Enrolled | Rotated | Recovered)
    return len(after.keys) == len(before.keys) + (1 if grows else 0)


def _revocations_only_come_sooner(before: State, event: Event, after: State) -> bool:
    if not isinstance(event, Revoked):
        return True
    old, new = record_of(before, event.key), record_of(after, event.key)
    if new.revoked_from is None:
        return False
    return old.revoked_from is None or new.revoked_from < old.revoked_from


def _keys_keep_their_identity(before: State, event: Event, after: State) -> bool:
    if isinstance(event, Rotated):
        old = record_of(before, event.old)
        return record_of(after, event.old) == replace(old, expires=event.retires)
    if isinstance(event, Enrolled):
        return event.record.principal == event.key
    return True


def _successors_inherit(before: State, event: Event, after: State) -> bool:
    if not isinstance(event, Rotated | Recovered):
        return True
    old = record_of(before, event.old)
    new = record_of(after, event.key)
    return new.principal == old.principal and new.roles == old.roles


DELTA_INVARIANTS: tuple[DeltaInvariant[State, Event], ...] = (
    DeltaInvariant("keys_are_never_forgotten", _keys_are_never_forgotten),
    DeltaInvariant("revocations_only_come_sooner", _revocations_only_come_sooner),
    DeltaInvariant("keys_keep_their_identity", _keys_keep_their_identity),
    DeltaInvariant("successors_inherit_principal_and_roles", _successors_inherit),
)


def _every_key_has_its_name(state: State) -> bool:
    return all(
        len(record.public_key) == SIZES[record.profile].public_key
        and key_id(record.profile, record.public_key) == key
        for key, record in state.keys.items()
    )


def _every_line_is_whole(state: State) -> bool:
    for principal, newest in state.newest.items():
        first = state.keys.get(principal)
        at = newest
        while first is not None and at != principal:
            before = state.before.get(at)
            if before is None or record_of(state, at).principal != principal:
                return False
            at = before
        if first is None:
            return False
    return all(record.principal in state.newest for _, record in state.keys.items())


def _every_root_is_listed(state: State) -> bool:
    roots = [key for key, record in state.keys.items() if _is_first_root(key, record)]
    return roots == state.roots.keys()


def _is_first_root(key: bytes, record: KeyRecord) -> bool:
    return key == record.principal and Role.ROOT in record.roles


def _reasons_go_with_revocations(state: State) -> bool:
    return all(
        (record.reason is None) == (record.revoked_from is None) for _, record in state.keys.items()
    )


STATE_INVARIANTS: tuple[StateInvariant[State], ...] = (
    StateInvariant("every_key_has_its_name", _every_key_has_its_name),
    StateInvariant("every_line_is_whole", _every_line_is_whole),
    StateInvariant("every_root_is_listed", _every_root_is_listed),
    StateInvariant("reasons_go_with_revocations", _reasons_go_with_revocations),
)
