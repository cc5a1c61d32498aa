"""`qfs bench`, and what `qfs ledger` proves and prunes, as people run them."""

import json
from pathlib import Path

from tests.cli.processes import Call, run_all

QUICK = ("--rate", "40", "--seconds", "1", "--accounts", "4")


def test_a_load_is_driven_and_its_ledger_is_proved_and_pruned(tmp_path: Path) -> None:
    """Exit code 1 is an answer that came too late: no fault of the command on a busy machine."""
    text, again, made = run_all(
        [
            Call(words, str(tmp_path))
            for words in (
                ("bench", "load", "driven", *QUICK),
                ("bench", "load", "driven", *QUICK),
                ("bench", "load", "other", *QUICK, "--format", "json"),
            )
        ]
    )
    assert text.code in (0, 1)
    assert text.stdout.splitlines()[0].split()[:3] == ["rate/s", "sent", "errors"]
    assert text.stdout.splitlines()[1].split()[:2] == ["40", "40"]
    assert (again.code, again.stdout.count("\n")) == (2, 1)
    assert "the directory holds a ledger already" in again.stderr
    report = json.loads(made.stdout)
    assert (report["schema"], report["rates"][0]["rate"]) == ("qfs.bench.load/1", 40)
    pruned, check, proved, absent, both = run_all(
        [
            Call(("ledger", *words), str(tmp_path))
            for words in (
                ("prune", "driven"),
                ("check", "driven"),
                ("prove", "driven", "--packet", "1", "--output", "one.proof"),
                ("prove", "driven", "--packet", "999999", "--output", "none.proof"),
                ("prove", "driven", "1", "--packet", "1", "--output", "both.proof"),
            )
        ]
    )
    assert [pruned.code, check.code, proved.code, absent.code, both.code] == [0, 0, 0, 0, 2]
    assert "packets pruned" in pruned.stdout
    assert "packet 1 is " in proved.stdout
    assert "packet 999999 is not there yet" in absent.stdout
    root = check.stdout.split("state root ")[1].strip()
    (verified, refused) = run_all(
        [
            Call(("ledger", "verify-proof", "one.proof", "--root", one), str(tmp_path))
            for one in (root, "00" * 32)
        ]
    )
    assert (verified.code, refused.code) == (0, 1)
    assert verified.stdout in proved.stdout
    assert "NOT PROVED" in refused.stdout
