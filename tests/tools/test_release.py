"""`make release`: one command from a clean tree to signed evidence, or nothing at all."""

import base64
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from qfs.shell.sandbox import find_bubblewrap
from tests.docs.pages import blocks
from tests.tidy import tree as source
from tools.release import QFS, Stopped, release

PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "sample"
version = "1.2.0"

[tool.hatch.build.targets.wheel]
packages = ["sample"]

[tool.qfs]
zone = ["sample"]
"""
FILES = {
    "pyproject.toml": PROJECT,
    "CHANGELOG.md": "# Changelog\n\n## 1.2.0 (2026-01-02)\n\n- First.\n",
    "sample/__init__.py": '"""A sample."""\n',
    ".gitignore": "dist/\n",
}


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a committed project, with keys beside it."""
    root = tmp_path / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    subprocess.run(
        [QFS, "keys", "new", "release", "--unencrypted"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    return root


def make(root: Path) -> list[str]:
    keys = root.parent
    # A machine without a foreign locale can run this test as well; `make release` is stricter.
    few = ("--accept-unexercised", "--pairs", "normalised")
    files = release(root, keys / "release.pem", keys / "release.pub.pem", [], few)
    return [file.relative_to(root).as_posix() for file in files]


def stops_without_a_sandbox(root: Path) -> bool:
    """Say whether this machine can make no release, having seen that it then makes none."""
    if find_bubblewrap() is not None:
        return False
    with pytest.raises(Stopped, match="qfs verify ended with exit code 2"):
        make(root)
    return not (root / "audit").exists() and not (root / "dist").exists()


def test_a_release_leaves_artefacts_and_evidence_that_others_can_check(tree: Path) -> None:
    if stops_without_a_sandbox(tree):
        return
    files = make(tree)
    folder = tree / "audit/release/1.2.0"
    assert files == [
        "dist/sample-1.2.0-py2.py3-none-any.whl",
        "dist/sample-1.2.0.tar.gz",
        "audit/release/1.2.0/SHA256SUMS",
        "audit/release/1.2.0/build.json",
        "audit/release/1.2.0/certificate.intoto.json",
        "audit/release/1.2.0/provenance.intoto.json",
        "audit/release/1.2.0/verify.json",
    ]
    assert json.loads((folder / "build.json").read_text("utf-8"))["reproducible"] is True
    sums = (folder / "SHA256SUMS").read_text("utf-8").split()
    assert {path.name for path in (tree / "dist").iterdir()} == set(sums[1::2])
    with pytest.raises(Stopped, match="uncommitted changes"):
        make(tree)
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "release")
    with pytest.raises(Stopped, match=r"audit/release/1\.2\.0 exists"):
        make(tree)


def test_ten_lines_with_cryptography_alone_check_what_a_release_signed(tree: Path) -> None:
    if stops_without_a_sandbox(tree):
        return
    make(tree)
    page = source.ROOT / "docs/how-to/reproducible-builds.md"
    (script,) = [one.body for one in blocks(page.read_text("utf-8")) if one.title == "check.py"]
    assert len([line for line in script.splitlines() if line.strip()]) <= 10
    assert "qfs" not in script
    check = tree.parent / "check.py"
    check.write_text(script, "utf-8")
    folder = tree / "audit/release/1.2.0"
    sums = {path.name: sha256(path.read_bytes()).hexdigest() for path in (tree / "dist").iterdir()}

    def checked(envelope: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", check, envelope, tree.parent / "release.pub.pem"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    said = checked(folder / "provenance.intoto.json")
    assert said.stdout.splitlines() == [
        f"signed: {name} {{'sha256': '{sums[name]}'}}" for name in sorted(sums)
    ]
    assert checked(folder / "certificate.intoto.json").stdout.startswith("signed: source ")
    document = json.loads((folder / "provenance.intoto.json").read_text("utf-8"))
    payload = base64.b64decode(document["payload"]).replace(b"sample-1.2.0", b"sample-1.2.1")
    forged = tree.parent / "forged.json"
    forged.write_text(json.dumps({**document, "payload": base64.b64encode(payload).decode()}))
    assert (checked(forged).returncode, checked(forged).stdout) == (1, "")


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("CHANGELOG.md", "# Changelog\n", "no section 1.2.0"),
        ("sample/__init__.py", "import time\n\nNOW = time.time()\n", "qfs certify ended"),
        ("pyproject.toml", PROJECT.replace("hatchling.build", "no.such"), "qfs build ended"),
    ],
)
def test_a_tree_that_is_not_ready_leaves_nothing(
    name: str, text: str, why: str, tree: Path
) -> None:
    (tree / name).write_text(text, "utf-8")
    git(tree, "commit", "-q", "-a", "-m", "second")
    with pytest.raises(Stopped, match=why):
        make(tree)
    assert not (tree / "audit").exists()
    assert not (tree / "dist").exists()
