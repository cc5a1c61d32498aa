"""Archives that nobody vouches for: refused or bounded, with one clear error."""

import gzip
import io
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from functools import cache
from pathlib import Path

import pytest

from qfs.errors import InputError
from qfs.repro.archive import ArchiveError, Limits, gunzip, gzip_header, open_tar, open_zip
from qfs.repro.compare import compare
from qfs.shell import building_sdist
from qfs.shell.building_sdist import unpack
from tests.repro.archives import sdist, wheel

SMALL = Limits(total=1_000_000, members=10)
SLIPS = ["../x", "a/../../x", "/etc/x", "\\x", "a\\..\\..\\x", "C:x", "..", ""]


BLOCK = 64 * 1024**2
BOMB = 160 * BLOCK
"""10 GiB, 10_737_418_240 bytes."""


@cache
def deflated_bomb() -> bytes:
    """Return 10 MB of deflate that really hold 10 GiB: one block of zeros, over and over."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)
    assert zlib.decompressobj(-15).decompress(block + block, 3 * BLOCK) == bytes(2 * BLOCK)
    return block * (BOMB // BLOCK) + b"\x03\x00"


def zip_bomb(stream: bytes, says: int) -> bytes:
    """Return a zip whose one member is the stream and says that it is so long (Zip64)."""
    name, size, packed = b"a", struct.pack("<QQ", says, len(stream)), b"\xff\xff\xff\xff" * 2
    extra = b"\x01\x00\x10\x00" + size
    common = struct.pack("<HHHHHL", 45, 0, 8, 0, 33, 0) + packed
    common += struct.pack("<HH", len(name), len(extra))
    local = b"PK\x03\x04" + common + name + extra
    entry = b"PK\x01\x02\x2d\x00" + common + bytes(14) + name + extra
    at = len(local) + len(stream)
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, len(entry), at, 0)
    return local + stream + entry + end


def gzip_bomb(stream: bytes) -> bytes:
    """Return a gzip file of the stream; nobody gets as far as its checksum."""
    return b"\x1f\x8b\x08" + bytes(7) + stream + bytes(8)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [(BOMB, f"unpacks to {BOMB} bytes, more than"), (100, "'a' is corrupt|'a' is not as long")],
    ids=["honest", "lying"],
)
def test_a_wheel_of_10_mb_that_holds_10_gib_is_refused(says: int, sentence: str) -> None:
    bomb = zip_bomb(deflated_bomb(), says)
    assert len(bomb) < 11_000_000
    tracemalloc.start()
    with pytest.raises(ArchiveError, match=sentence):
        compare("p.whl", bomb, wheel())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * len(bomb)


def test_an_sdist_of_10_mb_that_holds_10_gib_is_refused_and_nothing_of_it_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert building_sdist.LIMITS.total == 1024**3
    monkeypatch.setattr(building_sdist, "LIMITS", Limits(total=300_000_000))  # sooner reached
    bomb = gzip_bomb(deflated_bomb())
    tracemalloc.start()
    with pytest.raises(ArchiveError, match="unpacks to more than 300000000 bytes"):
        unpack("p-1.tar.gz", bomb, tmp_path / "to")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000_000
    assert not (tmp_path / "to").exists()


def test_what_grows_much_and_fits_is_unpacked() -> None:
    many = gzip.compress(bytes(70_000_000)) + b"\0\0" + gzip.compress(b"two")
    assert gunzip(many, "p.gz") == bytes(70_000_000) + b"two"


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
