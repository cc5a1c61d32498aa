"""What this machine has to isolate a build and to move its clock.

- bubblewrap gives a build its own root, network (none), user, host name and processes.
- libfaketime moves the clock of every dynamically linked process, file times included.
- localedef makes a locale unlike the usual ones, without installing it.
- Each is tried before it is relied on; what is missing is a fact of the report, never a guess.
- Source: bwrap(1) 0.8, faketime(1) 0.9.10.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ROOT_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "nsswitch.conf")
_PROBE_SECONDS = 20
FOREIGN = "tr_TR.ISO-8859-9"
"""A locale with another encoding, another order of letters and another dotted i."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One path of the machine that the build sees."""

    outside: Path
    inside: str
    writable: bool = False


def probe(*, boxed: bool) -> None:
    """Try at the same time what changes no file and is asked for later; the answers are kept."""
    wanted = [find_faketime, *([find_bubblewrap] if boxed else [])]
    with ThreadPoolExecutor(len(wanted)) as pool:
        for tried in [pool.submit(one) for one in wanted]:
            tried.result()


def find_bubblewrap() -> str | None:
    """Return the path of a bubblewrap that works for this user, or None."""
    program = shutil.which("bwrap")
    return program if program is not None and _works(program) else None


@cache
def _works(program: str) -> bool:
    command = [program, "--unshare-all", "--uid", "1000", "--gid", "1000", "--hostname", "probe"]
    command += ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find_faketime() -> str | None:
    """Return the path of a libfaketime that moves the clock of a Python process, or None."""
    wrapper = shutil.which("faketime")
    return _faketime_library() if wrapper is not None else None


@cache
def _faketime_library() -> str | None:
    for folder in ("/usr/lib", "/usr/lib64", "/usr/local/lib"):
        for pattern in ("faketime/libfaketime.so.1", "*/faketime/libfaketime.so.1"):
            for path in sorted(Path(folder).glob(pattern)):
                if _moves_the_clock(path):
                    return str(path)
    return None


def _moves_the_clock(library: Path) -> bool:
    command = [sys.executable, "-I", "-S", "-c", "import time; print(int(time.time()))"]
    environment = {"LD_PRELOAD": str(library), "FAKETIME": "+10000000"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=_PROBE_SECONDS, check=True
        )
        return int(done.stdout) - time.time() > 9_000_000
    except (OSError, ValueError, subprocess.SubprocessError):
        return False


def find_locale() -> Path | None:
    """Return a folder for LOCPATH that holds FOREIGN, made by localedef where it is not yet there.

    None where the machine has no localedef or not the sources that it compiles (package locales).
    """
    program = shutil.which("localedef")
    return _locale_folder(program) if program is not None else None


@cache
def _locale_folder(program: str) -> Path | None:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    folder = Path(home) / "qfs" / "locale"
    if (folder / FOREIGN / "LC_CTYPE").is_file():
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as draft:
            made = Path(draft) / FOREIGN
            language, charset = FOREIGN.split(".")
            command = [program, "-i", language, "-f", charset, "--no-archive", str(made)]
            done = subprocess.run(command, capture_output=True, timeout=_PROBE_SECONDS, check=False)
            if done.returncode != 0:
                return None
            made.rename(folder / FOREIGN)
    except (OSError, subprocess.TimeoutExpired):
        # Another process may have been faster; a folder that cannot be written means no locale.
        return folder if (folder / FOREIGN / "LC_CTYPE").is_file() else None
    return folder


def find_rust() -> Path | None:
    """Return the folder of the Rust toolchain that this user's ``rustc`` stands for, or None."""
    program = shutil.which("rustc")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "--print", "sysroot"],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    folder = Path(done.stdout.strip())
    return folder if (folder / "bin" / "cargo").is_file() else None


def wrapped(
    program: str,
    command: Sequence[str],
    mounts: Sequence[Mount],
    *,
    user_number: int,
    host: str,
) -> list[str]:
    """Return the command line that runs the command in bubblewrap, without any network."""
    words = [program, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--uid", str(user_number), "--gid", str(user_number), "--hostname", host]
    words += ["--ro-bind", "/usr", "/usr"]
    for name in _ROOT_FOLDERS:
        folder = Path("/") / name
        if folder.is_symlink():
            words += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            words += ["--ro-bind", str(folder), str(folder)]
    for name in _ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 (the sandbox's own)
    for mount in mounts:
        words += ["--bind" if mount.writable else "--ro-bind", str(mount.outside), mount.inside]
    return [*words, "--chdir", "/", *command]


def seen(folder: Path) -> list[Mount]:
    """Return what makes a folder be seen at its own path; nothing if the system's are it."""
    usual = folder in (Path("/"), Path("/usr")) or Path("/usr") in folder.parents
    return [] if usual else [Mount(folder, str(folder))]


def interpreter_mounts(python: str) -> list[Mount]:
    """Return what a Python interpreter and its environment need to be seen in a sandbox."""
    prefixes = [sys.prefix, sys.base_prefix, sys.base_exec_prefix]
    if python != sys.executable:
        probe = "import sys; print(sys.prefix); print(sys.base_prefix); print(sys.base_exec_prefix)"
        done = subprocess.run(
            [python, "-I", "-c", probe],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=True,
        )
        prefixes = done.stdout.splitlines()
    folders = dict.fromkeys(map(Path, prefixes))
    folders[Path(os.path.realpath(python)).parent.parent] = None
    return [mount for folder in folders for mount in seen(folder)]
