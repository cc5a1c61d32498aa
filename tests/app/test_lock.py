"""`qfs lock`: pip-tools resolves without a network here, from a wheel that the test makes."""

import functools
import hashlib
import http.server
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from qfs.app.lock import check, lock
from qfs.errors import EnvironmentFault, InputError
from tests.tidy import tree


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and writes no line for it."""

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; gives its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def wheel(folder: Path, name: str, version: str, requires: str = "") -> None:
    """Write an empty wheel."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    need = f"Requires-Dist: {requires}\n" if requires else ""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as out:
        out.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{need}"
        )
        out.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        out.writestr(f"{info}/RECORD", "")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project that asks for a wheel in a folder that pip knows of, and no index."""
    wheel(tmp_path / "wheels", "outer", "1.0", "inner>=2")
    wheel(tmp_path / "wheels", "inner", "2.1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    folder = tmp_path / "project/requirements"
    folder.mkdir(parents=True)
    (folder / "runtime.in").write_text("outer\n", "utf-8")
    return folder.parent


def test_what_was_locked_passes_its_check_and_ties_to_no_machine(root: Path) -> None:
    report = lock(root)
    assert report.problems == ()
    assert report.files == (("requirements/runtime.txt", "written"),)
    text = (root / "requirements/runtime.txt").read_text("utf-8")
    assert "outer==1.0 \\\n    --hash=sha256:" in text
    assert "inner==2.1" in text
    assert str(root.parent) not in text
    assert lock(root).files == (("requirements/runtime.txt", "unchanged"),)


def test_a_new_wish_makes_the_lock_stale_until_it_is_locked_again(root: Path) -> None:
    lock(root)
    (root / "requirements/runtime.in").write_text("outer\ninner<2.1\n", "utf-8")
    (problem,) = check(root).problems
    assert "the locked 2.1 does not satisfy it" in problem.sentence


def test_included_files_count(root: Path) -> None:
    (root / "requirements/dev.in").write_text("-r runtime.in\n", "utf-8")
    assert lock(root).problems == ()
    (root / "requirements/runtime.in").write_text("outer\nmissing\n", "utf-8")
    files = [each.file for each in check(root).problems]
    assert files == ["requirements/dev.txt", "requirements/runtime.txt"]


def test_a_project_without_its_lock_is_told_so(root: Path) -> None:
    report = check(root)
    (problem,) = report.problems
    assert problem.sentence == "there is no such lock file; qfs lock writes it"
    assert (report.files, report.checked) == ((("requirements/runtime.txt", "missing"),), ())
    (root / "pyproject.toml").write_text('[project]\ndependencies = ["inner"]\n', "utf-8")
    assert "depends on" not in check(root).not_checked
    (root / "requirements/runtime.in").unlink()
    assert check(root).not_checked.endswith("runtime.in: what [project] depends on")


def test_what_cannot_be_resolved_writes_nothing(root: Path) -> None:
    (root / "requirements/runtime.in").write_text("nowhere-to-be-found\n", "utf-8")
    with pytest.raises(EnvironmentFault, match="cannot resolve"):
        lock(root)
    assert sorted(path.name for path in (root / "requirements").iterdir()) == ["runtime.in"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("--prefer-binary\n", "tie the lock to one place"),
        ("-r missing.in\n", "cannot be read"),
        ("-r runtime.in\n", "nested deeper"),
    ],
)
def test_an_input_file_that_makes_no_sense_is_one_clear_error(
    text: str, sentence: str, root: Path
) -> None:
    (root / "requirements/runtime.in").write_text(text, "utf-8")
    (root / "requirements/runtime.txt").write_text("", "utf-8")
    with pytest.raises(InputError, match=sentence):
        check(root)


@pytest.fixture
def index(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the wheels as an index (PEP 503), and let pip know of it alone."""
    wheels = sorted((root.parent / "wheels").iterdir())
    for file in wheels:
        page = root.parent / "index" / file.name.split("-")[0]
        page.mkdir(parents=True)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        (page / file.name).write_bytes(file.read_bytes())
        link = f'<a href="{file.name}#sha256={digest}">{file.name}</a>'
        (page / "index.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>")
    with serve(root.parent / "index") as address:
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        settings = root.parent / "pip.conf"
        settings.write_text(f"[global]\nindex-url = {address}\n", "utf-8")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
        yield address


def test_the_standard_form_pins_the_same_files_at_their_addresses(root: Path, index: str) -> None:
    report = lock(root, pylock=True)
    assert report.problems == ()
    assert report.files[1] == ("requirements/pylock.runtime.toml", "written")
    document = tomllib.loads((root / "requirements/pylock.runtime.toml").read_text("utf-8"))
    Pylock.from_dict(document).validate()
    assert {one["name"]: one["version"] for one in document["packages"]} == {
        "inner": "2.1",
        "outer": "1.0",
    }
    urls = [one["wheels"][0]["url"] for one in document["packages"]]
    assert all(url.startswith(index) for url in urls)
    assert lock(root, pylock=True).files[1] == ("requirements/pylock.runtime.toml", "unchanged")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("2.1", "2.0", "inner 2.0 is not what requirements/runtime.txt"),
        ("inner", "other", "other 2.1 is not what requirements/runtime.txt"),
        ('sha256 = "', 'sha256 = "00', "a file whose SHA-256 is not in requirements/runtime.txt"),
        ("http://", "file:///", "a file that only this machine can reach"),
        ('lock-version = "1.0"', 'lock-version = "9.0"', "no lock file of PEP 751"),
        ("packages", "parcels", "no lock file of PEP 751"),
        ("[[", "[", "no lock file of PEP 751"),
    ],
)
@pytest.mark.usefixtures("index")
def test_a_standard_form_that_says_something_else_is_found(
    old: str, new: str, sentence: str, root: Path
) -> None:
    lock(root, pylock=True)
    path = root / "requirements/pylock.runtime.toml"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    assert sentence in check(root).problems[0].sentence


def test_the_locks_of_this_tree_fit() -> None:
    report = check(tree.ROOT)
    assert report.problems == ()
    assert {name for name, _ in report.files} >= {
        "requirements/build.txt",
        "requirements/dev.txt",
        "requirements/runtime.txt",
    }
