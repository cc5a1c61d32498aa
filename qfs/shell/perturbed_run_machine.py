"""What this machine can vary: its Pythons, a locale unlike C, fixed addresses.

- Of the Pythons that `interpreters` finds, the newest of each minor version.
- A locale that the system lacks is compiled into the user's cache with localedef, once.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from qfs.shell.interpreters import Unusable, find_interpreters
from qfs.shell.perturbation import Machine
from qfs.shell.perturbed_run import ENTRIES_MAX, is_skipped, locale_folder

_SECONDS = 20
# Turkish: other month names, a comma in numbers, and i has two capitals.
_LOCALE = "tr_TR.UTF-8"


def machine(
    folder: Path, python: str = sys.executable, *, others: bool = True, plain: bool = False
) -> Machine:
    """Return what can be varied for a program in the folder, run by the given Python.

    plain looks for nothing that costs time and that only a perturbation needs.
    """
    found, unusable = _other_pythons(python) if others and not plain else ((), ())
    words = "" if plain else locale()
    addresses = fixed_addresses()
    return Machine((python, *found), words, addresses, _few_entries(folder), unusable=unusable)


@cache
def _other_pythons(python: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the newest Python of each other version, and what does not start."""
    found: dict[tuple[int, int], str] = {}
    unusable: list[tuple[str, str]] = []
    for one in find_interpreters(os.environ.get("PATH", os.defpath), Path.home()):
        if isinstance(one, Unusable):
            unusable.append((f"python {one.label}", one.reason))
            continue
        known = version(str(one.path))
        if known is not None and known != version(python):
            found[known] = str(one.path)
    return tuple([found[known] for known in sorted(found)]), tuple(unusable)


@cache
def version(python: str) -> tuple[int, int] | None:
    """Return major and minor version of an interpreter, None if it does not start."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run(
            [python, "-I", "-S", "-c", code],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        major, minor = done.stdout.split()
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return int(major), int(minor)


@cache
def locale() -> str:
    """Return the name of a locale unlike C, or an empty string."""
    program = shutil.which("locale")
    if program is not None:
        listed = subprocess.run(
            [program, "-a"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        known = {name.lower().replace("-", ""): name for name in listed.stdout.split()}
        for wanted in ("tr_tr.utf8", "de_de.utf8", "fr_fr.utf8"):
            if wanted in known:
                return known[wanted]
    return _compiled()


def _compiled() -> str:
    made = locale_folder() / _LOCALE
    if made.is_dir():
        return _LOCALE
    program = shutil.which("localedef")
    if program is None:
        return ""
    unfinished = made.with_name(f"{_LOCALE}.{os.getpid()}")
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [program, "-i", "tr_TR", "-f", "UTF-8", str(unfinished)],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        unfinished.rename(made)
    except (OSError, subprocess.TimeoutExpired):
        shutil.rmtree(unfinished, ignore_errors=True)
    return _LOCALE if made.is_dir() else ""


@cache
def fixed_addresses() -> bool:
    """Say whether setarch can turn address space randomisation off, here and now."""
    if shutil.which("setarch") is None:
        return False
    words = ["setarch", "-R", sys.executable, "-I", "-S", "-c", "print(id(object()))"]
    try:
        told = {
            subprocess.run(words, capture_output=True, timeout=_SECONDS, check=False).stdout
            for _ in range(2)
        }
    except (OSError, subprocess.TimeoutExpired):
        return False
    return len(told) == 1 and told != {b""}


def _few_entries(folder: Path) -> bool:
    count = 0
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_skipped(Path(place), name)]
        count += len(folders) + len(files)
        if count > ENTRIES_MAX:
            return False
    return True
