"""Scenarios: scripts of steps for a ledger, read strictly, each with the answer it expects.

- TOML: a header and ``[[step]]`` tables. JSON Lines: the header in the first line, then a step a
  line. ``scenario.schema.json`` beside this file describes both.
- Amounts are decimal text; accounts, tokens and keys have names. Whoever drafts fills in nonces
  and idempotency keys, unless a step says its own.
- Every error names file, line and column.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

from qfs.canon import digest
from qfs.crypto import KEY_ID_BYTES, KeyId
from qfs.errors import InputError
from qfs.kernel import TransactionRefusal
from qfs.ledger import (
    FEES,
    TOKENS,
    TREASURY,
    Assign,
    Burn,
    Delegate,
    Issue,
    Leg,
    OpenAccount,
    Refusal,
    Transact,
    Transfer,
    Undelegate,
    amount_of,
    token_number,
)
from qfs.ledger.commands import Command
from qfs.ledger.state import ACCOUNT_MAX, KEY_BYTES, NONCE_MAX
from qfs.machines.settlement.holds import commands as holds
from qfs.machines.settlement.holds.events import Refusal as HoldsRefusal
from qfs.machines.settlement.holds.state import HOLD_BYTES, PACKETS_MAX
from qfs.machines.settlement.holds.state import Leg as HoldLeg
from qfs.shell import scenario_files
from qfs.shell.scenario_files import Fields

SCHEMA = "qfs.scenario/1"
NAME_MAX = 64
BATCH_MAX = 10_000
STEP_US_DEFAULT = 1_000
TIME_MAX = (1 << 63) - 1
OWN_ACCOUNTS: Mapping[str, int] = {
    "fees": FEES,
    "treasury": TREASURY,
    **{f"issuance/{spec.symbol}": spec.issuance for spec in TOKENS},
}
"""Names that every scenario knows."""

KeyOf: TypeAlias = Callable[[str], KeyId]
"""From a key's name to its id; raises InputError for a name that nobody has."""
_REFUSALS = [member.name for cls in (Refusal, HoldsRefusal, TransactionRefusal) for member in cls]
FENCE_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Held:
    """What a step asks of the machine holds."""

    hold: bytes
    fence: int | None
    """The step's own fencing token; None: that of the hold's newest attempt."""
    command: Callable[[int, int, int], holds.Command]
    """(fencing token, the packet's number, the account's nonce) -> what is asked."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction: who asks what, and what the ledger is expected to answer."""

    place: str
    """``file:line:column``."""
    by: str
    """Name of the key that signs."""
    do: str
    start: int | None
    """Account whose nonce it uses; None for what uses none."""
    nonce: int | None
    """The step's own; None: the next one."""
    key: bytes | None
    """The step's own idempotency key; None: made from the scenario's name and the step's place."""
    expect: str | None
    """Name of the refusal that is expected; None: acceptance."""
    new_packet: bool
    """Whether a packet begins here, whatever the batch."""
    command: Callable[[KeyOf, int, bytes], Command] | None
    """(key id of a name, nonce, idempotency key) -> what is asked of the ledger; None: nothing."""
    held: Held | None = None
    """What is asked of holds instead."""

    @property
    def fills_in_its_key(self) -> bool:
        """Whether its idempotency key is made from the scenario's name and the step's place."""
        return self.start is not None and self.key is None and self.held is None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A script for one ledger."""

    name: str
    file: str
    batch: int
    """Most steps in a packet; a packet has one signer."""
    seed: bytes | None
    """From which each packet's seed is derived; None: fresh chance a packet."""
    start_time_us: int | None
    """Time of the first packet; None: the clock's."""
    step_time_us: int
    """Time between two packets, when start_time_us is given."""
    keys: Mapping[str, KeyId]
    """Key ids of names whose private key is not needed."""
    steps: tuple[Step, ...]


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a ``.toml`` or ``.jsonl`` file; raises InputError with its place."""
    nodes = scenario_files.read(path)
    if not nodes:
        raise InputError("empty", place=f"{path.name}:1:1", way_out="begin with the header")
    header = Fields(nodes[0])
    steps = header.list_("step", []) if path.suffix == ".toml" else nodes[1:]
    if header.text("schema") != SCHEMA:
        raise header.node("schema").error("another schema", f'write schema = "{SCHEMA}"')
    name = header.text("name")
    if not 1 <= len(name) <= NAME_MAX:
        raise header.node("name").error(f"a name of {len(name)} characters", f"1 to {NAME_MAX}")
    by = header.text("by", "")
    accounts = _accounts(header.table("accounts"))
    made = Scenario(
        name=name,
        file=path.name,
        batch=header.whole("batch", 1, BATCH_MAX, 1),
        seed=header.maybe_bytes("seed", 32),
        start_time_us=header.maybe_whole("start_time_us", 0, TIME_MAX),
        step_time_us=header.whole("step_time_us", 1, 86_400_000_000, STEP_US_DEFAULT),
        keys=_keys(header.table("keys")),
        steps=tuple([_step(Fields(node), by, accounts) for node in steps]),
    )
    header.end()
    return made


def key_of(scenario: Scenario, number: int) -> bytes:
    """Return the idempotency key of a step that names none: submitted twice, it is the same."""
    return digest("qfs/scenario-key/1", [scenario.name, number])[:KEY_BYTES]


def seed_of(seed: bytes, seq: int) -> bytes:
    """Return the seed of packet seq of a scenario with a seed."""
    return digest("qfs/scenario-seed/1", [seed, seq])


def _near(text: str) -> str:
    """Return the refusals whose names are like a text."""
    near = get_close_matches(text.upper(), _REFUSALS, n=3)
    return f"did you mean {', '.join(near)}?" if near else ""


def _accounts(fields: Fields) -> dict[str, int]:
    found = dict(OWN_ACCOUNTS)
    for name in fields.names():
        if name in OWN_ACCOUNTS:
            raise fields.node(name).error(f"{name!r} is the ledger's own", "choose another name")
        found[name] = fields.whole(name, 0, ACCOUNT_MAX)
    return found


def _keys(fields: Fields) -> dict[str, KeyId]:
    return {name: KeyId(fields.bytes_(name, KEY_ID_BYTES)) for name in fields.names()}


def _step(fields: Fields, by: str, accounts: Mapping[str, int]) -> Step:
    do = fields.text("do")
    form = _FORMS.get(do)
    if form is None:
        known = ", ".join(_FORMS)
        raise fields.node("do").error(f"{do!r} is nothing that a step does", f"use {known}")
    start, asked = form(_StepFields(fields, accounts))
    signer = fields.text("by", by)
    if not signer:
        raise fields.own.error("nobody signs this step", 'add by = "name of a key"')
    expect = fields.text("expect", "")
    if expect and expect not in _REFUSALS:
        raise fields.node("expect").error(
            f"{expect!r} is no refusal", _near(expect) or "qfs explain lists every one"
        )
    packet = fields.text("packet", "")
    if packet not in ("", "new"):
        raise fields.node("packet").error(f"packet {packet!r}", 'write "new", or nothing')
    fields.text("note", "")
    held = asked if isinstance(asked, Held) else None
    made = Step(
        place=fields.own.place,
        by=signer,
        do=do,
        start=start,
        nonce=None if start is None else fields.maybe_whole("nonce", 0, NONCE_MAX),
        key=None if start is None or held else fields.maybe_bytes("key", None),
        expect=expect or None,
        new_packet=packet == "new",
        command=None if isinstance(asked, Held) else asked,
        held=held,
    )
    fields.end()
    return made


@dataclass(frozen=True, slots=True)
class _StepFields:
    """A step's fields as the ledger's words."""

    fields: Fields
    accounts: Mapping[str, int]

    def account(self, name: str) -> int:
        """Return an account's id: by its name, or as it is."""
        node = self.fields.node(name)
        if type(node.value) is int:
            return self.fields.whole(name, 0, ACCOUNT_MAX)
        text = self.fields.text(name)
        found = self.accounts.get(text)
        if found is None:
            raise node.error(f"no account is called {text!r}", "name it under [accounts]")
        return found

    def token(self) -> int:
        """Return the number of the token."""
        text = self.fields.text("token")
        number = token_number(text)
        if number is None:
            known = ", ".join(spec.symbol for spec in TOKENS)
            raise self.fields.node("token").error(f"no token is called {text!r}", f"use {known}")
        return number

    def amount(self, token: int, name: str = "amount") -> int:
        """Return minor units; a change may have a sign."""
        text = self.fields.text(name)
        negative = name == "change" and text.startswith("-")
        try:
            amount = amount_of(text.removeprefix("-") if negative else text, TOKENS[token].decimals)
        except InputError as error:
            raise self.fields.node(name).error(error.what, error.way_out) from None
        return -amount if negative else amount


_Command: TypeAlias = Callable[[KeyOf, int, bytes], Command]
_Form: TypeAlias = Callable[[_StepFields], tuple[int | None, _Command | Held]]


def _open(step: _StepFields) -> tuple[None, _Command]:
    account, owner = step.account("account"), step.fields.text("owner")
    return None, lambda key_of_name, *_: OpenAccount(account, key_of_name(owner))


def _assign(step: _StepFields) -> tuple[None, _Command]:
    account, owner = step.account("account"), step.fields.text("owner")
    return None, lambda key_of_name, *_: Assign(account, key_of_name(owner))


def _delegate(step: _StepFields) -> tuple[None, _Command]:
    account, to = step.account("account"), step.fields.text("to")
    return None, lambda key_of_name, *_: Delegate(account, key_of_name(to))


def _undelegate(step: _StepFields) -> tuple[None, _Command]:
    account, to = step.account("account"), step.fields.text("to")
    return None, lambda key_of_name, *_: Undelegate(account, key_of_name(to))


def _issue(step: _StepFields) -> tuple[int, _Command]:
    token, credit = step.token(), step.account("to")
    amount = step.amount(token)
    start = TOKENS[token].issuance
    return start, lambda _, nonce, key: Issue(token, credit, amount, nonce, key)


def _transfer(step: _StepFields) -> tuple[int, _Command]:
    token, debit, credit = step.token(), step.account("from"), step.account("to")
    amount = step.amount(token)
    return debit, lambda _, nonce, key: Transfer(debit, credit, token, amount, nonce, key)


def _burn(step: _StepFields) -> tuple[int, _Command]:
    token, debit = step.token(), step.account("from")
    amount = step.amount(token)
    return debit, lambda _, nonce, key: Burn(debit, token, amount, nonce, key)


def _transact(step: _StepFields) -> tuple[int, _Command]:
    account = step.account("account")
    whole = _legs(step)
    return account, lambda _, nonce, key: Transact(account, nonce, key, whole)


def _legs(step: _StepFields) -> tuple[Leg, ...]:
    legs = []
    for node in step.fields.list_("legs"):
        leg = _StepFields(Fields(node), step.accounts)
        token = leg.token()
        legs.append(Leg(leg.account("account"), token, leg.amount(token, "change")))
        leg.fields.end()
    return tuple(legs)


def _propose(step: _StepFields) -> tuple[None, Held]:
    hold = _hold(step)
    legs = tuple([HoldLeg(leg.account, leg.token, leg.change) for leg in _legs(step)])
    packets = step.fields.whole("packets", 1, PACKETS_MAX)
    return None, Held(hold, None, lambda _, seq, __: holds.Propose(hold, legs, seq + packets))


def _lock(step: _StepFields) -> tuple[int, Held]:
    hold, account, token = _hold(step), step.account("account"), step.token()
    fence = step.fields.maybe_whole("fence", 0, FENCE_MAX)
    return account, Held(
        hold, fence, lambda at, _, nonce: holds.Lock(hold, at, account, token, nonce)
    )


def _later(
    make: Callable[[bytes, int], holds.Command],
) -> Callable[[_StepFields], tuple[None, Held]]:
    def form(step: _StepFields) -> tuple[None, Held]:
        hold, fence = _hold(step), step.fields.maybe_whole("fence", 0, FENCE_MAX)
        return None, Held(hold, fence, lambda at, *_: make(hold, at))

    return form


def _hold(step: _StepFields) -> bytes:
    """Return the id of the hold that a step names."""
    name = step.fields.text("hold")
    if not 1 <= len(name) <= NAME_MAX:
        raise step.fields.node("hold").error(
            f"a name of {len(name)} characters", f"1 to {NAME_MAX}"
        )
    return digest("qfs/hold/1", name)[:HOLD_BYTES]


_FORMS: Mapping[str, _Form] = {
    "open": _open,
    "assign": _assign,
    "delegate": _delegate,
    "undelegate": _undelegate,
    "issue": _issue,
    "transfer": _transfer,
    "burn": _burn,
    "transact": _transact,
    "propose": _propose,
    "lock": _lock,
    "prepare": _later(holds.Prepare),
    "commit": _later(holds.Commit),
    "finish": _later(holds.Finish),
    "roll-back": _later(holds.RollBack),
}
