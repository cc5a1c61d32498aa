"""Where the source of a rebuild comes from: git, the package index; and what cannot be rebuilt."""

import datetime as dt
import hashlib
import io
import os
import stat
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from qfs.app.build import BuildRequest, Pairs, build
from qfs.app.verify import Agreement, VerifyRequest, verify
from qfs.errors import EnvironmentFault, InputError
from qfs.repro import Cause
from qfs.shell.building_sdist import unpack
from qfs.shell.fetching import fetch_sdist
from qfs.shell.sandbox import find_bubblewrap, find_faketime
from tests.app.test_verify import PURE, published
from tests.repro.archives import sdist


def committed(source: Path) -> str:
    """Commit a source as version 1 and go on working on it; returns the commit."""
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "one"), ("tag", "v1")):
        subprocess.run(["git", "-C", str(source), *who, *words], check=True)
    (source / "snippet.py").write_text("files['p/later.py'] = b''\n" + PURE, "utf-8")
    subprocess.run(["git", "-C", str(source), *who, "commit", "-qam", "two"], check=True)
    done = subprocess.run(
        ["git", "-C", str(source), "rev-parse", "v1"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("address", "reference", "expected"),
    [
        ("{}", "@v1", Agreement.BIT_FOR_BIT),
        ("file://{}", "@v1", Agreement.BIT_FOR_BIT),
        ("file://{}", "", Agreement.CODE_DIFFERS),
        ("{}", "", Agreement.CODE_DIFFERS),
    ],
)
def test_a_wheel_is_rebuilt_from_a_tag_of_a_git_repository(
    address: str, reference: str, expected: Agreement, tmp_path: Path
) -> None:
    wheel, source = published(tmp_path)
    commit = committed(source)
    request = VerifyRequest(wheel, address.format(source) + reference)
    if find_bubblewrap() is None:
        with pytest.raises(EnvironmentFault, match="sandbox"):
            verify(request)
        return
    report = verify(request)
    assert report.agreement is expected
    assert (f"commit {commit}" in report.source) is bool(reference)


@pytest.mark.parametrize(
    "text", ["nowhere", "nowhere@v1", "file:///nowhere/at/all@v1", "{}@v9", "{}@--exec=x"]
)
def test_a_source_that_is_not_there_is_one_clear_error(text: str, tmp_path: Path) -> None:
    wheel, source = published(tmp_path)
    committed(source)
    kind = InputError if find_bubblewrap() is not None else EnvironmentFault
    with pytest.raises(kind):
        verify(VerifyRequest(wheel, text.format(source)))


def test_an_sdist_is_fetched_by_name_and_version_and_nothing_in_it_runs_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, source = published(tmp_path)
    witness = tmp_path / "it-ran"
    own = source / "own_backend.py"
    own.write_text(f"open({str(witness)!r}, 'w').close()\n" + own.read_text("utf-8"), "utf-8")
    files = {
        f"p-1/{path.relative_to(source)}": path for path in source.rglob("*") if path.is_file()
    }
    index = tmp_path / "index"
    index.mkdir()
    made = sdist({name: path.read_bytes() for name, path in files.items()})
    (index / "p-1.tar.gz").write_bytes(made)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert fetch_sdist("p", "1", tmp_path / "fetched").read_bytes() == made
    assert not witness.exists()
    with pytest.raises(EnvironmentFault, match="no sdist of p 2"):
        fetch_sdist("p", "2", tmp_path / "none")
    if find_bubblewrap() is not None:
        report = verify(VerifyRequest(wheel, None))
        assert report.source == f"p-1.tar.gz, SHA-256 {hashlib.sha256(made).hexdigest()}"
        assert report.agreement is Agreement.NOT_COMPARABLE  # in the sandbox it cannot write there
        assert not witness.exists()


@pytest.mark.parametrize(
    ("requires", "code", "reason"),
    [
        ('"nowhere-to-be-had==1"', "", "not to be had"),
        ("", "raise ImportError('broken')\n", "cannot be built"),
        ("", "import socket; socket.create_connection(('192.0.2.1', 80), 1)\n", "the network"),
    ],
)
def test_a_back_end_that_is_not_to_be_had_or_gives_no_answer_is_a_finding(
    requires: str, code: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, source = published(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    text = (source / "pyproject.toml").read_text("utf-8")
    changed = text.replace("requires = []", f"requires = [{requires}]")
    (source / "pyproject.toml").write_text(changed, "utf-8")
    (source / "own_backend.py").write_text(code, "utf-8")
    if find_bubblewrap() is None:
        with pytest.raises(EnvironmentFault, match="sandbox"):
            verify(VerifyRequest(wheel, source))
        return
    report = verify(VerifyRequest(wheel, source))
    assert report.agreement is Agreement.NOT_COMPARABLE
    assert reason in report.reason
    causes = [each.cause for each in report.differences]
    assert causes == [] if requires else causes[0] in (Cause.NETWORK, Cause.BUILD_FAILS)


SAMPLES = Path(__file__).parents[1] / "repro" / "backends"
WRITTEN, PACKED = 1_650_000_000, 1_660_000_000
"""When the sources were written and when the wheel was made."""


@pytest.mark.parametrize(
    ("name", "zone", "attempt"),
    [
        ("setuptools", 0, "as if at its time"),  # it writes times in UTC
        ("flit", 7_200, "with file times"),
        ("flit", -12_600, "with file times"),
        ("flit", 0, "with file times"),
    ],
)
def test_a_wheel_without_source_date_epoch_is_rebuilt_as_if_at_its_time_and_place(
    name: str, zone: int, attempt: str, tmp_path: Path
) -> None:
    files = {
        f"sample-1.0/{path.relative_to(SAMPLES / name)}": path.read_bytes()
        for path in sorted((SAMPLES / name).rglob("*"))
        if path.is_file() and not {"__pycache__", "sample.egg-info"} & set(path.parts)
    }
    source = tmp_path / "sample-1.0.tar.gz"
    source.write_bytes(sdist(files, mtime=WRITTEN))
    made = build(BuildRequest(source, Pairs.BARE, ("wheel",), bisect=False)).kept()[0]
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made.data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            moment = PACKED if ".dist-info/" in entry.filename else WRITTEN + zone
            if entry.date_time[0] != 2016:  # what flit writes where there is no file
                entry.date_time = dt.datetime.fromtimestamp(moment, dt.UTC).timetuple()[:6]
            new.writestr(entry, old.read(entry))
    wheel = tmp_path / made.name
    wheel.write_bytes(out.getvalue())
    if find_bubblewrap() is None:
        with pytest.raises(EnvironmentFault, match="sandbox"):
            verify(VerifyRequest(wheel, source))
        return
    report = verify(VerifyRequest(wheel, source))
    if find_faketime() is not None:
        assert report.attempt == attempt
        assert report.agreement is Agreement.BIT_FOR_BIT
    else:
        assert report.agreement in (Agreement.BIT_FOR_BIT, Agreement.CONTENT_IDENTICAL)


def test_the_modes_of_an_sdist_reach_the_rebuild_as_unpacking_leaves_them(tmp_path: Path) -> None:
    made = {"a.py": 0o664, "b.sh": 0o775, "c.exe": 0o600, "d": 0o444, "e": 0o711}
    folder = tmp_path / "by-tarfile"
    modes = {}
    for name, mode in made.items():
        data = sdist({f"p-1/{name}": b""}, mode=mode)
        source = unpack("p-1.tar.gz", data, tmp_path / name)
        modes[name] = source.modes[name]
        with tarfile.open(fileobj=io.BytesIO(data)) as opened:
            opened.extractall(folder, filter="data")
    assert modes == {name: stat.S_IMODE((folder / "p-1" / name).stat().st_mode) for name in made}
