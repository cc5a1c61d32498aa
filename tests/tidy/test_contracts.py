"""The import contracts hold, and each one bites when it is broken on purpose in a scratch copy."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy import tree

CONTRACTS = {one["id"]: one["name"] for one in tree.settings()["tool"]["importlinter"]["contracts"]}
# Contract, the file that breaks it, and the line that does.
BREAKS = (
    ("floors", "qfs/kernel/contract.py", "import qfs.packet"),
    ("floors", "qfs/canon/codec.py", "import qfs.halt"),
    ("floors", "qfs/trail/__init__.py", "import qfs.packet"),
    ("floors", "qfs/reactions/__init__.py", "import qfs.gate"),
    ("floors", "qfs/app/failure.py", "import qfs_cli"),
    ("scanner", "qfs/scan/facts/extract.py", "import qfs.scan.solver.solve"),
    ("scanner", "qfs/scan/order/iteration.py", "from qfs.scan.syntax import calls"),
    ("shell", "qfs/gate/__init__.py", "import qfs.shell"),
    ("shell", "qfs_cli/main.py", "from qfs import shell"),
    ("purity", "qfs/canon/codec.py", "import time"),
    ("purity", "qfs/ledger/__init__.py", "from random import choice"),
    ("purity", "qfs/crypto/ports.py", "import cryptography"),
    ("ports", "qfs/scan/__init__.py", "import pathlib"),
    ("ports", "qfs/repro/__init__.py", "from subprocess import run"),
    ("terminal", "qfs_cli/main.py", "import qfs.kernel"),
    ("terminal", "qfs_cli/commands/__init__.py", "from qfs.scan import anything"),
    ("machines", "qfs/ledger/__init__.py", "import qfs.keys"),
    ("machines", "qfs/keys/__init__.py", "from qfs.ledger import tokens"),
)


def lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a folder that holds a copy of the tree."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def copy_of_the_tree(folder: Path) -> Path:
    """Copy what import-linter reads."""
    shutil.copy(tree.ROOT / "pyproject.toml", folder)
    for package in ("qfs", "qfs_cli"):
        shutil.copytree(
            tree.ROOT / package,
            folder / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.so"),
        )
    return folder


def test_the_tree_keeps_every_contract() -> None:
    outcome = lint(tree.ROOT)
    assert outcome.returncode == 0, outcome.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in outcome.stdout


@pytest.mark.parametrize(("contract", "file", "line"), BREAKS)
def test_a_contract_broken_on_purpose_is_named(
    contract: str, file: str, line: str, tmp_path: Path
) -> None:
    copy = copy_of_the_tree(tmp_path)
    before = lint(copy, "--contract", contract)
    assert before.returncode == 0, before.stdout
    path = copy / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    after = lint(copy, "--contract", contract)
    assert after.returncode == 1, after.stdout + after.stderr
    assert f"{CONTRACTS[contract]} BROKEN" in after.stdout


def test_every_contract_is_broken_by_some_case() -> None:
    assert set(CONTRACTS) == {contract for contract, _, _ in BREAKS}


def test_the_floors_name_every_room() -> None:
    (floors,) = [
        one["layers"]
        for one in tree.settings()["tool"]["importlinter"]["contracts"]
        if one["id"] == "floors"
    ]
    named = {room for floor in floors for room in floor.split(" | ")}
    rooms = {
        f"qfs.{path.stem}"
        for path in (tree.ROOT / "qfs").iterdir()
        if path.name not in ("__init__.py", "__pycache__", "rules")
        and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert named == rooms | {"qfs_cli"}


def test_the_deterministic_zone_is_what_the_contract_of_purity_guards() -> None:
    settings = tree.settings()["tool"]
    (pure,) = [
        one["source_modules"]
        for one in settings["importlinter"]["contracts"]
        if one["id"] == "purity"
    ]
    zone = [room.removesuffix(".py").replace("/", ".") for room in settings["qfs"]["zone"]]
    assert sorted(pure) == sorted(zone)
