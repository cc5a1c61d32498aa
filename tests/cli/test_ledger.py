"""`qfs ledger` as people run it: real processes, their output and exit codes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qfs.app.ledger import state
from qfs.halt import HaltRecord
from tests.app.markets import ISSUE, MARKET_DAY, OPEN_A, OPEN_B, PAY, Market, write_keys
from tests.cli.processes import Call, Outcome, run_all

KEYS = ("--key", "operator.pem", "--key", "alice.pem", "--key", "bob.pem")
INIT = (
    *("--root-key", "root.pub.pem", "--operator", "operator.pub.pem"),
    *("--submitter", "alice.pub.pem", "--submitter", "bob.pub.pem"),
)

AS_JSON = ("--as", "jsonl", "--format", "json")


def qfs(folder: Path, *calls: tuple[str, ...]) -> list[Outcome]:
    return run_all([Call(("ledger", *words), str(folder)) for words in calls])


def document(outcome: Outcome) -> dict[str, Any]:
    """Return the report, which is canonical JSON: sorted, and nothing of this machine in it."""
    made: dict[str, Any] = json.loads(outcome.stdout)
    assert outcome.stdout == json.dumps(made, indent=2, sort_keys=True) + "\n"
    assert outcome.stderr == ""
    return made


def test_a_ledger_from_its_beginning_to_a_proof(tmp_path: Path) -> None:
    write_keys(tmp_path)
    outcomes = qfs(
        tmp_path,
        ("init", "market", *INIT, "--format", "json"),
        ("submit", "market", str(MARKET_DAY), *KEYS, "--dry-run", "--format", "json"),
        ("submit", "market", str(MARKET_DAY), *KEYS, "--format", "json"),
        ("state", "market", "--format", "json"),
        ("check", "market", "--format", "json"),
        ("prove", "market", "1024", "--output", "alice.proof", "--format", "json"),
    )
    assert [one.code for one in outcomes] == [0] * 6
    begun, rehearsed, done, state, checked, proved = [document(one) for one in outcomes]
    assert begun["schema"] == "qfs.ledger.init/1"
    assert [row["role"] for row in begun["keys"]] == ["root", "operator"] + ["submitter"] * 2
    assert {**rehearsed, "dry_run": False} == done
    root = done["state_root"]
    assert state["schema"] == "qfs.ledger.state/1"
    assert state["packets"] == done["packets"] == checked["packets"]
    assert {state["state_root"], checked["state_root"], proved["state_root"]} == {root}
    assert all(row["holds"] for row in checked["checks"])
    row = next(row for row in state["accounts"] if row["id"] == 1024)
    assert (proved["owner"], proved["balances"]) == (row["owner"], row["balances"])
    good, bad = qfs(
        tmp_path,
        ("verify-proof", "alice.proof", "--root", root, "--format", "json"),
        ("verify-proof", "alice.proof", "--root", "00" * 32, "--format", "json"),
    )
    assert (good.code, document(good)) == (0, proved)
    assert (bad.code, document(bad)["verified"]) == (1, False)


def test_exports_are_written_and_reported(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.submit(market.script(OPEN_A, OPEN_B, ISSUE, PAY))
    text, report = qfs(
        tmp_path,
        ("export", "ledger", "movements.csv"),
        (
            "export",
            "ledger",
            "a.jsonl",
            *["--table", "accounts", "--as", "jsonl", "--format", "json"],
        ),
    )
    assert (text.code, text.stderr) == (0, "")
    assert "9 movements after packet 4 written to movements.csv (csv, " in text.stdout
    assert report.code == 0
    assert document(report)["rows"] == 9
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 9


def test_a_snapshot_is_written_and_used(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.submit(market.script(OPEN_A, OPEN_B, ISSUE))
    market.script(PAY, name="more.jsonl")
    text, report, more = qfs(
        tmp_path,
        ("snapshot", "ledger"),
        ("snapshot", "ledger", "--format", "json"),
        ("submit", "ledger", "more.jsonl", *KEYS, "--format", "json"),
    )
    assert [one.code for one in (text, report, more)] == [0, 0, 0]
    assert "00000000000000000003.snapshot: 3 packets, " in text.stdout
    assert document(report)["packets"] == document(more)["started_at"] == 3


def test_another_ledger_is_followed(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.submit(market.script(OPEN_A, OPEN_B, ISSUE))
    text, report = qfs(
        tmp_path,
        ("import", "copy", "ledger"),
        ("import", "copy", "ledger/log/00000001.log", "--format", "json"),
    )
    assert (text.code, text.stderr) == (0, "")
    assert "3 packets added, 3 in all" in text.stdout
    assert report.code == 0
    assert {name: document(report)[name] for name in ("new", "added", "packets")} == {
        "new": False,
        "added": 0,
        "packets": 3,
    }


def test_text_reports_say_the_same(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.script(OPEN_A, OPEN_B, ISSUE, {**PAY, "amount": "11", "expect": "EXCEEDS_BALANCE"})
    outcomes = qfs(
        tmp_path,
        ("init", "other", *INIT),
        ("submit", "ledger", "day.jsonl", *KEYS),
        ("state", "ledger"),
        ("check", "ledger"),
        ("prove", "ledger", "2000", "--output", "a.proof"),
        ("prove", "ledger", "2999", "--output", "none.proof"),
    )
    assert [(one.code, one.stderr) for one in outcomes] == [(0, "")] * 6
    begun, done, state, checked, proved, absent = [one.stdout for one in outcomes]
    assert "operator" in begun
    assert "4 of 4 steps in 4 packets appended; 3 accepted, 1 refused as expected" in done
    assert "10 FLX" in state
    assert "FLX: 10 of 6180339887 issued" in state
    assert "holds  ledger.each token sums to its cap" in checked
    assert "proved under state root" in proved
    assert "account 2999 is not open" in absent


def test_a_surprise_exits_1_and_names_the_step(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.script(OPEN_A, OPEN_A)
    market.script({**OPEN_B, "expect": "ACCOUNT_EXISTS"}, name="hope.jsonl")
    market.script({**OPEN_B, "by": "stranger"}, name="stranger.jsonl")
    one, other, third = qfs(
        tmp_path,
        ("submit", "ledger", "day.jsonl", *KEYS),
        ("submit", "ledger", "hope.jsonl", *KEYS),
        ("submit", "ledger", "stranger.jsonl", *KEYS, "--key", "stranger.pem"),
    )
    assert (one.code, other.code, third.code) == (1, 1, 1)
    assert "day.jsonl:3:1: step 2 (open): expected accepted, got ACCOUNT_EXISTS" in one.stdout
    assert "step 1 (open): expected ACCOUNT_EXISTS, got accepted" in other.stdout
    assert "not admitted: stranger.jsonl:2:1: KEY_UNKNOWN" in third.stdout


def test_a_changed_byte_exits_3_and_leaves_one_halt_record(tmp_path: Path) -> None:
    market = Market(tmp_path)
    script = market.script(OPEN_A, OPEN_B)
    market.submit(script)
    data = bytearray(market.segment.read_bytes())
    data[-2_000] ^= 1
    market.segment.write_bytes(bytes(data))
    submit = ("submit", "ledger", "day.jsonl", *KEYS)
    before = market.contents()
    readers = qfs(tmp_path, ("state", "ledger"), ("check", "ledger"), (*submit, "--dry-run"))
    assert [one.code for one in readers] == [3, 3, 3]
    assert market.contents() == before
    first, second, third = qfs(tmp_path, submit, submit, (*submit, "--dry-run"))
    assert [one.code for one in (first, second, third)] == [3, 3, 3]
    assert "CIR-302.01 LOG_CORRUPT" in first.stderr
    assert "CIR-302.13 HALTED" in second.stderr
    added = {name: data for name, data in market.contents().items() if name not in before}
    assert list(added) == ["halt.cbor"]
    assert HaltRecord.from_bytes(added["halt.cbor"]).seq == 2


def test_a_submission_that_the_disk_ends_says_where_to_go_on(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.script(OPEN_A, *[ISSUE] * 300)
    blocks = 1 + market.segment.stat().st_size // 1024 + 1100
    limited = f'ulimit -f {blocks}; exec "$@"'
    command = [sys.executable, "-m", "qfs_cli.main", "ledger", "submit", "ledger", "day.jsonl"]
    ended = subprocess.run(
        ["bash", "-c", limited, "limited", *command, *KEYS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    said, error, _ = ended.stderr.splitlines()
    found = re.fullmatch(r"day.jsonl: (\d+) of 301 steps stand: go on with --from (\d+)", said)
    assert found is not None
    done, then = map(int, found.groups())
    assert (then, error.split(":")[0]) == (done + 1, "error[QFS-ENVIRONMENT]")
    assert state(market.directory).packets == done
    (rest,) = qfs(tmp_path, ("submit", "ledger", "day.jsonl", *KEYS, "--from", str(then)))
    assert (rest.code, rest.stderr) == (0, "")
    assert f"{301 - done} of 301 steps in {301 - done} packets appended" in rest.stdout


def test_a_scenario_that_came_to_its_end_is_not_told_to_go_on(tmp_path: Path) -> None:
    market = Market(tmp_path)
    refused = {**OPEN_A, "expect": "ACCOUNT_EXISTS"}
    market.script(OPEN_A, OPEN_B, ISSUE, refused)
    (first,) = qfs(tmp_path, ("submit", "ledger", "day.jsonl", *KEYS))
    assert first.code == 0, first.stdout + first.stderr
    (again,) = qfs(tmp_path, ("submit", "ledger", "day.jsonl", *KEYS))
    assert again.code == 1
    assert "steps up to 3 stand: go on with --from 4,\n" in again.stdout
    assert "unless the scenario came to its end before: then nothing is left" in again.stdout


BAD_CALLS: list[tuple[tuple[str, ...], str]] = [
    (("init", "ledger", *INIT), "holds a ledger already"),
    (("init", "new", *INIT, "--submitter", "day.jsonl"), "day.jsonl"),
    (("init", "new", *INIT, "--submitter", "bob.pub.pem"), "given twice"),
    (("submit", "ledger", "none.toml", *KEYS), "none.toml"),
    (("submit", "ledger", "float.toml", *KEYS), "float.toml:1:8"),
    (("submit", "ledger", "alice.pem", *KEYS), "alice.pem"),
    (("submit", "ledger", "day.jsonl", "--key", "alice.pub.pem"), "alice.pub.pem"),
    (("submit", "ledger", "day.jsonl", "--key", "alice.pem"), "day.jsonl:2:1"),
    (("submit", "ledger", "day.jsonl", *KEYS, "--passphrase-file", "none"), "none"),
    (("submit", "nowhere", "day.jsonl", *KEYS), "nowhere"),
    (("submit", "day.jsonl", "day.jsonl", *KEYS), "day.jsonl"),
    (("state", "nowhere"), "nowhere"),
    (("state", "alice.pem"), "alice.pem"),
    (("check", "."), "holds no ledger"),
    (("prove", "ledger", "-1", "--output", "p"), "-1"),
    (("prove", "ledger", "1000", "--output", "day.jsonl"), "day.jsonl"),
    (("prove", "nowhere", "1000", "--output", "p"), "nowhere"),
    (("export", "ledger", "day.jsonl"), "day.jsonl"),
    (("export", "ledger", "new", "--as", "beancount", "--table", "accounts"), "accounts"),
    (("export", "ledger", "new.xlsx"), "new.xlsx"),
    (("export", "nowhere", "new.csv"), "nowhere"),
    (("snapshot", "nowhere"), "nowhere"),
    (("import", "new", "nowhere"), "nowhere"),
    (("import", "new", "alice.pem"), "alice.pem"),
    (("snapshot", "day.jsonl"), "day.jsonl"),
    (("verify-proof", "day.jsonl", "--root", "00" * 32), "day.jsonl"),
    (("verify-proof", "none", "--root", "00" * 32), "none"),
    (("verify-proof", "day.jsonl", "--root", "root"), "--root"),
]


def test_bad_input_exits_2_names_the_place_and_changes_nothing(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.script(OPEN_A)
    (tmp_path / "float.toml").write_text("name = 1.5\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    outcomes = qfs(tmp_path, *[words for words, _ in BAD_CALLS])
    for outcome, (words, named) in zip(outcomes, BAD_CALLS, strict=True):
        assert outcome.code == 2, (words, outcome.stdout, outcome.stderr)
        assert outcome.stdout == ""
        assert named in outcome.stderr, words
        assert "Traceback" not in outcome.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("damage", ["truncated", "garbage", "foreign"])
def test_a_spoilt_log_is_never_a_ledger(tmp_path: Path, damage: str) -> None:
    market = Market(tmp_path)
    market.script(OPEN_A)
    spoilt = {"truncated": market.segment.read_bytes()[:100], "garbage": b"\xff" * 500}
    market.segment.write_bytes(spoilt.get(damage, b"QFSLOG1\n" * 80))
    before = market.contents()
    outcomes = qfs(tmp_path, ("state", "ledger"), ("submit", "ledger", "day.jsonl", *KEYS))
    assert [one.code for one in outcomes] in ([2, 2], [3, 3])
    assert {k: v for k, v in market.contents().items() if k != "halt.cbor"} == before
