"""`qfs ledger init | state`: begin a ledger, show what it holds.

- A genesis names the machines ``keys``, ``ledger``, ``notary`` and, on request, ``holds`` and
  ``program``, and carries founding orders: the root keys, the operators (the first owns the
  ledger's own accounts), the submitters.
- Whatever reads a ledger re-derives it: signatures verified, every root compared.
- Amounts are decimal text without trailing zeros; keys and digests are hexadecimal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.program import ProgramReport, compared, read_certificate, requiring
from qfs.app.rotation import Rotation, rotations_of
from qfs.app.worlds import derive_all, last_of
from qfs.canon import Digest
from qfs.crypto import KeyId
from qfs.errors import ProofError, UsageError
from qfs.kernel import Genesis, Order, World, found
from qfs.keys import COMMANDS as KEY_COMMANDS
from qfs.keys import Enrol, Role
from qfs.ledger import COMMANDS, TOKENS, Found, State, written
from qfs.ledger.state import account_of
from qfs.machines.settlement.holds.commands import COMMANDS as HOLDS
from qfs.machines.settlement.holds.commands import Found as FoundHolds
from qfs.machines.trust.program import Certificate
from qfs.reactions.escrow import HELD, OPENING
from qfs.shell import keystore, log, providers
from qfs.shell.keystore import PublicKey

DEFAULT_NAME = "ledger"


@dataclass(frozen=True, slots=True)
class InitRequest:
    """With what a ledger begins; each path is a public key's file."""

    directory: Path
    root_keys: tuple[Path, ...]
    operators: tuple[Path, ...]
    submitters: tuple[Path, ...] = ()
    name: str = DEFAULT_NAME
    holds: bool = False
    """Whether transfers across packets are enabled: the machine holds and its escrow account."""
    certificate: Path | None = None
    """Of `qfs certify`: the program that replicas must run; signed by one of the keys."""


@dataclass(frozen=True, slots=True)
class InitReport:
    """A ledger that has begun."""

    name: str
    ledger: Digest
    """Its identity: digest of the genesis record."""
    state_root: Digest
    keys: tuple[tuple[str, str], ...]
    """(key id, role), in the order of enrolment."""
    program: ProgramReport | None = None
    """The program that it requires, and the one that runs here; None if it requires none."""

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.init/1",
            "name": self.name,
            "ledger": self.ledger.hex(),
            "state_root": self.state_root.hex(),
            "keys": [{"key": key, "role": role} for key, role in self.keys],
            "program": None if self.program is None else self.program.document(),
        }


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account, as text."""

    id: int
    owner: str
    nonce: int
    balances: tuple[tuple[str, str], ...]
    """(symbol, amount), in the order of the tokens."""


@dataclass(frozen=True, slots=True)
class StateReport:
    """What a ledger holds."""

    name: str
    ledger: Digest
    packets: int
    state_root: Digest
    accounts: tuple[AccountRow, ...]
    tokens: tuple[tuple[str, str, str], ...]
    """(symbol, issued, cap)."""
    rotations: tuple[Rotation, ...] = ()
    """Keys that are to be rotated, the soonest first."""

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.state/1",
            "name": self.name,
            "ledger": self.ledger.hex(),
            "packets": self.packets,
            "state_root": self.state_root.hex(),
            "accounts": [
                {
                    "id": row.id,
                    "owner": row.owner,
                    "nonce": row.nonce,
                    "balances": dict(row.balances),
                }
                for row in self.accounts
            ],
            "tokens": [
                {"symbol": symbol, "issued": issued, "cap": cap}
                for symbol, issued, cap in self.tokens
            ],
            "rotations": [one.document() for one in self.rotations],
        }


def init(request: InitRequest) -> InitReport:
    """Begin a ledger in a directory that holds none.

    Raises UsageError without a root key and an operator, or for a key given twice; InputError for
    a key or certificate that cannot be read, ProofError for a certificate of somebody else's.
    """
    for option, paths in (("--root-key", request.root_keys), ("--operator", request.operators)):
        if not paths:
            raise UsageError("a ledger needs one at least", place=option, way_out="give a key file")
    enrolled = [
        *[(keystore.read_public(path), Role.ROOT) for path in request.root_keys],
        *[(keystore.read_public(path), Role.OPERATOR) for path in request.operators],
        *[(keystore.read_public(path), Role.SUBMITTER) for path in request.submitters],
    ]
    ids = [key.id for key, _ in enrolled]
    for place, key in enumerate(ids):
        if key in ids[:place]:
            raise UsageError(
                f"key {key.hex()} is given twice", way_out="give each key one role at genesis"
            )
    genesis = founding(request.name, enrolled, holds=request.holds)
    if request.certificate is not None:
        genesis = requiring(genesis, *_certified(request.certificate, enrolled))
    world = found(MACHINES, genesis, REACTIONS)
    log.create(request.directory, genesis.to_bytes(), world.root).close()
    keys = tuple([(key.id.hex(), role.name.lower()) for key, role in enrolled])
    return InitReport(request.name, world.ledger, world.root, keys, compared(world))


def founding(
    name: str, enrolled: Sequence[tuple[PublicKey, Role]], *, holds: bool = False
) -> Genesis:
    """Return the genesis of a ledger with these keys; the first operator owns its own accounts."""
    operators = [key.id for key, role in enrolled if role is Role.OPERATOR]
    orders = [
        Order("keys", KEY_COMMANDS.pack(Enrol(key.profile, key.raw, (role,))))
        for key, role in enrolled
    ]
    orders.append(Order("ledger", COMMANDS.pack(Found(operators[0], tuple(operators[1:])))))
    machines = [("keys", 1), ("ledger", 1), ("notary", 1)]
    if holds:
        machines.insert(0, ("holds", 1))
        orders += [OPENING, Order("holds", HOLDS.pack(FoundHolds(HELD)))]
    return Genesis(name, tuple(machines), tuple(orders))


def _certified(
    path: Path, enrolled: Sequence[tuple[PublicKey, Role]]
) -> tuple[Certificate, list[KeyId]]:
    """Return a certificate that one of the keys signed, and who may certify the next one."""
    for key, _ in enrolled:
        try:
            certificate = read_certificate(path, key)
        except ProofError:
            continue
        roots = [key.id for key, role in enrolled if role is Role.ROOT]
        return certificate, [*roots, *([] if key.id in roots else [key.id])]
    raise ProofError(
        "none of the ledger's keys signed it",
        place=str(path),
        way_out="certify with a key that the ledger begins with",
    )


def state(directory: Path, provider: str = providers.DEFAULT) -> StateReport:
    """Return what a ledger holds after its last packet, re-derived; halts when it cannot be."""
    reading, corrupt = log.survey(directory)
    verifier = providers.verifier(provider)
    steps = derive_all(directory, reading, verifier=verifier, corrupt=corrupt)
    world = last_of(steps).world
    genesis = Genesis.from_bytes(reading.frames[0].body)
    ledger = ledger_of(world)
    return StateReport(
        name=genesis.name,
        ledger=world.ledger,
        packets=world.seq,
        state_root=world.root,
        accounts=tuple(
            [
                AccountRow(
                    account,
                    row.owner.hex(),
                    row.nonce,
                    tuple(
                        [
                            (spec.symbol, written(balance, spec.decimals))
                            for spec, balance in zip(TOKENS, row.balances, strict=True)
                        ]
                    ),
                )
                for account, row in ledger.accounts.items()
            ]
        ),
        tokens=tuple(
            [
                (
                    spec.symbol,
                    written(
                        spec.cap_minor - account_of(ledger, spec.issuance).balances[number],
                        spec.decimals,
                    ),
                    written(spec.cap_minor, spec.decimals),
                )
                for number, spec in enumerate(TOKENS)
            ]
        ),
        rotations=rotations_of(world),
    )


def ledger_of(world: World) -> State:
    """Return the ledger machine's state; raises UsageError in a world without it."""
    ledger = world.states.get("ledger")
    if not isinstance(ledger, State) or not len(ledger.accounts):
        raise UsageError(
            "this world has no founded ledger machine",
            way_out="make one with qfs ledger init",
        )
    return ledger
