"""Archives that nobody vouches for: refused or bounded, with one clear error."""

import gzip
import io
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from qfs.errors import InputError
from qfs.repro.archive import ArchiveError, Limits, gunzip, gzip_header, open_tar, open_zip
from qfs.repro.compare import compare
from qfs.shell.building_sdist import unpack
from tests.repro.archives import sdist, wheel

SMALL = Limits(total=1_000_000, members=10)
SLIPS = ["../x", "a/../../x", "/etc/x", "\\x", "a\\..\\..\\x", "C:x", "..", ""]


def test_a_zip_that_says_10_gb_is_refused_before_it_is_unpacked() -> None:
    data = wheel({"a": b"x"})
    at = data.index(b"PK\x01\x02") + 24
    bomb = data[:at] + struct.pack("<I", 4_000_000_000) + data[at + 4 :]
    with pytest.raises(ArchiveError, match="unpacks to 4000000000 bytes"):
        compare("p.whl", bomb, wheel())


def test_a_real_zip_bomb_costs_no_more_than_its_limit() -> None:
    bomb = wheel({"a": bytes(200_000_000)}, method=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    with pytest.raises(ArchiveError, match="more than 1000000"):
        compare("p.whl", bomb, wheel(), limits=SMALL)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_gzip_bomb_stops_at_its_limit() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join([packer.compress(bytes(10_000_000)) for _ in range(20)]) + packer.flush()
    tracemalloc.start()
    with pytest.raises(ArchiveError, match="unpacks to more than 1000000"):
        gunzip(bomb, "p.tar.gz", SMALL)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_too_many_members_are_refused() -> None:
    with pytest.raises(ArchiveError, match="11 members"):
        open_zip(wheel({str(n): b"" for n in range(11)}), "p.whl", SMALL)


@pytest.mark.parametrize("name", SLIPS)
def test_a_name_that_leads_outside_is_refused_in_a_zip(name: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        archive.writestr(entry, b"")
    with pytest.raises(ArchiveError):
        open_zip(out.getvalue(), "p.whl")


@pytest.mark.parametrize("name", SLIPS)
def test_a_name_that_leads_outside_is_refused_in_an_sdist(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        unpack("p.tar.gz", sdist({"p/a": b"", name: b"x"}), tmp_path / "to")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("target", ["../../x", "/etc/passwd", "a/../../../x"])
def test_a_link_that_leads_outside_is_refused(target: str, tmp_path: Path) -> None:
    archive = sdist({"p/link": b""}, type=tarfile.SYMTYPE, linkname=target)
    with pytest.raises(ArchiveError, match="leads outside"):
        unpack("p.tar.gz", archive, tmp_path / "to")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_is_refused(kind: bytes, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="device"):
        unpack("p.tar.gz", sdist({"p/device": b""}, type=kind), tmp_path / "to")


def test_a_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for data in (b"one", b"two"):
            member = tarfile.TarInfo("p/a")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    with pytest.raises(InputError, match="twice"):
        unpack("p.tar.gz", out.getvalue(), tmp_path / "to")
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as made:
        made.writestr("a", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("a", b"two")
    with pytest.raises(ArchiveError, match="twice"):
        open_zip(twice.getvalue(), "p.whl")


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(wheel({"a": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ArchiveError, match="encrypted"):
        open_zip(bytes(data), "p.whl")


WHOLE = [(wheel(), wheel(create_system=0)), (sdist(), sdist(mode=0o600))]


@pytest.mark.parametrize(("whole", "other"), WHOLE, ids=["wheel", "sdist"])
@pytest.mark.parametrize("share", [2, 3, 10])
def test_a_truncated_archive_is_refused(whole: bytes, other: bytes, share: int) -> None:
    with pytest.raises(ArchiveError):
        compare("p", whole[: len(whole) * (share - 1) // share], other)


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b", b"\x1f\x8b\x08\x08" + b"x" * 20])
def test_a_gzip_header_without_an_end_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        gzip_header(data, "p.gz")


def test_all_members_of_a_gzip_file_count() -> None:
    assert gunzip(gzip.compress(b"one") + gzip.compress(b"two"), "p.gz") == b"onetwo"


def test_garbage_is_no_tar() -> None:
    with pytest.raises(ArchiveError):
        open_tar(b"\xff" * 2048, "p.tar")


def test_an_sdist_has_one_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="below one folder"):
        unpack("p.tar.gz", sdist({"p/a": b"", "q/b": b""}), tmp_path / "to")


def test_an_sdist_keeps_modes_links_and_times(tmp_path: Path) -> None:
    archive = sdist({"p/run.sh": b"#!"}, mode=0o755, mtime=123_456_789)
    source = unpack("p.tar.gz", archive, tmp_path / "to")
    assert source.files == (("run.sh", True, None),)
    assert dict(source.times) == {"run.sh": 123_456_789}
