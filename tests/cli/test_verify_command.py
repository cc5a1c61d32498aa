"""`qfs verify` on a command line: exit codes, where the source came from, wrong calls."""

import json
from pathlib import Path

import pytest

from qfs.shell.sandbox import find_bubblewrap
from tests.app.test_verify import published
from tests.app.test_verify_sources import committed
from tests.cli.processes import Call, run_all


def test_a_rebuild_from_a_tag_says_which_commit_it_was_and_how_far_it_agrees(
    tmp_path: Path,
) -> None:
    wheel, source = published(tmp_path)
    commit = committed(source)
    words = ("verify", str(wheel), "--source")
    text, document, later = run_all(
        [
            Call((*words, f"{source}@v1"), str(tmp_path)),
            Call((*words, f"{source}@v1", "--format", "json"), str(tmp_path)),
            Call((*words, f"file://{source}"), str(tmp_path)),
        ]
    )
    if find_bubblewrap() is None:
        assert [each.code for each in (text, document, later)] == [2, 2, 2]
        return
    assert (text.code, document.code, later.code) == (0, 0, 1)
    assert f"commit {commit}" in text.stdout
    assert "BIT-FOR-BIT: reproduced: the same bytes" in text.stdout
    assert json.loads(document.stdout)["source"].endswith(commit)
    assert "CODE-DIFFERS: not reproduced: other files" in later.stdout


@pytest.mark.parametrize(
    "more", [(), ("--source", "p", "--fetch"), ("--attestation", "a", "--fetch")]
)
def test_one_source_is_needed_and_two_are_too_many(more: tuple[str, ...], tmp_path: Path) -> None:
    (outcome,) = run_all([Call(("verify", "p-1-py3-none-any.whl", *more), str(tmp_path))])
    assert outcome.code == 2
    assert "source" in outcome.stderr
