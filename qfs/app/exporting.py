"""`qfs ledger export`: a ledger's accounts, movements and transactions for other programs.

- Everything is re-derived: signatures verified, every root compared, before a line is written.
- ``movements`` holds each change of each balance, genesis included, so that the changes of an
  account and token sum to its balance; of a batch, those of its accepted rows.
  ``transactions`` holds refused ones too.
- Parquet needs pyarrow, the extra ``parquet``; its amounts are text, as in CSV: exact.
- The beancount form writes the same movements as double entries, from what genesis hands out, and
  ends with an assertion of every balance: ``bean-check`` then checks history against state.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from pathlib import Path

from qfs import packet as packet_
from qfs.app.ledger import ledger_of
from qfs.app.worlds import Derived, derive, read_world
from qfs.errors import InputError, UsageError
from qfs.kernel import Executed, Transactions, World
from qfs.ledger import FEES, TOKENS, TREASURY, Leg, Refusal, written
from qfs.ledger.commands import Batch, Burn, Issue, Transact, Transfer
from qfs.ledger.moves import expanded
from qfs.shell import log, parquet, providers
from qfs.shell.exports import Row, csv_lines, json_lines, write_new

_MICROSECONDS = 1_000_000
_LAST_DAY = date(9999, 12, 30)
"""The assertions of the beancount form stand a day later."""


class Table(Enum):
    """What is exported."""

    ACCOUNTS = "accounts"
    MOVEMENTS = "movements"
    TRANSACTIONS = "transactions"


class Form(Enum):
    """How it is written."""

    CSV = "csv"
    JSONL = "jsonl"
    BEANCOUNT = "beancount"
    PARQUET = "parquet"


HEADERS = {
    Table.ACCOUNTS: ("account", "owner", "nonce", *[spec.symbol for spec in TOKENS]),
    Table.MOVEMENTS: ("packet", "transaction", "time_us", "command", "account", "token", "change"),
    Table.TRANSACTIONS: ("packet", "transaction", "time_us", "key", "orders", "answer"),
}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """A file that was written."""

    table: str
    form: str
    rows: int
    """Rows of the table; postings in the beancount form."""
    size: int
    """Bytes of the file."""
    packets: int
    state_root: str

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.export/1",
            "table": self.table,
            "form": self.form,
            "rows": self.rows,
            "bytes": self.size,
            "packets": self.packets,
            "state_root": self.state_root,
        }


@dataclass(frozen=True, slots=True)
class Movement:
    """The legs of one order that was accepted."""

    packet: int
    transaction: int
    time_us: int
    command: str
    """Name of the command in lower case, or of the reaction that asked it; ``genesis`` for what
    genesis hands out."""
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """One transaction of the log and its answer."""

    packet: int
    transaction: int
    time_us: int
    key: str
    orders: int
    answer: str


@dataclass(frozen=True, slots=True)
class History:
    """A ledger's past, re-derived."""

    world: World
    movements: tuple[Movement, ...]
    transactions: tuple[Answered, ...]


def export(
    directory: Path,
    output: Path,
    table: Table,
    form: Form | None = None,
    provider: str = providers.DEFAULT,
) -> ExportReport:
    """Write one table of a ledger to a new file, in the form that its ending means if none is said.

    Raises UsageError for an ending that means no form and for a table that the form cannot hold,
    InputError when the output exists or cannot be made; halts when the ledger cannot be re-derived.
    """
    form = form or _form_of(output)
    if form is Form.BEANCOUNT and table is not Table.MOVEMENTS:
        raise UsageError(
            f"beancount holds no {table.value}", way_out="export movements, or choose csv or jsonl"
        )
    if output.exists():
        raise InputError("exists", place=str(output), way_out="choose another name")
    if form is Form.PARQUET:
        parquet.check_installed()
    past = (
        History(read_world(directory, providers.verifier(provider)).world, (), ())
        if table is Table.ACCOUNTS
        else history(directory, provider)
    )
    if form is Form.BEANCOUNT:
        rows = sum(len(one.legs) for one in past.movements)
        size = write_new(output, beancount_lines(past, str(output)))
    else:
        made = list(rows_of(past, table))
        rows = len(made)
        if form is Form.PARQUET:
            size = write_new(output, [parquet.file_of(HEADERS[table], made)])
            return _report(table, form, rows, size, past)
        lines = csv_lines if form is Form.CSV else json_lines
        size = write_new(output, lines(HEADERS[table], made))
    return _report(table, form, rows, size, past)


def _form_of(output: Path) -> Form:
    for form in Form:
        if output.suffix.lower() == f".{form.value}":
            return form
    endings = ", ".join([f".{form.value}" for form in Form])
    raise UsageError(
        f"{output.suffix or 'no ending'} means no form",
        place=str(output),
        way_out=f"name the form with --as, or end the name in {endings}",
    )


def _report(table: Table, form: Form, rows: int, size: int, past: History) -> ExportReport:
    return ExportReport(table.value, form.value, rows, size, past.world.seq, past.world.root.hex())


def history(directory: Path, provider: str = providers.DEFAULT) -> History:
    """Return every movement and every answer of a ledger, and its world at the end."""
    reading, corrupt = log.survey(directory)
    movements: list[Movement] = []
    transactions: list[Answered] = []
    world: World | None = None
    ran: list[Executed] = []
    verifier = providers.verifier(provider)
    for step in derive(reading.frames, verifier=verifier, corrupt=corrupt, watch=ran.append):
        world = step.world
        if step.receipt is None:
            movements.append(_handed_out(world))
        else:
            _read_packet(step, ran, movements, transactions)
        ran.clear()
    if world is None:
        raise InputError("a log without a genesis frame", place=str(directory))
    return History(world, tuple(movements), tuple(transactions))


def rows_of(past: History, table: Table) -> Iterator[Row]:
    """Yield the rows of a table, in the order of the log or of the account ids."""
    if table is Table.ACCOUNTS:
        for account, row in ledger_of(past.world).accounts.items():
            yield (account, row.owner.hex(), row.nonce, *[written(one) for one in row.balances])
    elif table is Table.MOVEMENTS:
        for one in past.movements:
            for leg in one.legs:
                yield (
                    one.packet,
                    one.transaction,
                    one.time_us,
                    one.command,
                    leg.account,
                    TOKENS[leg.token].symbol,
                    signed(leg.change),
                )
    else:
        for done in past.transactions:
            yield (
                done.packet,
                done.transaction,
                done.time_us,
                done.key,
                done.orders,
                done.answer,
            )


def beancount_lines(past: History, place: str) -> Iterator[str]:
    """Yield a beancount ledger: accounts, a transaction a movement, an assertion a balance.

    Raises InputError for a time after the year 9999, which beancount cannot say.
    """
    yield "; Written by qfs ledger export; amounts are exact.\n"
    accounts = ledger_of(past.world).accounts.items()
    yield "1970-01-01 open Equity:Caps\n"
    for account, _ in accounts:
        yield f"1970-01-01 open {_name(account)}\n"
    day = date(1970, 1, 1)
    for one in past.movements:
        day = max(day, _day(one.time_us, place))
        yield f'\n{day} * "packet {one.packet}, transaction {one.transaction}" "{one.command}"\n'
        for leg in one.legs:
            yield f"  {_name(leg.account)}  {signed(leg.change)} {TOKENS[leg.token].symbol}\n"
            if one.command == "genesis":
                yield f"  Equity:Caps  {signed(-leg.change)} {TOKENS[leg.token].symbol}\n"
    yield "\n"
    for account, row in accounts:
        for spec, balance in zip(TOKENS, row.balances, strict=True):
            held = written(balance, spec.decimals)
            after = day + timedelta(days=1)
            yield f"{after} balance {_name(account)}  {held} ~ 0 {spec.symbol}\n"


def signed(change: int) -> str:
    """Return a change as decimal text."""
    return f"-{written(-change)}" if change < 0 else written(change)


def _handed_out(world: World) -> Movement:
    """Return the balances after genesis as one movement: what they sum to is each token's cap."""
    legs = [
        Leg(account, token, balance)
        for account, row in ledger_of(world).accounts.items()
        for token, balance in enumerate(row.balances)
        if balance
    ]
    return Movement(0, 0, 0, "genesis", tuple(legs))


def _read_packet(
    step: Derived,
    ran: list[Executed],
    movements: list[Movement],
    transactions: list[Answered],
) -> None:
    """Add what a packet's transactions did, reactions included, and how they were answered."""
    packet = packet_.decode(step.frame.body).packet
    action = packet_.action_of(packet.kind, packet.payload)
    if step.receipt is None or not isinstance(action, Transactions):
        return
    results = {(number, place): codes for number, place, codes in step.receipt.results}
    answers = step.receipt.answers
    for number, (group, answer) in enumerate(zip(action.groups, answers, strict=True)):
        said = "accepted" if answer is None else f"{answer.machine}.{answer.reason}"
        transactions.append(
            Answered(packet.seq, number, packet.time_us, packet.key.hex(), len(group), said)
        )
    for one in ran:
        if one.machine != "ledger" or answers[one.transaction] is not None:
            continue
        command = one.command
        place = (packet.seq, one.transaction, packet.time_us)
        name = type(command).__name__.lower()
        if isinstance(command, Batch):
            codes = results.get((one.transaction, one.order), b"")
            rows = zip(command.rows(), codes, strict=True)
            movements += [Movement(*place, name, row.legs) for row, code in rows if code == 0]
        if isinstance(command, (Issue, Transfer, Burn, Transact)):
            whole = expanded(command)
            if not isinstance(whole, Refusal):
                movements.append(Movement(*place, one.reaction or name, whole.legs))


def _name(account: int) -> str:
    own = {spec.issuance: f"Issuance:{spec.symbol}" for spec in TOKENS}
    own |= {FEES: "Fees", TREASURY: "Treasury"}
    return f"Assets:{own.get(account, f'A{account}')}"


def _day(time_us: int, place: str) -> date:
    days, _ = divmod(time_us, 86_400 * _MICROSECONDS)
    if days > (_LAST_DAY - date(1970, 1, 1)).days:
        raise InputError(
            f"a packet at {time_us} us is after the year 9999",
            place=place,
            way_out="export csv or jsonl, which hold any time",
        )
    return date(1970, 1, 1) + timedelta(days=days)
