"""The canonical form of an sdist or wheel: same contents, no trace of who packed them.

- Entries in the order of their names, ``*.dist-info`` last (PEP 427); files 0644 or 0755; one time;
  no owner; no extra fields; deflate at level 9.
- Two archives of the same contents have one canonical form, byte for byte, with one zlib.
- Times before 1980 are raised to it, because zip cannot write them.
- Source: PEP 427 "Recommended archiver features"; https://reproducible-builds.org/docs/archives/
"""

import gzip
import io
import tarfile
import zipfile

from qfs.repro.archive import (
    DEFAULT_LIMITS,
    GZIP_MAGIC,
    ZIP_MAGIC,
    ArchiveError,
    Limits,
    gunzip,
    open_tar,
    open_zip,
    read_member,
)
from qfs.repro.dates import written
from qfs.repro.environment import DOS_EPOCH

_FILE, _PROGRAM = 0o644, 0o755


def repacked(name: str, data: bytes, epoch: int, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the canonical form of an archive whose entries all get one time (Unix time).

    Raises ArchiveError for what is no readable wheel or sdist.
    """
    if data[:4] == ZIP_MAGIC:
        return _zip(name, data, max(epoch, DOS_EPOCH), limits)
    if data[:2] == GZIP_MAGIC:
        return _tar(name, data, max(epoch, DOS_EPOCH), limits)
    raise ArchiveError("neither zip nor gzip", place=name, way_out="repack wheels and sdists")


def _zip(name: str, data: bytes, epoch: int, limits: Limits) -> bytes:
    source, out = open_zip(data, name, limits), io.BytesIO()
    date, clock = written(epoch).split(" ")
    year, month, day = (int(part) for part in date.split("-"))
    hour, minute, second = (int(part) for part in clock.split(":"))
    entries = [entry for entry in source.infolist() if not entry.is_dir()]
    entries.sort(key=lambda entry: (".dist-info/" in entry.filename, entry.filename))
    with zipfile.ZipFile(out, "w") as archive:
        for entry in entries:
            made = zipfile.ZipInfo(entry.filename, (year, month, day, hour, minute, second))
            mode = _PROGRAM if entry.external_attr >> 16 & 0o100 else _FILE
            made.external_attr = (0o100000 | mode) << 16
            made.create_system = 3
            made.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(made, read_member(source, entry, name), compresslevel=9)
    return out.getvalue()


def _tar(name: str, data: bytes, epoch: int, limits: Limits) -> bytes:
    raw = gunzip(data, name, limits)
    source, inner = open_tar(raw, name, limits), io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in sorted(source.getmembers(), key=lambda each: each.name):
            made = tarfile.TarInfo(member.name)
            made.type, made.linkname, made.mtime = member.type, member.linkname, epoch
            if not member.isreg():
                made.mode = _PROGRAM if member.isdir() else 0o777
                archive.addfile(made)
                continue
            made.type = tarfile.REGTYPE
            made.mode = _PROGRAM if member.mode & 0o100 else _FILE
            made.size = member.size
            content = raw[member.offset_data : member.offset_data + member.size]
            archive.addfile(made, io.BytesIO(content))
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, packed, epoch) as stream:
        stream.write(inner.getvalue())
    return packed.getvalue()
