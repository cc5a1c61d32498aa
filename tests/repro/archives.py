"""Makes small wheels and sdists, each with one thing set as a test wants it."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Any

FILES = {"p/__init__.py": b"", "p/a.py": b"A = 1\n" * 40, "p/b.py": b"B = 2\n"}
WHEN = (2024, 5, 6, 7, 8, 10)
EPOCH = 1_714_979_290


def wheel(
    files: Mapping[str, bytes] = FILES,
    *,
    level: int = 6,
    method: int = zipfile.ZIP_DEFLATED,
    comment: bytes = b"",
    **fields: Any,
) -> bytes:
    """Return a zip archive; fields are attributes of every ZipInfo."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, WHEN)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            entry.compress_type = method
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.writestr(entry, data, compresslevel=level)
        archive.comment = comment
    return out.getvalue()


def sdist(
    files: Mapping[str, bytes] = FILES,
    *,
    gzip_time: int = EPOCH,
    gzip_name: str = "",
    level: int = 9,
    form: int = tarfile.PAX_FORMAT,
    **fields: Any,
) -> bytes:
    """Return a gzipped tar archive; fields are attributes of every TarInfo."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w", format=form) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), EPOCH
            for field, value in fields.items():
                setattr(member, field, value)
            archive.addfile(member, io.BytesIO(data) if member.isreg() else None)
    out = io.BytesIO()
    with gzip.GzipFile(gzip_name, "wb", level, out, gzip_time) as packed:
        packed.write(inner.getvalue())
    return out.getvalue()


def with_file(name: str, data: bytes) -> dict[str, bytes]:
    """Return the usual files with one more, or one replaced."""
    return {**FILES, name: data}
