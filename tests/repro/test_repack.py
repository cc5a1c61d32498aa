"""The canonical form: who packed an archive can't be told, what is in it is kept."""

import io
import tarfile
import zipfile

import pytest

from qfs.repro import ArchiveError
from qfs.repro.environment import DOS_EPOCH
from qfs.repro.repack import repacked
from tests.repro.archives import EPOCH, FILES, WHEN, sdist, wheel

BACKWARD = dict(reversed(FILES.items()))
WHEELS = [
    wheel(),
    wheel(BACKWARD),
    wheel(date_time=(*WHEN[:5], 12)),
    wheel(external_attr=0o100664 << 16),
    wheel(create_system=0),
    wheel(method=zipfile.ZIP_STORED),
    wheel(extra=b"UT\x05\0\x03abcd"),
    wheel(level=1, comment=b"hello"),
]
SDISTS = [
    sdist(),
    sdist(BACKWARD),
    sdist(gzip_time=1, gzip_name="x", level=1),
    sdist(mtime=1, mode=0o600, uid=1, gid=2, uname="u", gname="g"),
    sdist(form=tarfile.GNU_FORMAT),
]


@pytest.mark.parametrize("archives", [WHEELS, SDISTS], ids=["wheels", "sdists"])
def test_archives_of_the_same_contents_have_one_form(archives: list[bytes]) -> None:
    assert len(set(archives)) == len(archives)
    assert len({repacked("p", data, EPOCH) for data in archives}) == 1


@pytest.mark.parametrize("data", [WHEELS[1], SDISTS[3]])
def test_the_form_of_the_form_is_itself(data: bytes) -> None:
    once = repacked("p", data, EPOCH)
    assert repacked("p", once, EPOCH) == once


def test_other_contents_have_another_form() -> None:
    assert repacked("p", wheel({"a": b"1"}), EPOCH) != repacked("p", wheel({"a": b"2"}), EPOCH)


def test_contents_and_programs_are_kept() -> None:
    program = wheel({"bin/run": b"#!", "a": b"1"}, external_attr=0o100775 << 16)
    with zipfile.ZipFile(io.BytesIO(repacked("p", program, EPOCH))) as archive:
        assert archive.testzip() is None
        assert archive.read("bin/run") == b"#!"
        assert archive.getinfo("bin/run").external_attr >> 16 == 0o100755
    link = sdist({"p/link": b""}, type=tarfile.SYMTYPE, linkname="a")
    with tarfile.open(fileobj=io.BytesIO(repacked("p", link, EPOCH))) as archive:
        assert archive.getmember("p/link").linkname == "a"


def test_metadata_stands_last_as_installers_like_it() -> None:
    made = repacked("p", wheel({"p-1.dist-info/RECORD": b"", "z.py": b"", "a.py": b""}), EPOCH)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == ["a.py", "z.py", "p-1.dist-info/RECORD"]


def test_a_time_before_1980_is_raised_to_it() -> None:
    assert repacked("p", wheel(), 0) == repacked("p", wheel(), DOS_EPOCH)


@pytest.mark.parametrize("data", [b"", b"neither", wheel()[:100]])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        repacked("p", data, EPOCH)
