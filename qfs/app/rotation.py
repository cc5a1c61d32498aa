"""Rotations that are due: what `qfs keys list --ledger`, `ledger state` and `doctor` warn of.

- Heights, never dates: each key's last quarter (``qfs.keys.schedule``), against the ledger's next
  packet.
- A warning changes nothing, and no exit code.
"""

from dataclasses import dataclass
from pathlib import Path

from qfs.app.keys import list_keys
from qfs.app.worlds import read_world
from qfs.crypto import KeyId
from qfs.kernel import World
from qfs.keys import MACHINE, Due, State, rotations, standing
from qfs.shell import providers


@dataclass(frozen=True, slots=True)
class Rotation:
    """A key whose time is bounded."""

    key: KeyId
    due: int
    """First packet at which its rotation is due."""
    expires: int
    """First packet that it may no longer sign."""
    overdue: bool
    """Whether the ledger's next packet is that one or a later one."""

    def document(self) -> dict[str, object]:
        """Return the rotation as it stands in JSON documents."""
        return {
            "key": self.key.hex(),
            "due": self.due,
            "expires": self.expires,
            "overdue": self.overdue,
        }

    def __str__(self) -> str:
        return f"key {self.key.hex()[:12]}: rotate from packet {self.due} on, before {self.expires}"


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """One key that a ledger knows."""

    name: str
    """Its name among the key files; empty when there is none."""
    key_id: str
    profile: str
    roles: tuple[str, ...]
    standing: str
    """At the ledger's next packet."""
    expires: int | None
    due: int | None
    """First packet at which its rotation is due; None for a key that has no end or no future."""
    overdue: bool
    """Whether its line's rotation is due."""

    def document(self) -> dict[str, object]:
        """Return the key as it stands in JSON documents."""
        return {
            "name": self.name,
            "key_id": self.key_id,
            "profile": self.profile,
            "roles": list(self.roles),
            "standing": self.standing,
            "expires": self.expires,
            "due": self.due,
            "overdue": self.overdue,
        }


@dataclass(frozen=True, slots=True)
class RegistryReport:
    """Every key of a ledger, in the order of the ids."""

    packets: int
    keys: tuple[RegisteredKey, ...]

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.keys.registry/1",
            "packets": self.packets,
            "keys": [one.document() for one in self.keys],
        }


def registry(ledger: Path, directory: Path, provider: str = providers.DEFAULT) -> RegistryReport:
    """Return the keys of a ledger, named as the key files in a directory; halts as `derive`."""
    world = read_world(ledger, providers.verifier(provider)).world
    names = {row.key_id: row.name for row in list_keys(directory).keys}
    state = world.states.get(MACHINE.name)
    if not isinstance(state, State):
        return RegistryReport(world.seq, ())
    seq = world.seq + 1
    due = {one.key: one.from_seq for one in rotations(state, seq)}
    rows = [
        RegisteredKey(
            name=names.get(key.hex(), ""),
            key_id=key.hex(),
            profile=record.profile.value,
            roles=tuple([role.name.lower() for role in record.roles]),
            standing=standing(record, seq).value,
            expires=record.expires,
            due=due.get(key),
            overdue=key in due and due[key] <= seq,
        )
        for key, record in state.keys.items()
    ]
    return RegistryReport(world.seq, tuple(rows))


def rotations_of(world: World) -> tuple[Rotation, ...]:
    """Return the rotations to come, the soonest first; none without a key registry."""
    state = world.states.get(MACHINE.name)
    if not isinstance(state, State):
        return ()
    seq = world.seq + 1
    return tuple([_rotation(one, seq) for one in rotations(state, seq)])


def _rotation(due: Due, seq: int) -> Rotation:
    return Rotation(due.key, due.from_seq, due.expires, due.from_seq <= seq)
