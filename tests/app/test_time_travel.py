"""The state of a log at any packet: the one key that is asked for, and what it was then."""

from pathlib import Path

import pytest

from qfs.app.time_travel import moment
from qfs.errors import UsageError
from qfs.shell import log
from tests.app.logs import MINE, make_log


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("time") / "house"
    make_log(directory)
    return directory


def test_a_key_is_shown_as_it_was_after_each_packet(house: Path) -> None:
    frames = log.read(house).frames
    seen = []
    for seq in (3, 4, len(frames) - 1):
        found = moment(house, seq, f"ledger.accounts[{MINE}]")
        assert (found.packet, found.state_root) == (seq, frames[seq].root.hex())
        ((place, text),) = found.rows
        assert place == f"ledger.accounts[{MINE}]"
        seen.append(text)
    assert len(set(seen)) == 3
    assert moment(house, None).packet == len(frames) - 1


@pytest.mark.parametrize(
    ("show", "places"),
    [
        ("ledger.accounts", [f"ledger.accounts[{MINE}]"]),
        ("ledger", [f"ledger.accounts[{MINE}]"]),
        ("", [f"ledger.accounts[{MINE}]", "keys."]),
    ],
)
def test_a_part_or_all_of_the_state_is_shown(house: Path, show: str, places: list[str]) -> None:
    rows = moment(house, 4, show).rows
    for place in places:
        assert any(row.startswith(place) for row, _ in rows), rows
    assert all(row.startswith(show) for row, _ in rows)


@pytest.mark.parametrize(
    ("until", "show", "said"),
    [
        (999, "", "0 .. 12"),
        (None, "moon", "ledger"),
        (None, "ledger.moon", "ledger.accounts"),
        (None, "ledger.accounts[7]", "qfs replay LOG --show ledger.accounts"),
        (0, f"ledger.accounts[{MINE}]", "qfs replay LOG --show ledger.accounts"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    house: Path, until: int | None, show: str, said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        moment(house, until, show)
    assert said in refused.value.way_out
