"""Generated pages are what the code says, and the check finds one that is not."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy import tree
from tools import docs


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with sound generated pages."""
    docs.write(tmp_path)
    return tmp_path


def test_every_generated_page_is_what_the_code_says() -> None:
    check = [sys.executable, "-m", "tools.docs", "--check"]
    outcome = subprocess.run(check, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.mark.parametrize("name", docs.PAGES)
def test_an_edited_page_is_found_and_mended(
    name: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = copy / name
    sound = page.read_text(encoding="utf-8")
    page.write_text(sound.replace("docs", "dogs", 1), encoding="utf-8")
    assert docs.main(["--check"], copy) == 1
    assert f"{name} is not what the code says; run: make docs" in capsys.readouterr().err
    assert docs.main([], copy) == 0
    assert page.read_text(encoding="utf-8") == sound
    assert docs.main(["--check"], copy) == 0


def test_a_missing_page_is_found(copy: Path) -> None:
    (copy / "docs/reference/codes.md").unlink()
    assert docs.differing(copy) == ["docs/reference/codes.md"]


def test_an_unknown_option_is_a_wrong_call(copy: Path) -> None:
    assert docs.main(["--chekc"], copy) == 2
    assert docs.differing(copy) == []


def test_no_generated_page_depends_on_the_computer(tmp_path: Path) -> None:
    program = (
        "import os, sys; os.cpu_count = lambda: 64; "
        "from tools import docs; sys.exit(docs.main(['--check']))"
    )
    environment = {"HOME": str(tmp_path), "TZ": "Pacific/Kiritimati", "COLUMNS": "40"}
    outcome = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tree.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
