"""Who waits at a terminal sees what is done; the report is the same bytes as in a pipe."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.markets import ISSUE, OPEN_A, Market

CALLS = [
    (("inventory", "program"), b"auditing"),
    (("certify", "program"), b"auditing"),
    (("audit", "program"), b"auditing"),
    (("ledger", "check", "ledger"), b"replaying"),
    (("trail", "verify", "ledger"), b"verifying"),
    (("bisect", "ledger", "ledger"), b"comparing"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a program and a ledger."""
    made = tmp_path_factory.mktemp("waiting")
    market = Market(made)
    assert market.submit(market.script(OPEN_A, ISSUE)).as_expected
    (made / "program").mkdir()
    (made / "program/pyproject.toml").write_text('[project]\nname = "p"\n', encoding="utf-8")
    (made / "program/p.py").write_text("def f():\n    return 1\n", encoding="utf-8")
    return made


@pytest.mark.parametrize(("words", "shown"), CALLS, ids=[" ".join(case[0]) for case in CALLS])
def test_a_terminal_shows_what_is_waited_for(
    words: tuple[str, ...], shown: bytes, folder: Path
) -> None:
    command = [sys.executable, "-m", "qfs_cli.main", *words]
    environment = {**os.environ, "TERM": "xterm"}
    piped = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    ours, theirs = pty.openpty()
    try:
        watched = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=theirs, check=False
        )
    finally:
        os.close(theirs)
    seen = os.read(ours, 1 << 16)
    os.close(ours)
    assert (piped.returncode, piped.stderr) == (0, b"")
    assert (watched.returncode, watched.stdout) == (0, piped.stdout)
    assert shown in seen
