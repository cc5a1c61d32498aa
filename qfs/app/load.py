"""`qfs bench load`: transfers at a fixed rate through a signing client into a new ledger.

- Open loop: transfer i is due at i / rate, whatever the ledger does; its latency is counted from
  then, so that a stall is in the figures of all that waited (no coordinated omission).
- The client takes all that is due into one packet: drafted, signed, verified by the gate, applied,
  appended, fdatasync; then each of them is answered.
- What is not answered within the time again after the last is due counts as an error.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qfs import gate
from qfs import packet as packet_
from qfs.app.ledger import founding
from qfs.app.machines import MACHINES, REACTIONS
from qfs.canon import digest
from qfs.crypto import Profile
from qfs.errors import EnvironmentFault, UsageError
from qfs.kernel import Order, Receipt, Transactions, World, apply, found
from qfs.keys import Role
from qfs.ledger import COMMANDS, Issue, OpenAccount, Transfer
from qfs.ledger.state import KEY_BYTES
from qfs.shell import log, providers
from qfs.shell.keystore import PrivateKey
from qfs.shell.log import LogWriter

RATES = (100, 500, 1_000, 1_500)
RATE_MAX = 100_000
SECONDS_MAX = 3_600
ACCOUNTS_MAX = 100_000
BATCH_MAX = 4_000
"""Transfers to a packet: well below its cost limit."""
_FIRST = 10_000
_TOKEN = 1
_STOCK = 10**18
_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to drive, how fast and for how long."""

    directory: Path
    """Folder for the ledger; must hold none."""
    rates: tuple[int, ...] = RATES
    """Transfers a second, one after the other."""
    seconds: int = 5
    accounts: int = 1_000


@dataclass(frozen=True, slots=True)
class RateReport:
    """What one rate gave."""

    rate: int
    sent: int
    answered: int
    errors: int
    """Refused, or not answered in time."""
    packets: int
    p50_us: int
    p99_us: int
    max_us: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What every rate gave."""

    seconds: int
    accounts: int
    rows: tuple[RateReport, ...]

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.bench.load/1",
            "seconds": self.seconds,
            "accounts": self.accounts,
            "rates": [
                {
                    "rate": row.rate,
                    "sent": row.sent,
                    "answered": row.answered,
                    "errors": row.errors,
                    "packets": row.packets,
                    "p50_us": row.p50_us,
                    "p99_us": row.p99_us,
                    "max_us": row.max_us,
                }
                for row in self.rows
            ],
        }


def load(request: LoadRequest, progress: Callable[[RateReport], None] | None = None) -> LoadReport:
    """Drive a new ledger at each rate and say how long answers took.

    Raises UsageError for a rate, time or number of accounts out of range, and when the folder holds
    a ledger; EnvironmentFault when the disk fails.
    """
    for what, given, most in (
        *[("--rate", rate, RATE_MAX) for rate in request.rates],
        ("--seconds", request.seconds, SECONDS_MAX),
        ("--accounts", request.accounts, ACCOUNTS_MAX),
    ):
        least = 2 if what == "--accounts" else 1
        if not least <= given <= most:
            raise UsageError(f"{given}", place=what, way_out=f"give {least} to {most}")
    client = _Client(request.directory, request.accounts)
    rows = []
    with client.writer:
        client.stock()
        for rate in request.rates:
            rows.append(_drive(client, rate, request.seconds))
            if progress is not None:
                progress(rows[-1])
    return LoadReport(request.seconds, request.accounts, tuple(rows))


class _Client:
    """One signing key, a ledger of its own, and the nonces of its accounts."""

    def __init__(self, directory: Path, accounts: int) -> None:
        root, own = (PrivateKey.generate(Profile.ML_DSA_87) for _ in range(2))
        genesis = founding("load", [(root.public, Role.ROOT), (own.public, Role.OPERATOR)])
        self.directory = directory
        self.key = own.public.id
        self.signer = own.signer()
        self.verifier = providers.verifier()
        self.world: World = found(MACHINES, genesis, REACTIONS)
        self.writer: LogWriter = log.create(directory, genesis.to_bytes(), self.world.root)
        self.accounts = accounts
        self.nonces = [0] * accounts
        self.issued = 0
        self.made = 0

    def stock(self) -> None:
        """Open the accounts and put tokens into each."""
        for start in range(0, self.accounts, BATCH_MAX):
            places = range(start, min(start + BATCH_MAX, self.accounts))
            self.sure([OpenAccount(_FIRST + place, self.key) for place in places])
            self.sure([self.issue(_FIRST + place) for place in places])

    def sure(self, commands: Sequence[object]) -> None:
        """Send what nothing can refuse."""
        answer = self.send(commands)
        if isinstance(answer, gate.Refusal) or any(one is not None for one in answer.answers):
            raise EnvironmentFault(
                "the new ledger refuses its own founding", place=str(self.directory)
            )

    def issue(self, account: int) -> Issue:
        """Return the next issue; all start from the token's issuance account."""
        self.issued += 1
        return Issue(_TOKEN, account, _STOCK, self.issued - 1, self.fresh())

    def transfer(self) -> Transfer:
        """Return the next transfer, from each account in turn to one that moves on."""
        at = self.made % self.accounts
        step = 1 + self.made // self.accounts % (self.accounts - 1)
        nonce = self.nonces[at]
        self.nonces[at] += 1
        other = (at + step) % self.accounts
        return Transfer(_FIRST + at, _FIRST + other, _TOKEN, 1, nonce, self.fresh())

    def fresh(self) -> bytes:
        """Return a key that nobody has used."""
        self.made += 1
        return digest("qfs/load-key/1", self.made)[:KEY_BYTES]

    def send(self, commands: Sequence[object]) -> Receipt | gate.Refusal:
        """Sign, verify, apply and append one packet, a transaction a command; then sync."""
        groups = tuple([(Order("ledger", COMMANDS.pack(command)),) for command in commands])
        body = packet_.draft(
            ledger=self.world.ledger,
            seq=self.world.seq + 1,
            time_us=max(time.time_ns() // 1_000, self.world.time_us),
            seed=secrets.token_bytes(32),
            previous=self.world.head,
            key=self.key,
            action=Transactions(groups),
        ).to_bytes()
        signature = self.signer.sign(packet_.signing_message(body), packet_.CONTEXT)
        envelope = packet_.encode(body, signature)
        admitted = gate.verify(envelope, self.world, self.verifier)
        if isinstance(admitted, gate.Refusal):
            return admitted
        self.world, receipt = apply(MACHINES, REACTIONS, self.world, admitted)
        self.writer.append(envelope, self.world.root)
        self.writer.sync()
        return receipt


def _drive(client: _Client, rate: int, seconds: int) -> RateReport:
    total = rate * seconds
    began = time.monotonic_ns()
    until = began + 2 * seconds * _NANO
    due = [began + number * _NANO // rate for number in range(total)]
    waits_us: list[int] = []
    done = errors = packets = 0
    while done < total:
        now = time.monotonic_ns()
        if now > until:
            errors += total - done
            break
        if due[done] > now:
            time.sleep((due[done] - now) / _NANO)
            continue
        ready = done
        while ready < total and ready - done < BATCH_MAX and due[ready] <= now:
            ready += 1
        answer = client.send([client.transfer() for _ in range(done, ready)])
        end = time.monotonic_ns()
        packets += 1
        if isinstance(answer, gate.Refusal):
            errors += ready - done
        else:
            errors += sum(one is not None for one in answer.answers)
            waits_us += [(end - at) // 1_000 for at in due[done:ready]]
        done = ready
    waits_us.sort()
    return RateReport(
        rate,
        total,
        len(waits_us),
        errors,
        packets,
        _at(waits_us, 50),
        _at(waits_us, 99),
        _at(waits_us, 100),
    )


def _at(ordered: Sequence[int], percent: int) -> int:
    """Return the nearest-rank percentile of sorted values; 0 of none."""
    if not ordered:
        return 0
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
