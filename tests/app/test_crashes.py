"""A process killed at any moment: what it had acknowledged is there, whole packets and a prefix."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qfs.app.checking import check
from qfs.app.worlds import derive
from qfs.shell import log
from tests.app.markets import ISSUE, OPEN_A, OPEN_B, PAY, ROOT, Market

STEPS = 60
"""Payments in the script, a packet each."""

PROGRAM = """
import sys
from pathlib import Path
from qfs.app.submission import SubmitRequest, submit

folder = Path(sys.argv[1])
keys = tuple(folder / f"{name}.pem" for name in ("operator", "alice", "bob"))
submit(
    SubmitRequest(folder / "ledger", folder / "day.jsonl", keys),
    lambda done, total: print(done, flush=True),
)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """The ledger that nobody killed."""
    market = Market(tmp_path_factory.mktemp("whole"))
    assert market.submit(script(market)).as_expected
    return market


def script(market: Market) -> Path:
    small = {**PAY, "amount": "0.01"}
    return market.script(OPEN_A, OPEN_B, ISSUE, *[small] * STEPS)


@pytest.mark.parametrize("after", [0, 1, 3, 37, STEPS + 2])
def test_what_was_acknowledged_survives_a_kill_and_is_a_prefix(
    after: int, whole: Market, tmp_path: Path
) -> None:
    market = Market(tmp_path)
    script(market)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as lines:
        acknowledged = 0
        while acknowledged < after:
            acknowledged = int(next(lines))
        time.sleep(0.001 * (after % 7))
        process.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *[int(line) for line in lines if line.endswith("\n")]])
    assert process.wait() in (0, -signal.SIGKILL)
    reading, corrupt = log.survey(market.directory)
    assert corrupt is None
    expected = log.read(whole.directory).frames
    recovered = [step.world.root for step in derive(reading.frames)]
    assert recovered == [frame.root for frame in expected[: len(recovered)]]
    assert acknowledged <= len(recovered) - 1 <= STEPS + 3
    assert check(market.directory).holds
    rest = market.folder / "rest.jsonl"
    lines_ = (market.folder / "day.jsonl").read_text("utf-8").splitlines()
    header = {**json.loads(lines_[0]), "name": "rest"}
    rest.write_text("\n".join([json.dumps(header), *lines_[len(recovered) :]]), "utf-8")
    assert market.submit(rest).as_expected
    assert check(market.directory).packets == STEPS + 3
