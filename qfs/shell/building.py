"""Builds a source tree through its own back-end, in one given environment.

- Every build gets a fresh copy of the staged tree.
- With bubblewrap a build sees its copy, the interpreter and the system's programs, and no network;
  without it, the build runs as the user and the report says so.
- A back-end that does not end in time is stopped, and nothing that it started outlives its build:
  in the sandbox the kernel sees to it, outside of it the launcher's guardian.
- Source: PEP 517, PEP 518.
"""

import json
import marshal
import os
import shutil
import stat
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyproject_hooks
from packaging.requirements import Requirement

from qfs.repro.dates import written
from qfs.repro.difference import Side
from qfs.repro.elf import sections
from qfs.repro.environment import FIRST, Environment
from qfs.shell import building_launcher, building_shim
from qfs.shell.building_process import Stopped, ended
from qfs.shell.building_source import BuildSystem, Source
from qfs.shell.sandbox import Mount, wrapped

KINDS = ("sdist", "wheel")
_ARTIFACT_MAX = 2 * 1024**3  # 2_147_483_648 bytes
_LOG_TAIL = 2_000
_MARSHAL = 4
"""The form of marshal that every Python from 3.4 on reads."""
_ANSWER_MAX = 16 * 1024**2  # 16_777_216 bytes of what a hook answers
_LOG_MAX = 256 * 1024**2  # 268_435_456 bytes of what its processes start
_NO_ANSWER = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading an answer ends in that anybody in the build could have written."""
_RUSTC = '#!/bin/sh\nunset LD_PRELOAD\nexec "{}" "$@"\n'
"""Rust's compiler waits for ever under libfaketime: both enter each other before they are ready."""


@dataclass(frozen=True, slots=True)
class Built:
    """One artefact of one build."""

    kind: str
    name: str
    data: bytes
    side: Side
    """What is known of the environment that it was built in."""
    clock_moved: bool
    """Whether the log proves that the back-end saw the moved clock."""
    programs: tuple[str, ...]
    """Programs that it started and that are no Python with a moved clock of its own."""
    still: tuple[str, ...]
    """Those of them that libfaketime cannot reach, because they are linked statically."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A build without an artefact."""

    kind: str
    reason: str
    """One line."""
    output: str
    """The end of what the back-end printed."""
    way_out: str = ""
    """What to do, where the reason tells."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all builds of one source have in common."""

    folder: Path
    """A folder of our own, where everything happens."""
    source: Source
    system: BuildSystem
    python: str
    bubblewrap: str | None
    faketime: str | None
    locales: Path | None
    """Folder for LOCPATH with the locales that the environments name."""
    seconds: int
    """Time limit of one hook."""
    mounts: tuple[Mount, ...] = field(default=())
    """What the interpreter needs to be seen in the sandbox."""
    rust: Path | None = None
    """Folder of the Rust toolchain, for a build that compiles Rust."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that every build of the source is told."""
    called_off: threading.Event = field(default_factory=threading.Event)
    """Once it is set, builds that run are stopped."""


def build(workshop: Workshop, environment: Environment, kind: str) -> Built | Failed:
    """Build one artefact in one environment."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the back-end's own, which pyproject_hooks repeats
        return build_quietly(workshop, environment, kind)


def build_quietly(workshop: Workshop, environment: Environment, kind: str) -> Built | Failed:
    """Build in a thread of somebody who ignores warnings meanwhile."""
    with _Build(workshop, environment, kind) as building:
        return building.run()


def extra_requirements(
    workshop: Workshop, environment: Environment, kind: str
) -> tuple[str, ...] | Failed:
    """Ask the back-end what else it needs to build."""
    with _Build(workshop, environment, f"requires-{kind}") as building:
        caller = building.caller()
        hook = caller.get_requires_for_build_wheel
        if kind == "sdist":
            hook = caller.get_requires_for_build_sdist
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _requirements(hook())
        except (Stopped, _HookError, pyproject_hooks.BackendUnavailable, *_NO_ANSWER) as error:
            reason = f"the back-end cannot say what it needs: {error}"
            way_out = error.way_out if isinstance(error, Stopped) else ""
            return Failed(kind, reason, building.tail(), way_out)


def _requirements(answer: object) -> tuple[str, ...]:
    """Return what a hook answered; raises ValueError if that is no list of requirements."""
    if not isinstance(answer, list) or not all(isinstance(text, str) for text in answer):
        raise ValueError(f"{repr(answer)[:200]} is no list of requirements")
    for text in answer:
        Requirement(text)
    return tuple(answer)


class _HookError(Exception):
    """A hook ended badly."""


class _Build:
    """One call of one hook, in a folder of its own that is removed with it."""

    def __init__(self, workshop: Workshop, environment: Environment, kind: str) -> None:
        self.workshop = workshop
        self.environment = environment
        self.kind = kind
        label = environment.label.replace(" ", "-").replace(",", "")
        self.outer = workshop.folder / f"{label}-{kind}"
        self.boxed = workshop.bubblewrap is not None
        self.log = self.outer / "log.jsonl"
        self.printed = self.outer / "printed.txt"

    def __enter__(self) -> Self:
        for name in ("out", "shim"):
            (self.outer / name).mkdir(parents=True)
        self.log.touch()
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.outer, ignore_errors=True)

    def inside(self, path: str) -> str:
        """Return a path of the build as the build sees it."""
        return f"/{path}" if self.boxed else str(self.outer / path)

    def caller(self) -> pyproject_hooks.BuildBackendHookCaller:
        """Return what calls the back-end's hooks here."""
        return pyproject_hooks.BuildBackendHookCaller(
            self.inside(self.environment.folder),
            self.workshop.system.backend,
            self.workshop.system.backend_path,
            runner=self._run,
            python_executable=self.workshop.python,
        )

    def run(self) -> Built | Failed:
        started = self._now()
        caller = self.caller()
        hook = caller.build_sdist if self.kind == "sdist" else caller.build_wheel
        try:
            return self._collect(hook(self.inside("out")), started)
        except Stopped as stopped:
            return Failed(self.kind, str(stopped), self.tail(), stopped.way_out)
        except _HookError as error:
            return Failed(self.kind, str(error), self.tail())
        except pyproject_hooks.BackendUnavailable as error:
            reason = f"the back-end {self.workshop.system.backend} cannot be imported"
            return Failed(self.kind, reason, error.traceback[-_LOG_TAIL:])
        except (pyproject_hooks.UnsupportedOperation, pyproject_hooks.HookMissing) as error:
            return Failed(self.kind, f"the back-end builds no {self.kind} ({error})", self.tail())
        except _NO_ANSWER as error:
            return Failed(self.kind, f"the back-end gave no answer ({error!r})", self.tail())

    def _collect(self, name: object, started: int) -> Built | Failed:
        path = self.outer / "out" / str(name)
        if path.parent != self.outer / "out" or path.is_symlink() or not path.is_file():
            return Failed(self.kind, f"the back-end names no file of its own: {name!r}", "")
        if path.stat().st_size > _ARTIFACT_MAX:
            return Failed(self.kind, f"{name} is larger than {_ARTIFACT_MAX} bytes", "")
        moved, words = self._clock()
        programs = tuple(sorted({Path(word).name for word in words}))
        still = tuple(sorted({Path(word).name for word in words if self._is_static(word)}))
        side = self._side(started)
        return Built(self.kind, path.name, path.read_bytes(), side, moved, programs, still)

    def tail(self) -> str:
        """Return the end of what the back-end printed."""
        try:
            with self.printed.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _LOG_TAIL))
                end = file.read()
        except OSError:
            return ""
        if size > _LOG_TAIL and b"\n" in end:
            end = end.partition(b"\n")[2]  # whole lines
        return end.decode("utf-8", "replace")

    def _now(self) -> int:
        return int(time.time())

    def _run(
        self,
        cmd: Sequence[str],
        cwd: str | None = None,  # noqa: ARG002 (the task says where the hook runs)
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        """Run one hook's process; the signature is that of pyproject_hooks."""
        control, script = Path(cmd[-1]), Path(cmd[1])
        self._write_shim()
        task = self._task(list(cmd), dict(extra_environ or {}))
        (self.outer / "task").write_bytes(marshal.dumps(task, _MARSHAL))
        word = "/qfs-task/launcher.py" if self.boxed else building_launcher.__file__
        file = "/qfs-task/task" if self.boxed else str(self.outer / "task")
        command = [self.workshop.python, "-I", "-S", word, file]
        if self.workshop.bubblewrap is not None:
            command = wrapped(
                self.workshop.bubblewrap,
                command,
                self._mounts(control, script),
                user_number=self.environment.user_number,
                host=self.environment.host,
            )
        with self.printed.open("wb") as printed:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed,
                start_new_session=True, env={"LC_ALL": "C.UTF-8"}, cwd=self.outer,
            )  # fmt: skip
            code = ended(process, self.workshop.seconds, self.workshop.called_off)
        answer = control / "output.json"
        if code != 0 and answer.is_file():
            raise _HookError(f"the back-end raised an error (exit code {code})")
        if code != 0:
            raise _HookError(f"the back-end ended with exit code {code}")
        if not _is_plain(answer, _ANSWER_MAX):
            raise _HookError("the back-end ended without an answer that can be read")

    def _task(self, command: list[str], extra: dict[str, str]) -> dict[str, object]:
        environment = self.environment
        files = list(self.workshop.source.files)
        if environment.backward:
            files.reverse()
        return {
            "from": "/qfs-source" if self.boxed else str(self.workshop.source.root),
            "to": self.inside(environment.folder),
            "folders": [self.inside(environment.home), self.inside("tmp")],
            "files": files,
            "umask": environment.umask,
            "time": environment.source_time,
            "times": {} if environment.source_date_epoch else dict(self.workshop.source.times),
            "modes": dict(self.workshop.source.modes) if environment.keeps_modes else {},
            "clamp": environment.source_date_epoch is not None,
            "processors": environment.processors,
            "process_numbers": environment.process_numbers,
            "old_kernel": environment.old_kernel,
            "seconds": self.workshop.seconds,
            "guarded": not self.boxed,
            "command": command,
            "environment": {**self._variables(), **extra},
        }

    def _variables(self) -> dict[str, str]:
        environment = self.environment
        folder = self.inside(environment.folder)
        variables = {
            "PATH": ":".join(map(str, self._programs())),
            "HOME": self.inside(environment.home),
            "TMPDIR": self.inside("tmp"),
            "TZ": environment.timezone,
            "LC_ALL": self._locale(),
            "LANG": self._locale(),
            "PYTHONIOENCODING": "utf-8:surrogateescape",
            "PYTHONHASHSEED": environment.hash_seed,
            "PYTHONPATH": self._shim(),
            "USER": environment.user,
            "LOGNAME": environment.user,
            "PIP_NO_INDEX": "1",
        }
        if self.workshop.locales is not None:
            variables["LOCPATH"] = "/qfs-locales" if self.boxed else str(self.workshop.locales)
        if environment.variable:
            variables["QFS_VARIATION"] = environment.variable
        if environment.source_date_epoch is not None:
            variables["SOURCE_DATE_EPOCH"] = str(environment.source_date_epoch)
        if environment.fixed_names:
            for name in ("CFLAGS", "CXXFLAGS"):
                variables[name] = f"-g0 -ffile-prefix-map={folder}=."
            variables["RUSTFLAGS"] = f"--remap-path-prefix={folder}=."
        if self.workshop.faketime is not None:
            variables["LD_PRELOAD"] = self.workshop.faketime
            variables["FAKETIME_TIMESTAMP_FILE"] = f"{self._shim()}/faketime"
            variables["FAKETIME_CACHE_DURATION"] = "3600"
            variables["NO_FAKE_STAT"] = "1"  # the shim moves the times of files, once
        variables |= self.workshop.variables
        variables |= dict(environment.settings)
        if environment.variables_backward:
            return dict(reversed(variables.items()))
        return variables

    def _programs(self) -> tuple[Path | str, ...]:
        """Return the folders of PATH: the back-end's own, then the system's."""
        own = Path(self.workshop.python).parent
        rust = self.workshop.rust
        added = () if rust is None else (self._shim(), rust / "bin")
        return (own, *added, "/usr/local/bin", "/usr/bin", "/bin")

    def _shim(self) -> str:
        return "/qfs-shim" if self.boxed else str(self.outer / "shim")

    def _locale(self) -> str:
        """Return the environment's locale, or C where the machine cannot make it."""
        name = self.environment.locale
        return name if self.workshop.locales is not None or name == FIRST.locale else "C"

    def _write_shim(self) -> None:
        shim = self.outer / "shim"
        shutil.copyfile(building_shim.__file__, shim / "sitecustomize.py")
        shift = self._shift()
        settings = {
            "log": "/qfs-log.jsonl" if self.boxed else str(self.log),
            "shift": 0 if self.workshop.faketime is not None else shift,
            "file_shift": self.environment.clock_shift,
            "made": self.environment.stands,
            "since": self._now() - 1,
            "backward": self.environment.backward,
            "processors": self.environment.processors,
            "numbered": self.environment.fixed_names,
        }
        (shim / "settings.json").write_text(json.dumps(settings), "utf-8")
        stands = self.environment.stands
        moved = f"{shift:+}" if stands is None else written(stands + self.environment.zone)
        (shim / "faketime").write_text(f"{moved}\n", "utf-8")
        if self.workshop.rust is not None:
            rustc = shim / "rustc"
            rustc.write_text(_RUSTC.format(self.workshop.rust / "bin" / "rustc"), "utf-8")
            rustc.chmod(0o755)

    def _mounts(self, control: Path, script: Path) -> list[Mount]:
        environment = self.environment
        passwd, group = self.outer / "passwd", self.outer / "group"
        number, home = environment.user_number, environment.home
        passwd.write_text(f"{environment.user}:x:{number}:{number}::/{home}:/bin/sh\n", "utf-8")
        group.write_text(f"{environment.user}:x:{number}:\n", "utf-8")
        locales = self.workshop.locales
        return [
            *self.workshop.mounts,
            *([] if locales is None else [Mount(locales, "/qfs-locales")]),
            Mount(passwd, "/etc/passwd"),
            Mount(group, "/etc/group"),
            Mount(self.workshop.source.root, "/qfs-source"),
            Mount(Path(building_launcher.__file__), "/qfs-task/launcher.py"),
            Mount(self.outer / "task", "/qfs-task/task"),
            Mount(self.outer / "shim", "/qfs-shim"),
            Mount(self.log, "/qfs-log.jsonl", writable=True),
            Mount(self.outer / "out", "/out", writable=True),
            Mount(script.parent, str(script.parent)),
            Mount(control, str(control), writable=True),
        ]

    def _shift(self) -> int:
        """Return how many seconds the clock of the build is ahead of ours."""
        stands = self.environment.stands
        return self.environment.clock_shift if stands is None else stands - self._now()

    def _side(self, started: int) -> Side:
        environment, shift = self.environment, self._shift()
        folder = self.inside(environment.folder)
        paths = (folder, *(() if self.boxed else (str(self.outer),)), Path(folder).name)
        oldest = environment.source_time
        newest = oldest
        if environment.source_date_epoch is None:
            newest += 3 * len(self.workshop.source.files)
        return Side(
            paths=paths,
            home=self.inside(environment.home),
            temporary=self.inside("tmp"),
            host=environment.host if self.boxed else "",
            user=environment.user,
            user_number=environment.user_number if self.boxed else -1,
            timezone=environment.timezone,
            locale=self._locale(),
            hash_seed=environment.hash_seed,
            clock=(started + shift, self._now() + shift),
            source_times=(oldest, newest),
            variables=(environment.variable,) if environment.variable else (),
        )

    def _clock(self) -> tuple[bool, tuple[str, ...]]:
        """Read from the log if the back-end saw the moved clock, and which programs ran."""
        shift = self._shift()
        seen, programs = False, []
        now = self._now()
        for event, words in self._events():
            if event == "python":
                seen = seen or abs(int(words[1]) - now - shift) < 24 * 3600
            elif not _loads_the_shim(words):
                programs.append(words[0])
        return seen, tuple(sorted(frozenset(programs)))

    def _events(self) -> Iterator[tuple[str, list[str]]]:
        """Give what the log holds; raises ValueError where a build has written into it."""
        if not _is_plain(self.log, _LOG_MAX):
            raise ValueError("the log of the build is no file, or too long")
        for line in self.log.read_text("utf-8").splitlines():
            match json.loads(line):
                case [str(event), int(), [str(first), *others]]:
                    yield event, [first, *map(str, others)]
                case _:
                    raise ValueError("the log of the build holds a line that is not its own")

    def _is_static(self, word: str) -> bool:
        """Say whether a program of the machine is linked statically; False if it is not there."""
        found = shutil.which(word, path=":".join(map(str, self._programs())))
        if found is None:
            return False
        data = Path(found).read_bytes()
        return data[:4] == b"\x7fELF" and ".interp" not in sections(data)


def _is_plain(path: Path, most: int) -> bool:
    """Say whether a regular file lies there, no link or pipe, of at most so many bytes."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size <= most


def _loads_the_shim(words: Sequence[str]) -> bool:
    """Say whether a started program is a Python that reads sitecustomize from PYTHONPATH."""
    if not Path(words[0]).name.startswith(("python", "pypy")):
        return False
    for word in words[2:]:
        if not word.startswith("-") or word in ("-c", "-m"):
            return True
        if any(letter in word.partition("=")[0] for letter in "IES"):
            return False
    return True


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for a workshop that removes itself."""
    return tempfile.TemporaryDirectory(prefix="qfs-build-", ignore_cleanup_errors=True)
