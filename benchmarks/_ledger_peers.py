"""The peers of the ledger benchmark: SQLite, PostgreSQL, beancount, each doing the same work.

- The same transfers between the same accounts; amounts fit 64 bits, since theirs must.
- The databases keep what the ledger keeps: an idempotency key once, a nonce, two balances that may
  not go below zero, both legs of every transfer; durable before the next packet (SQLite: WAL,
  synchronous=FULL; PostgreSQL: serializable, fsync, synchronous_commit). They sign nothing, have no
  state root and no hash chain.
- beancount reads the transfers from a text file and checks that each balances; it writes nothing.
"""

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import psycopg2  # type: ignore[import-untyped]  # it has no annotations
from beancount import loader

Row: TypeAlias = tuple[bytes, int, int, int, int]
"""(idempotency key, debited account, credited account, amount, nonce of the debited account)"""
FUND = 10**15
TOKEN = 1
_CALL = 1_000
_BIN = Path("/usr/lib/postgresql")

_BALANCES = """
create table balances(account bigint, token smallint, amount bigint not null check(amount>=0),
                      primary key(account, token))
"""
_TABLES = (
    "create table accounts(id bigint primary key, nonce bigint not null)",
    _BALANCES,
    "create table transfers(key {bytes} primary key, account bigint, nonce bigint)",
    "create table legs(transfer {bytes}, account bigint, token smallint, change bigint)",
)
_MOVE = """
create function move(keys bytea[], debits bigint[], credits bigint[], amounts bigint[],
                     nonces bigint[]) returns int[] language plpgsql as $$
declare answers int[] := '{}'; i int; begin
  for i in 1 .. array_length(keys, 1) loop
    begin
      insert into transfers values (keys[i], debits[i], nonces[i]);
      update accounts set nonce = nonce + 1 where id = debits[i] and nonce = nonces[i];
      if not found then raise exception 'nonce'; end if;
      update balances set amount = amount - amounts[i] where account = debits[i] and token = 1;
      update balances set amount = amount + amounts[i] where account = credits[i] and token = 1;
      insert into legs values (keys[i], debits[i], 1, -amounts[i]);
      insert into legs values (keys[i], credits[i], 1, amounts[i]);
      answers := answers || 0;
    exception when others then answers := answers || 1;
    end;
  end loop;
  return answers;
end $$
"""


def transfers(accounts: int, count: int, packets: int, seed: int = 1) -> list[list[Row]]:
    """Return packets of transfers between accounts drawn uniformly, each of them good."""
    chance = random.Random(seed)
    nonces = [0] * accounts
    made: list[list[Row]] = []
    for _ in range(packets):
        rows: list[Row] = []
        for _ in range(count):
            debit = chance.randrange(accounts)
            credit = (debit + 1 + chance.randrange(accounts - 1)) % accounts
            rows.append(
                (chance.randbytes(16), debit, credit, 1 + chance.randrange(1_000), nonces[debit])
            )
            nonces[debit] += 1
        made.append(rows)
    return made


class Sqlite:
    """SQLite through the standard library's module, one transaction a packet."""

    def __init__(self, directory: Path, accounts: int) -> None:
        self.base = sqlite3.connect(directory / "peer.db", isolation_level=None)
        self.base.execute("pragma journal_mode=wal")
        self.base.execute("pragma synchronous=full")
        for table in _TABLES:
            self.base.execute(table.format(bytes="blob"))
        self.base.execute("begin")
        self.base.executemany("insert into accounts values(?, 0)", [(n,) for n in range(accounts)])
        self.base.executemany(
            "insert into balances values(?, 1, ?)", [(n, FUND) for n in range(accounts)]
        )
        self.base.execute("commit")

    def answered(self, rows: list[Row]) -> None:
        """Take a packet, each transfer answered by itself, as the ledger does."""
        ask = self.base.execute
        ask("begin")
        for key, debit, credit, amount, nonce in rows:
            fresh = ask("insert or ignore into transfers values(?,?,?)", (key, debit, nonce))
            if fresh.rowcount != 1:
                raise SystemExit("a transfer of the benchmark was refused")
            next_ = ask("update accounts set nonce=nonce+1 where id=? and nonce=?", (debit, nonce))
            paid = ask(
                "update balances set amount=amount-? where account=? and token=1 and amount>=?",
                (amount, debit, amount),
            )
            if next_.rowcount != 1 or paid.rowcount != 1:
                raise SystemExit("a transfer of the benchmark was refused")
            ask("update balances set amount=amount+? where account=? and token=1", (amount, credit))
            ask("insert into legs values(?,?,1,?)", (key, debit, -amount))
            ask("insert into legs values(?,?,1,?)", (key, credit, amount))
        ask("commit")

    def at_once(self, rows: list[Row]) -> None:
        """Take a packet by executemany: the fastest way, all or nothing, no answer a transfer."""
        many = self.base.executemany
        self.base.execute("begin")
        many("insert into transfers values(?,?,?)", [(row[0], row[1], row[4]) for row in rows])
        many(
            "update accounts set nonce=nonce+1 where id=? and nonce=?",
            [(row[1], row[4]) for row in rows],
        )
        many(
            "update balances set amount=amount-? where account=? and token=1",
            [(row[3], row[1]) for row in rows],
        )
        many(
            "update balances set amount=amount+? where account=? and token=1",
            [(row[3], row[2]) for row in rows],
        )
        many("insert into legs values(?,?,1,?)", [(row[0], row[1], -row[3]) for row in rows])
        many("insert into legs values(?,?,1,?)", [(row[0], row[2], row[3]) for row in rows])
        self.base.execute("commit")


class Postgres:
    """A PostgreSQL server of its own, asked through a stored function of 1,000 transfers."""

    def __init__(self, socket: Path, accounts: int) -> None:
        self.base: Any = psycopg2.connect(host=str(socket), dbname="postgres", user="postgres")
        self.base.set_session(isolation_level="SERIALIZABLE")
        with self.base, self.base.cursor() as ask:
            for table in _TABLES:
                ask.execute(table.format(bytes="bytea"))
            ask.execute(_MOVE)
            ask.execute(
                "insert into accounts select n, 0 from generate_series(0, %s) n", [accounts]
            )
            ask.execute(
                "insert into balances select n, 1, %s from generate_series(0, %s) n",
                [FUND, accounts],
            )

    def take(self, rows: list[Row]) -> None:
        """Take a packet in one serializable transaction."""
        with self.base, self.base.cursor() as ask:
            for at in range(0, len(rows), _CALL):
                keys, *numbers = [
                    list(column) for column in zip(*rows[at : at + _CALL], strict=True)
                ]
                ask.execute(
                    "select move(%s::bytea[], %s::bigint[], %s::bigint[], %s::bigint[],"
                    " %s::bigint[])",
                    [keys, *numbers],
                )
                if any(ask.fetchone()[0]):
                    raise SystemExit("a transfer of the benchmark was refused")

    def processor(self) -> int:
        """Return the nanoseconds of processor that the server's side of this connection took."""
        line = Path(f"/proc/{self.base.info.backend_pid}/stat").read_text(encoding="ascii")
        fields = line.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


@contextmanager
def postgres(directory: Path, accounts: int) -> Iterator[Postgres | None]:
    """Run a server of its own in a directory; None where PostgreSQL is not installed."""
    found = sorted(_BIN.glob("*/bin/initdb"))
    if not found:
        yield None
        return
    programs = found[-1].parent
    home = directory / "postgres"
    home.mkdir()
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)
        directory.chmod(0o755)

    def run(*words: str) -> None:
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, user=user, cwd="/")

    data = str(home / "data")
    run(str(programs / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8")
    options = f"-k {home} -c listen_addresses= -c max_wal_size=4GB"
    control = str(programs / "pg_ctl")
    run(control, "-D", data, "-w", "-l", str(home / "log"), "-o", options, "start")
    try:
        yield Postgres(home, accounts)
    finally:
        run(control, "-D", data, "-w", "-m", "immediate", "stop")


def beancount_file(directory: Path, rows: list[Row]) -> Path:
    """Write transfers as beancount text."""
    file = directory / "peer.beancount"
    names = sorted({account for row in rows for account in row[1:3]})
    lines = [f"2026-01-01 open Assets:A{account}\n" for account in names]
    for _, debit, credit, amount, _ in rows:
        lines.append(f'2026-01-02 * "transfer"\n  Assets:A{debit}  -{amount} FLX\n')
        lines.append(f"  Assets:A{credit}  {amount} FLX\n")
    file.write_text("".join(lines), encoding="ascii")
    return file


def beancount_load(file: Path) -> None:
    """Load a file, as every question to beancount begins; what it keeps of the last load apart."""
    loader.initialize(use_cache=False)
    entries, errors, _ = loader.load_file(str(file))
    if errors or not entries:
        raise SystemExit("beancount refused the benchmark's transfers")
