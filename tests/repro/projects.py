"""Small projects with a back-end of their own, so that building them needs no network.

The back-end is careful: without a snippet its artefacts are the same bytes everywhere. A snippet
is code that runs in the middle of it, with ``files`` (name to bytes) to change.
"""

import textwrap
from pathlib import Path

BACKEND = """
import gzip, io, os, pathlib, tarfile, zipfile

def get_requires_for_build_wheel(config_settings=None):
    return []

get_requires_for_build_sdist = get_requires_for_build_wheel

def contents(kind):
    files = {"p/__init__.py": b"", "p-1.dist-info/METADATA": b"Name: p\\nVersion: 1\\n"}
    usual = {"when": (2020, 2, 2, 0, 0, 0), "mode": 0o644, "method": 0, "level": 9, "extra": b"",
             "comment": b"", "tar": {}, "gzip_time": 0}
    space = {"files": files, "kind": kind}
    exec(pathlib.Path("snippet.py").read_text("utf-8"), space)
    return files, {name: space.get(name, value) for name, value in usual.items()}

def build_wheel(folder, config_settings=None, metadata_directory=None):
    files, fields = contents("wheel")
    with zipfile.ZipFile(os.path.join(folder, "p-1-py3-none-any.whl"), "w") as out:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, fields["when"])
            entry.external_attr = (0o100000 | fields["mode"]) << 16
            entry.extra, entry.compress_type = fields["extra"], fields["method"]
            out.writestr(entry, data, compresslevel=fields["level"])
        out.comment = fields["comment"]
    return "p-1-py3-none-any.whl"

def build_sdist(folder, config_settings=None):
    files, fields = contents("sdist")
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as out:
        for name, data in files.items():
            entry = tarfile.TarInfo("p-1/" + name)
            entry.size, entry.mode = len(data), fields["mode"]
            for field, value in fields["tar"].items():
                setattr(entry, field, value)
            out.addfile(entry, io.BytesIO(data))
    with open(os.path.join(folder, "p-1.tar.gz"), "wb") as file:
        with gzip.GzipFile("", "wb", 9, file, fields["gzip_time"]) as packed:
            packed.write(inner.getvalue())
    return "p-1.tar.gz"
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "own_backend"\nbackend-path = ["."]\n'


def project(folder: Path, snippet: str = "") -> Path:
    """Write a project whose back-end runs the snippet; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    (folder / "own_backend.py").write_text(BACKEND, "utf-8")
    (folder / "snippet.py").write_text(textwrap.dedent(snippet), "utf-8")
    for name in ("alpha", "bravo", "charlie", "delta"):
        (folder / "data").mkdir(exist_ok=True)
        (folder / "data" / f"{name}.txt").write_text(name, "utf-8")
    return folder


def backend(folder: Path, code: str) -> Path:
    """Write a project whose back-end is the code."""
    project(folder)
    (folder / "own_backend.py").write_text(textwrap.dedent(code), "utf-8")
    return folder
