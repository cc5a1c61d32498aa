"""QFS's own wheel and sdist: the same bytes in other folders, under other umasks, on other days."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.app.build import BuildRequest, Verdict, build
from qfs.shell import building_shim
from qfs.shell.building_source import Source, stage
from qfs.shell.sandbox import find_bubblewrap, find_locale
from tests.tidy import tree

DAY = 86_400


def build_with_the_build_package(
    source: Source, folder: Path, umask: int, ahead: int, modified: int
) -> dict[str, str]:
    """Run ``python -m build`` on a copy of the source; returns the artefacts' digests."""
    folder.mkdir(parents=True)
    copy = folder / "copy"
    previous = os.umask(umask)
    try:
        shutil.copytree(source.root, copy, copy_function=shutil.copyfile)
    finally:
        os.umask(previous)
    for path in copy.rglob("*"):
        os.utime(path, (modified, modified))
    shim = folder / "shim"
    shim.mkdir()
    shutil.copyfile(building_shim.__file__, shim / "sitecustomize.py")
    settings = {
        "log": str(folder / "log"),
        "shift": ahead,
        "file_shift": 0,
        "since": 0,
        "backward": ahead > 0,
        "numbered": False,
        "processors": 0,
    }
    (shim / "settings.json").write_text(json.dumps(settings), "utf-8")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", "."]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(shim), "HOME": str(folder)}
    done = subprocess.run(
        command, cwd=copy, env=environment, umask=umask, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = [json.loads(line) for line in (folder / "log").read_text("utf-8").splitlines()]
    moved = [int(words[1]) - int(words[0]) for event, _, words in seen if event == "python"]
    assert moved
    assert set(moved) == {ahead}
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((copy / "dist").iterdir())
    }


def test_two_runs_of_build_in_other_folders_umasks_and_dates_give_the_same_bytes(
    tmp_path: Path,
) -> None:
    source = stage(tree.ROOT, tmp_path / "staged")
    first = build_with_the_build_package(source, tmp_path / "here", 0o022, 0, 1_612_345_678)
    second = build_with_the_build_package(
        source, tmp_path / "there/and/deeper", 0o077, 500 * DAY, 1_715_000_001
    )
    assert len(first) == 2
    assert first == second


@pytest.mark.parametrize("sandbox", [True, False], ids=["sandbox", "no-sandbox"])
def test_qfs_finds_no_difference_between_builds_of_itself(sandbox: bool) -> None:
    report = build(BuildRequest(tree.ROOT, sandbox=sandbox))
    assert report.differences == ()
    able = sandbox and find_bubblewrap() is not None and find_locale() is not None
    assert report.verdict is (Verdict.REPRODUCIBLE if able else Verdict.INCONCLUSIVE)
    assert report.packages
