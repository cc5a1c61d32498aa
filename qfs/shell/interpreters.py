"""Other Pythons on this machine, and child processes under an environment of our making.

- Looked for: ``python3.N`` and ``python3`` on PATH, and every version under the roots of pyenv and
  uv. Only CPython >= 3.11 counts; the same build found twice counts once.
- A child gets no site-packages and no variable that it was not given, so that what it does depends
  on nothing that we did not choose. Nothing is written: bytecode is not cached.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OLDEST = (3, 11)
_NAME = re.compile(r"python3(\.[0-9]+)?")
_PROBE_SECONDS = 20
_PROBE = """
import json, platform, sys
print(json.dumps({
    "implementation": platform.python_implementation(),
    "version": list(sys.version_info[:2]),
    "label": platform.python_implementation() + " " + platform.python_version() + sys.abiflags,
    "build": [list(platform.python_build()), platform.python_compiler(), sys.base_prefix],
}))
"""
_START = (
    "import sys; root, module, *rest = sys.argv[1:]; sys.argv[1:] = rest; sys.path.insert(0, root);"
    "import runpy; runpy.run_module(module, run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One Python that can run here."""

    label: str
    """``CPython 3.12.1``."""
    path: Path


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something with the name of a Python >= 3.11 that does not start."""

    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Child:
    """What a child process did."""

    code: int
    output: bytes
    errors: str


def this_interpreter() -> Interpreter:
    """Return the Python that runs this process."""
    found = _probe(Path(sys.executable))
    if not isinstance(found, tuple):
        return Interpreter(f"CPython {sys.version.split()[0]}", Path(sys.executable))
    return found[0]


def find_interpreters(search_path: str, home: Path) -> list[Interpreter | Unusable]:
    """Return every CPython >= 3.11 on a PATH and under the pyenv roots, by label.

    search_path is PATH's value; home is where ``.pyenv`` may be. Each candidate is started once.
    """
    found: dict[str, Interpreter | Unusable] = {}
    builds: dict[str, None] = {}
    for path in _candidates(search_path, home):
        probed = _probe(path)
        if isinstance(probed, Unusable):
            found.setdefault(probed.label, probed)
        elif probed is not None:
            interpreter, build = probed
            if build not in builds:
                builds[build] = None
                label = interpreter.label
                same = sum(key.split(" (")[0] == label for key in found)
                if same:
                    label = f"{label} ({same + 1})"
                found[label] = Interpreter(label, path)
    return [found[label] for label in sorted(found, key=_by_version)]


def run_module(
    interpreter: Path,
    module: str,
    arguments: Sequence[str],
    *,
    variables: Mapping[str, str],
    options: Sequence[str] = (),
    root: Path,
    directory: Path,
    seconds: float | None = None,
) -> Child:
    """Run a module of the package tree at root in a child, with these variables alone.

    Raises subprocess.TimeoutExpired after seconds.
    """
    command = [os.fspath(interpreter), "-S", "-s", "-B", *options, "-c", _START]
    done = subprocess.run(
        [*command, os.fspath(root), module, *arguments],
        env=dict(variables),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    return Child(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def _candidates(search_path: str, home: Path) -> list[Path]:
    roots = [Path(os.environ.get("PYENV_ROOT") or home / ".pyenv"), home / ".pyenv"]
    roots += [Path("/opt/pyenv"), Path("/usr/local/pyenv")]
    found: dict[Path, None] = {}
    folders = [Path(name) for name in search_path.split(os.pathsep) if name]
    # Pyenv's own programs in PATH start what its settings say; its versions are what is looked for.
    roots += [path.parent for path in folders if path.name == "shims"]
    shims = {root / "shims" for root in roots}
    for folder in folders:
        if folder in shims or not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if _NAME.fullmatch(path.name) and os.access(path, os.X_OK) and path.is_file():
                found[path.resolve()] = None
    kept = [root / "versions" for root in roots]
    for root in (*kept, home / ".local/share/uv/python", Path("/opt/python")):
        for path in sorted(root.glob("*/bin/python3")):
            if os.access(path, os.X_OK):
                found[path.resolve()] = None
    return list(found)


def _probe(path: Path) -> tuple[Interpreter, str] | Unusable | None:
    """Start a Python and ask who it is; None when it is too old or no CPython."""
    minor = re.search(r"python3\.([0-9]+)", path.name)
    expected = f"CPython 3.{minor[1]}" if minor else path.name
    try:
        done = subprocess.run(
            [os.fspath(path), "-I", "-S", "-B", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=True,
            env={"PATH": os.defpath},
        )
        facts = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        if minor and (3, int(minor[1])) < OLDEST:
            return None
        return Unusable(expected, f"it does not start ({type(error).__name__})")
    if facts["implementation"] != "CPython" or tuple(facts["version"]) < OLDEST:
        return None
    return Interpreter(facts["label"], path), json.dumps(facts["build"])


def _by_version(label: str) -> tuple[list[int], str]:
    return [int(number) for number in re.findall(r"[0-9]+", label)], label
