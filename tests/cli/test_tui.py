"""The terminal view: keys pressed on real logs, and what is then on the screen."""

import asyncio
import html
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from qfs import packet
from qfs.app.browsing import Browser
from qfs.app.importing import ImportRequest, import_history
from qfs.canon import ZERO_DIGEST
from qfs.kernel import Tick
from qfs_cli.tui.app import LogApp
from tests.app.logs import MINE, OTHER, House, actions, make_log

_CELL = re.compile(r'<text class="[^"]*-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')
Steps = Callable[["Screen"], Awaitable[None]]


class Screen:
    """An application that is being looked at."""

    def __init__(self, app: LogApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> str:
        """Press keys, wait until all that they ask for is shown, and return the screen's text."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()
        return self.text()

    async def settle(self) -> None:
        """Wait until what was asked for is shown."""
        await self.pilot.pause()
        while self.app.busy:
            await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def ask(self, key: str, text: str) -> str:
        """Open the prompt, write a text and send it."""
        await self.pilot.press(key)
        self.app.query_one("#prompt", Input).value = text
        return await self.press("enter")

    def text(self) -> str:
        """Return what is on the screen, line by line, as Textual draws it."""
        rows: dict[float, list[tuple[float, str]]] = {}
        for x, y, text in _CELL.findall(self.app.export_screenshot()):
            plain = html.unescape(text).replace("\xa0", " ")
            rows.setdefault(float(y), []).append((float(x), plain))
        lines = ["".join([text for _, text in sorted(rows[y])]) for y in sorted(rows)]
        return "\n".join([line.rstrip() for line in lines])


def look(log: Path, steps: Steps, size: tuple[int, int] = (80, 24)) -> None:
    """Open a log in a terminal of a size, and take steps in it."""

    async def run() -> None:
        app = LogApp(Browser(log))
        async with app.run_test(size=size, notifications=True) as pilot:
            screen = Screen(app, pilot)
            await screen.settle()
            await steps(screen)

    asyncio.run(run())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    make_log(folder, 16)
    return folder


def test_a_log_opens_at_its_end_with_packets_answers_and_commands(house: Path) -> None:
    async def steps(screen: Screen) -> None:
        text = screen.text()
        assert "QFS test house  packet 16 of 16" in text
        assert re.search(r"\b5 00:00:05 \w{6}\s+✗1", text)
        assert re.search(r"\b7 00:00:07 tick", text)
        assert "✓ 0 ledger Transfer" in text
        assert f"credit  {OTHER}" in text
        assert "Quit" in text
        shown = await screen.press("home", "down", "down", "down", "down", "down")
        assert "packet 5 of 16" in shown
        assert re.search(r"✗ 0 \w*BALANCE\w* +ledger Transfer", shown)

    look(house, steps)


def test_a_state_is_opened_key_by_key_and_stays_open_through_time(house: Path) -> None:
    async def steps(screen: Screen) -> None:
        text = await screen.press("2")
        assert "▶ ledger" in text
        # Into the pane, to the ledger, its accounts.
        text = await screen.press("tab", "down", "enter", "down", "enter")
        assert f"{MINE}  nonce " in text
        text = await screen.press("shift+tab", "home", "down", "down")
        assert "packet 2 of 16" in text
        assert f"{MINE}  nonce " in text
        text = await screen.press("home")
        assert f"{MINE}  nonce " not in text
        assert "▼ ledger" in text

    look(house, steps, (120, 50))


def test_any_two_packets_are_compared(house: Path) -> None:
    async def steps(screen: Screen) -> None:
        text = await screen.press("3")
        assert "packet 15 → 16" in text
        await screen.ask("g", "2")
        text = await screen.press("m", "down", "down")
        assert "◆" in text
        assert "packet 2 → 4" in text
        assert f"ledger.accounts[{MINE}].nonce" in text
        assert "- 0" in text
        assert "+ 2" in text
        text = await screen.press("up", "up", "m", "down")
        assert "packet 2 → 3" in text
        assert "◆" not in text

    look(house, steps)


def test_a_search_finds_packets_forward_backward_and_says_when_there_are_none(house: Path) -> None:
    async def steps(screen: Screen) -> None:
        assert "packet 7 of 16" in await screen.ask("slash", "tick")
        assert "packet 12 of 16" in await screen.press("n")
        assert "packet 7 of 16" in await screen.press("N")
        assert "packet 1 of 16" in await screen.ask("slash", "00:00:01")
        text = await screen.ask("slash", "nowhere")
        assert "no packet holds 'nowhere'" in text
        assert "packet 1 of 16" in text

    look(house, steps)


def test_a_number_leads_to_a_packet_and_a_wrong_one_is_answered(house: Path) -> None:
    async def steps(screen: Screen) -> None:
        assert "packet 3 of 16" in await screen.ask("g", "3")
        assert "packet 12 of 16" in await screen.ask("g", "-5")
        text = await screen.ask("g", "99")
        assert "there is no packet 99: give 0 .. 16" in text
        assert "packet 12 of 16" in text
        await screen.pilot.press("g")
        assert "packet 0 .. 16" in screen.text()
        text = await screen.press("escape")
        assert "packet 12 of 16" in text

    look(house, steps)


def test_the_places_of_a_state_are_searched(house: Path) -> None:
    async def steps(screen: Screen) -> None:
        await screen.press("2", "tab")
        text = await screen.ask("slash", str(OTHER))
        assert f"1 with '{OTHER}'" in text
        assert f"ledger.accounts[{OTHER}]" in text
        text = await screen.press("escape")
        assert "▶ ledger" in text

    look(house, steps, (100, 30))


def test_the_keys_are_explained(house: Path) -> None:
    async def steps(screen: Screen) -> None:
        text = await screen.press("question_mark")
        assert "Any key closes this page" in text
        assert all(len(line) <= 80 for line in text.splitlines())
        assert "Any key closes this page" not in await screen.press("x")

    look(house, steps)


def test_everything_fits_eighty_columns_and_a_wide_terminal_shows_more(house: Path) -> None:
    async def narrow(screen: Screen) -> None:
        for text in (screen.text(), await screen.press("2"), await screen.press("3")):
            lines = text.splitlines()
            assert len(lines) <= 24
            assert max(len(line) for line in lines) <= 80
            assert "q Quit" in lines[-1]

    async def wide(screen: Screen) -> None:
        assert "1970-01-01 00:00:16" in screen.text()

    look(house, narrow)
    look(house, wide, (140, 30))


def test_an_imported_history_is_walked_record_by_record(tmp_path: Path) -> None:
    source = tmp_path / "run.jsonl"
    rows = [f'{{"t": {t}, "account": "acc-{t % 3}"}}\n' for t in range(500)]
    source.write_text("".join(rows), encoding="utf-8")
    import_history(ImportRequest(source, tmp_path / "log", stream="account", batch=100))

    async def steps(screen: Screen) -> None:
        assert "packet 5  100 transactions" in screen.text()
        text = await screen.press("tab", "down", "down", "enter")
        assert "fields.t  401" in text
        await screen.press("2")
        text = await screen.ask("slash", "streams[")
        assert "records.streams" in text

    look(tmp_path / "log", steps, (110, 30))


def test_a_packet_that_cannot_be_derived_is_named_and_the_others_are_shown(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.writer:
        for action in actions(house, 4):
            house.send(action)
        data = packet.encode(house.body(Tick()), bytes(4627))
        house.writer.append(data, ZERO_DIGEST)
        house.writer.sync()

    async def steps(screen: Screen) -> None:
        assert "packet 5 of 5" in screen.text()
        assert "ROOT_MISMATCH" in await screen.press("2")
        assert "▶ ledger" in await screen.press("up")

    look(tmp_path, steps)


def read_until(terminal: int, wanted: bytes, process: "subprocess.Popen[bytes]") -> bytes:
    """Return what a process draws until a word is drawn, it ends, or a minute has passed."""
    drawn = b""
    for _ in range(600):
        if wanted in drawn or process.poll() is not None:
            break
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                drawn += os.read(terminal, 1 << 16)
            except OSError:  # the other side is closed
                break
    return drawn


def test_the_program_draws_on_a_terminal_and_leaves_it(house: Path) -> None:
    terminal, side = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    command = [sys.executable, "-m", "qfs_cli.main", "tui", str(house)]
    streams = {"stdin": side, "stdout": side, "stderr": side}
    with subprocess.Popen(command, env=environment, **streams) as process:
        os.close(side)
        drawn = read_until(terminal, b"Quit", process)
        os.write(terminal, b"q")
        drawn += read_until(terminal, b"no such word", process)
        code = process.wait(30)
    os.close(terminal)
    assert b"test house" in drawn
    assert code == 0


BLOCKED = "import sys; sys.modules['textual'] = None; from qfs_cli.main import main; main()"


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (("-m", "qfs_cli.main"), ("no terminal to draw on", "qfs replay LOG --until SEQ")),
        (("-c", BLOCKED), ("textual is not installed", "pip install 'qfs-toolchain[tui]'")),
    ],
)
def test_without_a_terminal_or_the_extra_the_way_out_is_named(
    program: tuple[str, ...], says: tuple[str, ...], house: Path
) -> None:
    done = subprocess.run(
        [sys.executable, *program, "tui", str(house)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert all(one in done.stderr for one in says)
    assert done.stdout == ""
