"""Imports the program under test and calls it, once an input, in the watched process.

- Each step is told as the digest of its result and of the declared state.
- Noticed besides: an input that the step has changed, a fork, a file written beside the inputs,
  threads that were started, native modules, values that cannot be compared.
- Later passes begin with a fresh instance and the declared state as it was: what still differs is
  kept somewhere else, and the places that changed are named. One input goes before the third pass,
  and is forgotten: hidden state that comes round after all inputs does not then.
- Runs in the watched process: the standard library alone.
"""

import contextlib
import copy
import functools
import gc
import importlib
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from qfs.shell import perturbation_prelude as prelude
from qfs.shell import watched_canonical as canonical
from qfs.shell.sealed import native_modules

_GENERATED_MAX = 1_000_000


class Target:
    """What is called, and what is its state."""

    def __init__(self, name: str, state: list[str]) -> None:
        place, _, qualname = name.rpartition(":")
        self.module = load(place)
        self._qualname = qualname
        self._names = state
        self._instance: Any = None
        found: Any = self.module
        self._kind: type | None = None
        for part in qualname.split("."):
            if isinstance(found, type) and self._kind is None:
                self._kind = found
            found = getattr(found, part)
        if isinstance(found, type):
            self._kind = found
        self.found = found
        self._before = [copy.deepcopy(self._get(one)) for one in state] if not self._kind else []

    def fresh(self) -> Callable[[Any], Any]:
        """Return what is called with an input, on fresh state."""
        call: Any = self.found
        if self._kind is not None:
            self._instance = self._kind()
            last = self._qualname.rpartition(".")[2]
            call = self._instance if self.found is self._kind else getattr(self._instance, last)
            if not callable(call):
                names = ("apply", "handle", "on_event", "step", "process")
                call = next((getattr(call, one) for one in names if hasattr(call, one)), call)
        else:
            for name, value in zip(self._names, self._before, strict=True):
                owner, last = self._owner(name)
                setattr(owner, last, copy.deepcopy(value))
        return adapt(call)

    def state(self) -> Any:
        """Return the declared state; an instance's attributes unless some are named."""
        if self._names:
            return {name: self._get(name) for name in self._names}
        return self._instance

    def has_state(self) -> bool:
        """Say whether there is any."""
        return bool(self._names) or self._kind is not None

    def declares(self, place: str) -> bool:
        """Say whether a place where state is kept was named as state."""
        declared = [] if self._kind is not None else self._names
        return place in [f"module global {name.split('.')[0]}" for name in declared]

    def _get(self, name: str) -> Any:
        owner, last = self._owner(name)
        return getattr(owner, last)

    def _owner(self, name: str) -> tuple[Any, str]:
        owner: Any = self.module if self._instance is None else self._instance
        *path, last = name.split(".")
        for part in path:
            owner = getattr(owner, part)
        return owner, last


def load(place: str) -> ModuleType:
    """Import a module by name, or a file by path."""
    if not place.endswith(".py"):
        return importlib.import_module(place)
    name = os.path.basename(place)[:-3]  # noqa: PTH119
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module can be made of {place}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def adapt(call: Any) -> Callable[[Any], Any]:
    """Return a function of one input: passed whole if that fits, else spread over parameters."""
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return lambda value: _settle(call(value))

    def adapted(value: Any) -> Any:
        if isinstance(value, dict) and value and set(value) <= {"args", "kwargs"}:
            return _settle(call(*value.get("args", ()), **value.get("kwargs", {})))
        if _fits(signature, value):
            return _settle(call(value))
        if value is None and _fits(signature):
            return _settle(call())
        if isinstance(value, list) and _fits(signature, *value):
            return _settle(call(*value))
        if isinstance(value, dict) and _fits(signature, **value):
            return _settle(call(**value))
        return _settle(call(value))

    return adapted


def _fits(signature: inspect.Signature, *given: Any, **named: Any) -> bool:
    try:
        signature.bind(*given, **named)
    except TypeError:
        return False
    return True


def _settle(result: Any) -> Any:
    """Run a coroutine to its end and take what a generator yields: a step is not half done."""
    if inspect.iscoroutine(result):
        import asyncio  # noqa: PLC0415 (few programs need it, and it takes long)

        return asyncio.run(result)
    if inspect.isgenerator(result):
        return ["yields", *_limited(result)]
    return result


def _limited(values: Iterator[Any]) -> Iterator[Any]:
    for count, value in enumerate(values):
        if count >= _GENERATED_MAX:
            raise canonical.TooLargeError(f"more than {_GENERATED_MAX} values are yielded")
        yield value


def run(settings: dict[str, Any], records: Any, seal: Any) -> None:
    """Import the target, do the passes, write the records."""
    canonical.scratch[0] = settings["place"]
    inputs = _inputs(settings["inputs"])
    watch = Watch(settings, records)
    recorder = None
    if settings.get("trace") is not None:
        from qfs.shell.tracing import Recorder  # noqa: PLC0415 (one step of one run)

        recorder = Recorder()
        recorder.start()
    try:
        target = Target(settings["target"], settings["state"])
    except (ImportError, SyntaxError, AttributeError) as error:
        records.write({"unloadable": f"{type(error).__name__}: {error}"})
        return
    if recorder is not None:
        recorder.stop()
    prelude.change_collector(settings["prelude"].get("gc", "usual"))
    # A low limit holds for the program's steps, not for what it imports.
    sys.setrecursionlimit(settings["prelude"].get("recursion") or sys.getrecursionlimit())
    scratch = Scratch(settings["scratch"]) if settings["passes"] > 1 else None
    began = hidden(target) if settings["passes"] > 1 else {}
    for number in range(settings["passes"]):
        gc.collect()
        one = Pass(settings, records, seal, watch)
        if number == 2 and inputs:
            one.warm_up(target, inputs[0])
            note(watch, began, target)
        if number and scratch is not None:
            scratch.restore()
        one.run(number, target, inputs, recorder if number == 0 else None)
        if number == 0 and began:
            note(watch, began, target)
    if recorder is not None:
        with open(settings["trace_to"], "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump(recorder.events, file)
    records.write({"end": watch.report(seal)})


def note(watch: "Watch", began: dict[str, str], target: Target) -> None:
    """Keep where undeclared state has changed since the beginning."""
    for name, digest in hidden(target).items():
        if began.get(name) != digest and not target.declares(name) and name not in watch.changed:
            watch.changed.append(name)


class Scratch:
    """The folders of this run alone: a second pass finds them as the first did.

    A file of more than KEPT_MAX_BYTES is not put back when it has changed.
    """

    KEPT_MAX_BYTES = 1024 * 1024  # 1_048_576

    def __init__(self, folders: list[str]) -> None:
        self._folders = folders
        self._places = {place for place, _ in self._walked()}
        self._before = {path: self._content(path) for path in self._files()}

    def restore(self) -> None:
        """Remove what was made since, write back what has changed."""
        for path in self._files():
            if path not in self._before:
                os.remove(path)  # noqa: PTH107
        for path, content in self._before.items():
            if content is not None and self._content(path) != content:
                with open(path, "wb") as file:  # noqa: PTH123
                    file.write(content)
        for place, _ in reversed(self._walked()):
            if place not in self._places:
                with contextlib.suppress(OSError):
                    os.rmdir(place)  # noqa: PTH106

    def _walked(self) -> list[tuple[str, list[str]]]:
        found = [one for folder in self._folders for one in os.walk(folder)]
        return [(place, names) for place, _, names in found]

    def _files(self) -> list[str]:
        return [os.path.join(place, name) for place, names in self._walked() for name in names]  # noqa: PTH118

    def _content(self, path: str) -> bytes | None:
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                content = file.read(self.KEPT_MAX_BYTES + 1)
        except OSError:
            return None
        return content if len(content) <= self.KEPT_MAX_BYTES else None


def _inputs(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        # Not splitlines: a line separator of Unicode may stand within a JSON text.
        return file.read().removesuffix("\n").split("\n")


class Pass:
    """One call of the target an input."""

    def __init__(self, settings: dict[str, Any], records: Any, seal: Any, watch: "Watch") -> None:
        self._settings = settings
        self._records = records
        self._seal = seal
        self._watch = watch

    def run(self, number: int, target: Target, inputs: list[str], recorder: Any) -> None:
        """Do the whole pass; recorder traces one step of it."""
        prelude.rewind()
        call = target.fresh()
        last = self._settings.get("last")
        for at, text in enumerate(inputs):
            if last is not None and at > last:
                return
            traced = recorder if at == self._settings["trace"] else None
            value = json.loads(text)
            result, raised = self._step(call, at, value, traced)
            if self._records.forked():
                # The step has forked and this is the copy: only the original tells the results.
                os._exit(0)
            if not self._settings.get("quick"):
                self._watch.step(at, text, value, raised)
            self._tell(number, at, target, result, raised)

    def warm_up(self, target: Target, text: str) -> None:
        """Take one input and forget what comes of it: hidden state then starts elsewhere."""
        self._step(target.fresh(), 0, json.loads(text), None)

    def _step(
        self, call: Callable[[Any], Any], at: int, value: Any, recorder: Any
    ) -> tuple[Any, str]:
        if recorder is not None:
            recorder.start()
        if self._seal is not None:
            self._seal.step, self._seal.closed = at, True
        try:
            return outcome(call, value)
        finally:
            if self._seal is not None:
                self._seal.closed = False
            if recorder is not None:
                recorder.stop()

    def _tell(self, number: int, at: int, target: Target, result: Any, raised: str) -> None:
        detailed = at == self._settings.get("detail")
        teller = canonical.Teller(paths=detailed)
        teller.tell(result, "error" if raised else "result")
        if target.has_state():
            teller.tell(target.state(), "state")
        self._watch.told(at, teller.notes)
        self._records.write([number, at, teller.digest(), raised])
        if detailed:
            self._records.write({"detail": teller.leaves})


def outcome(call: Callable[[Any], Any], value: Any) -> tuple[Any, str]:
    """Return what the program returns, or what it raises and the name of that."""
    try:
        return call(value), ""
    except (MemoryError, canonical.TooLargeError):
        raise
    except BaseException as error:  # noqa: BLE001 (whatever a program raises is its result)
        return error, f"{type(error).__name__}: {error}"[:200]


class Watch:
    """Notices what is wrong with a program besides its results."""

    def __init__(self, settings: dict[str, Any], records: Any) -> None:
        self._notes: dict[str, str] = {}
        self._records = records
        self._beside = settings.get("beside", "")
        self._at = 0
        self.changed: list[str] = []
        self._raised = 0
        self._steps = 0
        if not settings.get("quick"):
            sys.addaudithook(self._hear)

    def step(self, at: int, text: str, value: Any, raised: str) -> None:
        """Look at an input after its step."""
        self._steps += 1
        self._at = at + 1
        if raised:
            self._raised += 1
            self._notes.setdefault("raised", f"input {at}: {raised}")
        if isinstance(value, list | dict) and json.loads(text) != value:
            self._notes.setdefault("input-changed", f"input {at} is changed by the step")

    def told(self, at: int, notes: dict[str, str]) -> None:
        """Keep what could not be compared."""
        for kind, text in notes.items():
            self._notes.setdefault(kind, f"input {at}: {text}")

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.fork", "os.forkpty"):
            self._notes.setdefault("forked", f"input {self._at}: {event}")
        elif event in ("subprocess.Popen", "os.posix_spawn", "os.system", "os.exec"):
            self._notes.setdefault("subprocess", f"input {self._at}: {arguments[0]!r}")
        elif event == "open" and isinstance(arguments[0], str) and self._beside:
            flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
            path = os.path.abspath(arguments[0])  # noqa: PTH100
            if flags & (os.O_WRONLY | os.O_RDWR) and path.startswith(f"{self._beside}/"):
                name = os.path.basename(path)  # noqa: PTH119
                self._notes.setdefault("wrote-beside-inputs", f"input {self._at}: {name}")

    def report(self, seal: Any) -> dict[str, Any]:
        """Return what was noticed."""
        return {
            "notes": self._notes,
            "environment": list(prelude.environment_reads),
            "libraries": [name for name, alone in prelude.environment_reads.items() if alone],
            "native": native_modules(),
            "threads": prelude.threads_started[0],
            "raised": self._raised,
            "steps": self._steps,
            "changed": self.changed,
            "refusals": seal.refusals if seal is not None else [],
        }


def hidden(target: Target) -> dict[str, str]:
    """Return digests of where a program can keep state without declaring it."""
    found: dict[str, str] = {}
    for name, value in list(vars(target.module).items()):
        if name.startswith("__") or isinstance(value, ModuleType):
            continue
        if isinstance(value, functools._lru_cache_wrapper):  # noqa: SLF001
            found[f"cache of {name}"] = str(value.cache_info())
        elif inspect.isfunction(value):
            _function(name, value, found)
        elif isinstance(value, type):
            for key, item in list(vars(value).items()):
                if inspect.isfunction(item):
                    _function(f"{name}.{key}", item, found)
                elif not key.startswith("__") and not callable(item):
                    found[f"class attribute {name}.{key}"] = _digest(item)
        else:
            found[f"module global {name}"] = _digest(value)
    return found


def _function(name: str, function: Any, found: dict[str, str]) -> None:
    cached = getattr(function, "cache_info", None)
    if cached is not None:
        found[f"cache of {name}"] = str(cached())
    if function.__defaults__ or function.__kwdefaults__:
        given = [function.__defaults__, function.__kwdefaults__]
        found[f"mutable default of {name}"] = _digest(given)
    if function.__dict__:
        found[f"function attribute of {name}"] = _digest(function.__dict__)
    for cell in function.__closure__ or ():
        found[f"closure of {name}"] = _digest(getattr(cell, "cell_contents", None))


def _digest(value: Any) -> str:
    teller = canonical.Teller(nodes_max=100_000)
    try:
        teller.tell(value)
    except (canonical.TooLargeError, RecursionError):
        return "too large"
    return teller.digest()
