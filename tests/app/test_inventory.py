"""An inventory: a row a file, nothing clean that nobody looked at, nothing left out in silence."""

import csv
import io
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from qfs.app.inventory import InventoryFile, InventoryRequest, inventory
from qfs.errors import InputError
from qfs_cli.render.inventory import COLUMNS, render_csv, render_json, render_markdown, render_text

FILES = {
    "pure.py": "def double(amount: int) -> int:\n    return amount * 2\n",
    "body.py": "import time\nSTARTED = time.time()\n",
    "mixed.py": """from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
import rsa.key
count = 0


def half(amount: int) -> float:
    global count
    count += 1
    if amount:
        return amount * 0.5
    return 0
""",
    "allowed.py": """import time


def now() -> float:
    return time.time()  # qfs: allow[QFS101] reason="shown to people only"
""",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    settings = '[tool.qfs]\nzone = ["pure.py"]\nentries = ["pure:double"]\n'
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def rows(tree: Path, **asked: Path) -> dict[str, InventoryFile]:
    return {each.path: each for each in inventory(InventoryRequest((tree,), **asked)).files}


def test_each_file_has_a_row_whatever_the_zone_is(tree: Path) -> None:
    found = rows(tree)
    assert list(found) == sorted(FILES)
    for name, text in FILES.items():
        assert found[name].sha256 == sha256(text.encode()).hexdigest()
        assert (found[name].size, found[name].lines) == (len(text), text.count("\n"))
    assert found["pure.py"].is_clean
    assert found["body.py"].effects == {"clock": 1}
    assert found["allowed.py"].effects == {"clock": 1}
    mixed = found["mixed.py"]
    assert (mixed.functions, mixed.complexity) == (1, 2)
    assert (mixed.floats, mixed.past_events, mixed.unguarded) == (1, 1, 0)
    assert mixed.verdicts == {"violation": 2, "possible": 0, "unknown": 0}
    assert mixed.post_quantum == ("cryptography.hazmat.primitives.asymmetric.mldsa",)
    assert mixed.classical == ("rsa", "cryptography.hazmat.primitives.asymmetric.ed25519")


def test_coverage_is_what_coverage_py_measured(tree: Path) -> None:
    def run(*words: str) -> None:
        subprocess.run([sys.executable, "-m", "coverage", *words], cwd=tree, check=True)

    run("run", "--source=.", "-m", "pure")
    run("json", "-q", "-o", "coverage.json")
    measured = json.loads((tree / "coverage.json").read_text(encoding="utf-8"))["files"]
    found = rows(tree, coverage=tree / "coverage.json")
    assert {name: row.coverage for name, row in found.items()} == {
        name: int(measured[name]["summary"]["percent_covered"]) for name in FILES
    }
    assert found["pure.py"].coverage == 50
    assert found["mixed.py"].coverage == 0
    assert rows(tree)["pure.py"].coverage is None


@pytest.mark.parametrize("text", ["", "[]", '{"files": 1}', '{"files": {"a.py": {}}}'])
def test_what_is_no_coverage_report_is_an_error(tree: Path, text: str) -> None:
    (tree / "report.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="coverage"):
        inventory(InventoryRequest((tree,), coverage=tree / "report.json"))


def test_a_file_that_cannot_be_read_stands_in_every_form(tree: Path) -> None:
    (tree / "broken.py").write_text("def (", encoding="utf-8")
    report = inventory(InventoryRequest((tree,)))
    assert report.exit_code == 2
    assert inventory(InventoryRequest((tree / "pure.py",))).exit_code == 0
    for render in (render_text, render_markdown, render_csv, render_json):
        assert "broken.py" in render(report)
        assert "invalid syntax" in render(report)


def test_csv_and_json_hold_the_same_rows(tree: Path) -> None:
    report = inventory(InventoryRequest((tree,)))
    table = list(csv.reader(io.StringIO(render_csv(report))))
    content = json.loads(render_json(report))
    assert tuple(table[0]) == COLUMNS
    assert [row[:2] for row in table[1:]] == [
        [each["path"], each["sha256"]] for each in content["files"]
    ]
    assert content["schema"] == "qfs.inventory/1"
    assert render_json(report) == render_json(inventory(InventoryRequest((tree,))))
