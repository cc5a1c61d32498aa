"""The load bench drives a real ledger: every transfer is there, and counted once."""

from pathlib import Path

import pytest

from qfs.app.checking import check
from qfs.app.ledger import state
from qfs.app.load import LoadRequest, load
from qfs.errors import UsageError


def test_every_transfer_that_is_answered_is_in_the_ledger(tmp_path: Path) -> None:
    seen = []
    report = load(LoadRequest(tmp_path / "ledger", (20, 200), 1, 5), seen.append)
    assert seen == list(report.rows)
    assert [(row.rate, row.sent) for row in report.rows] == [(20, 20), (200, 200)]
    for row in report.rows:
        assert row.answered + row.errors == row.sent
        assert 1 <= row.packets <= row.sent
        assert 0 < row.p50_us <= row.p99_us <= row.max_us
    answered = sum(row.answered for row in report.rows)
    after = state(tmp_path / "ledger")
    nonces = [row.nonce for row in after.accounts if row.id >= 10_000]
    assert (len(nonces), sum(nonces)) == (5, answered)
    assert check(tmp_path / "ledger").packets == 2 + sum(row.packets for row in report.rows)


@pytest.mark.parametrize(
    ("rates", "seconds", "accounts", "place"),
    [((0,), 1, 2, "--rate"), ((1,), 0, 2, "--seconds"), ((1,), 1, 1, "--accounts")],
)
def test_what_cannot_be_driven_is_said(
    tmp_path: Path, rates: tuple[int, ...], seconds: int, accounts: int, place: str
) -> None:
    with pytest.raises(UsageError) as error:
        load(LoadRequest(tmp_path / "ledger", rates, seconds, accounts))
    assert error.value.place == place
    assert not (tmp_path / "ledger").exists()


def test_a_ledger_that_is_there_is_not_driven(tmp_path: Path) -> None:
    load(LoadRequest(tmp_path, (5,), 1, 2))
    with pytest.raises(UsageError, match="holds a ledger already"):
        load(LoadRequest(tmp_path, (5,), 1, 2))
