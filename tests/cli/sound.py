"""A folder in which every command can do its work, and a sound call of each.

In a call `@` marks a path that the command reads, `>` one that it makes.
"""

from pathlib import Path

from tests.cli.processes import Call, run_all

MACHINE = '"""A machine."""\n\n\ndef double(amount: int) -> int:\n    return amount * 2\n'
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "sample"
version = "1"

[tool.hatch.build.targets.wheel]
packages = ["sample"]
"""
SCENARIO = """schema = "qfs.scenario/1"
name = "opening"
by = "operator"

[accounts]
shop = 1024

[[step]]
do = "open"
account = "shop"
owner = "operator"
"""

CALLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "build": (("@project", "--pairs", "bare", "--kind", "wheel", "--accept-unexercised"),),
}

# A path that a command does not read, with the reason why spoiling it means nothing.
NOT_READ: dict[tuple[str, str], str] = {
    ("build", "--out"): "the folder is made, and its name may be new",
}

# What would be spoiled elsewhere and is sound here, with the reason.
FINE: dict[tuple[str, str, str], str] = {}


def prepare(folder: Path) -> None:
    """Fill the folder, with the program itself where it can."""
    (folder / "machine.py").write_text(MACHINE, encoding="utf-8")
    (folder / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    (folder / "project/sample").mkdir(parents=True)
    (folder / "project/pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (folder / "project/sample/__init__.py").write_text('"""A sample."""\n', encoding="utf-8")
    for words in STEPS:
        (outcome,) = run_all([Call(words, str(folder))])
        assert outcome.code == 0, (words, outcome.stderr)


STEPS: tuple[tuple[str, ...], ...] = ()
