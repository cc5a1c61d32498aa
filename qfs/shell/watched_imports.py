"""Changes modules of a watched process as they are imported, before anyone takes a name from them.

- ``on_import`` changes a module now if it is there, else right after it was loaded.
- A changed function of a builtin module is found by every later ``from time import time``.
- Methods of builtin classes are changed in the class's own dictionary, which is reached as the
  garbage collector reaches it, so that no second class appears beside ``datetime.datetime``.
- Runs in the watched process: the standard library alone.
"""

import gc
import importlib.machinery
import sys
import warnings
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

Change = Callable[[Any], None]

_changes: dict[str, list[Change]] = {}


class _Loader:
    """Loads a module as its own loader does, then changes it."""

    def __init__(self, loader: Any, name: str) -> None:
        self._loader = loader
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        for change in _changes.get(self._name, ()):
            change(module)


class _Finder:
    """Finds the modules that are to be changed, through the other finders."""

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in _changes:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                loader: Any = _Loader(spec.loader, name)
                spec.loader = loader
                return spec
        return None


def on_import(name: str, change: Change) -> None:
    """Apply a change to a module now if it is loaded, else once it is."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        finder: Any = _Finder()
        sys.meta_path.insert(0, finder)
    _changes.setdefault(name, []).append(change)
    module = sys.modules.get(name)
    if module is not None:
        change(module)


def replace(module: Any, **functions: Any) -> None:
    """Set the names that the module has; each function takes its predecessor's name."""
    for name, function in functions.items():
        if hasattr(module, name):
            if isinstance(function, FunctionType):
                function.__name__ = name
                function.__qualname__ = name
            setattr(module, name, function)


def replace_method(kind: type, name: str, value: Any) -> None:
    """Set a method of a builtin class, which Python code cannot do by assignment."""
    (attributes,) = [one for one in gc.get_referents(kind.__dict__) if isinstance(one, dict)]
    attributes[name] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for clear in ("_clear_internal_caches", "_clear_type_cache"):
            if hasattr(sys, clear):
                getattr(sys, clear)()
