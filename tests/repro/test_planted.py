"""A corpus of planted causes: each is found, named and comes with the right fix.

Where the machine lacks what a cause needs to show itself, the answer must say so and be no pass.
"""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from qfs.app.build import BuildReport, BuildRequest, Pairs, Verdict, build
from qfs.shell.sandbox import find_bubblewrap, find_faketime, find_locale
from tests.repro.projects import project
from tests.tidy import tree

CORPUS: list[dict[str, Any]] = tomllib.loads(
    (tree.ROOT / "tests/repro/planted.toml").read_text("utf-8")
)["planted"]
TOOLS = {
    "bubblewrap": (find_bubblewrap, ("host", "user", "network")),
    "faketime": (find_faketime, ("clock",)),
    "locales": (find_locale, ("locale",)),
    "gcc": (lambda: shutil.which("gcc"), ()),
}


def test_the_corpus_is_large_and_names_each_project_once() -> None:
    names = [planted["name"] for planted in CORPUS]
    assert len(names) == len(set(names))
    assert len(names) >= 40


@pytest.mark.parametrize("planted", CORPUS, ids=lambda planted: planted["name"])
def test_a_planted_cause_is_found_and_named_with_its_fix(
    planted: dict[str, Any], tmp_path: Path
) -> None:
    folder = project(tmp_path / planted["name"], planted["snippet"])
    kind = planted.get("kind", "wheel")
    report = build(BuildRequest(folder, pairs=Pairs.BARE, kinds=(kind,)))
    missing = [tool for tool in planted.get("needs", "").split() if TOOLS[tool][0]() is None]
    if missing:
        assert_not_a_pass(report, missing)
        return
    assert report.verdict is Verdict.DIFFERENT
    assert [found.cause.value for _, found in report.differences] != []
    assert {found.cause.value for _, found in report.differences} == {planted["cause"]}
    assert all(planted["fix"] in found.fix for _, found in report.differences)


def assert_not_a_pass(report: BuildReport, missing: list[str]) -> None:
    """Assert that a report over what a machine could not vary says which that was."""
    assert report.verdict is not Verdict.REPRODUCIBLE
    named = {variation.name for variation in report.not_exercised()}
    for tool in missing:
        assert set(TOOLS[tool][1]) <= named
