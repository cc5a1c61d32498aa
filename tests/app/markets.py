"""Real ledgers with real keys in real directories, for tests that submit to them."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from qfs.app.ledger import InitReport, InitRequest, init
from qfs.app.scenario import SCHEMA
from qfs.app.submission import SubmitReport, SubmitRequest, submit
from qfs.crypto import Profile
from qfs.shell.keystore import PrivateKey, write_private, write_public

ROOT = Path(__file__).resolve().parents[2]
MARKET_DAY = ROOT / "examples/scenarios/market-day.toml"
NAMES = ("root", "operator", "alice", "bob", "stranger")
HEADER = {
    "schema": SCHEMA,
    "name": "day",
    "by": "operator",
    "seed": "11" * 32,
    "start_time_us": 1_790_000_000_000_000,
    "accounts": {"a": 2000, "b": 2001},
}
OPEN_A = {"do": "open", "account": "a", "owner": "alice"}
OPEN_B = {"do": "open", "account": "b", "owner": "bob"}
ISSUE = {"do": "issue", "token": "FLX", "to": "a", "amount": "10"}
PAY = {"do": "transfer", "by": "alice", "token": "FLX", "from": "a", "to": "b", "amount": "1"}


@cache
def key(name: str) -> PrivateKey:
    """The key that a name always has."""
    return PrivateKey(Profile.ML_DSA_87, hashlib.sha256(name.encode()).digest())


def write_keys(folder: Path) -> None:
    """Write each name's key as ``NAME.pem`` and ``NAME.pub.pem``."""
    for name in NAMES:
        write_private(folder / f"{name}.pem", key(name), None)
        write_public(folder / f"{name}.pub.pem", key(name).public)


class Market:
    """A folder with keys and one ledger, in which alice and bob may sign."""

    def __init__(self, folder: Path, ledger: str = "ledger", *, holds: bool = False) -> None:
        self.folder = folder
        self.directory = folder / ledger
        if not (folder / "root.pem").exists():
            write_keys(folder)
        self.begun: InitReport = init(
            InitRequest(
                self.directory,
                (folder / "root.pub.pem",),
                (folder / "operator.pub.pem",),
                (folder / "alice.pub.pem", folder / "bob.pub.pem"),
                holds=holds,
            )
        )

    def script(self, *steps: dict[str, Any], name: str = "day.jsonl", **header: Any) -> Path:
        """Write a scenario; a header field that is None is left out."""
        path = self.folder / name
        first = {k: v for k, v in {**HEADER, **header}.items() if v is not None}
        path.write_text("\n".join(json.dumps(line) for line in (first, *steps)), "utf-8")
        return path

    def submit(
        self,
        scenario: Path,
        keys: Sequence[str] = ("operator", "alice", "bob"),
        *,
        dry_run: bool = False,
    ) -> SubmitReport:
        paths = tuple(self.folder / f"{name}.pem" for name in keys)
        return submit(SubmitRequest(self.directory, scenario, paths, None, dry_run))

    @property
    def segment(self) -> Path:
        return self.directory / "log" / "00000001.log"

    def contents(self) -> dict[str, bytes]:
        """Every file of the ledger's directory."""
        return {
            path.relative_to(self.directory).as_posix(): path.read_bytes()
            for path in sorted(self.directory.rglob("*"))
            if path.is_file()
        }
