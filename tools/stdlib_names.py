"""Every public callable of the running interpreter's standard library, by its dotted name.

- Only what a module itself offers: names of ``__all__``, else names without an underscore that are
  defined in the module (or in its C twin).
- Modules whose import acts (opens a browser, prints, needs a screen) are named, not imported.
"""

import importlib
import inspect
import sys
import warnings

from qfs.scan.library.builtin_functions import BUILTINS
from qfs.scan.rules.rule import lookup
from qfs.scan.rules.rulebook import Rulebook

NOT_IMPORTED = frozenset(
    ("antigravity", "this", "idlelib", "test", "turtledemo", "__phello__", "__hello__")
)


def classify(book: Rulebook, name: str) -> str:
    """Return what is known of a public name: modelled, effect, pure or unknown."""
    full = book.summaries.canonical(name)
    if full in BUILTINS:
        return "modelled"
    matched, hits = lookup(book.index.calls, full)
    pure = book.summaries.pattern(full)
    if (hits and len(matched) >= len(pure)) or full in book.index.reads:
        return "effect"
    return "pure" if pure or full in book.summaries.returns else "unknown"


def counted(book: Rulebook) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return how many public names of the standard library are what, and which are unknown."""
    counts = dict.fromkeys(("pure", "effect", "modelled", "unknown"), 0)
    unknown = []
    for module, names in public_callables().items():
        for name in names:
            kind = classify(book, f"{module}.{name}")
            counts[kind] += 1
            if kind == "unknown":
                unknown.append(f"{module}.{name}")
    return counts, tuple(unknown)


def public_callables() -> dict[str, tuple[str, ...]]:
    """Return {module: names of its public functions and classes}, sorted."""
    out: dict[str, tuple[str, ...]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in sorted(sys.stdlib_module_names):
            if module.startswith("_") or module in NOT_IMPORTED:
                continue
            for name in _with_parts(module):
                try:
                    found = importlib.import_module(name)
                except ImportError:
                    continue
                names = _names(found)
                if names:
                    out[name] = names
    return out


def _with_parts(module: str) -> tuple[str, ...]:
    """Return a module and the submodules that people import by name."""
    parts = {
        "os": ("os.path",), "concurrent": ("concurrent.futures",), "urllib": (
            "urllib.parse", "urllib.request", "urllib.error", "urllib.robotparser",
        ), "email": ("email.utils", "email.message", "email.policy", "email.header"),
        "http": ("http.client", "http.server", "http.cookies"), "html": ("html.parser",),
        "json": ("json.decoder",), "importlib": ("importlib.metadata", "importlib.resources"),
        "logging": ("logging.handlers", "logging.config"), "xml": (
            "xml.etree.ElementTree", "xml.sax.saxutils", "xml.dom.minidom",
        ), "collections": ("collections.abc",), "xmlrpc": ("xmlrpc.client", "xmlrpc.server"),
        "multiprocessing": ("multiprocessing.pool", "multiprocessing.shared_memory"),
        "unittest": ("unittest.mock",), "wsgiref": ("wsgiref.handlers",),
    }  # fmt: skip
    return (module, *parts.get(module, ()))


def _names(module: object) -> tuple[str, ...]:
    public = getattr(module, "__all__", None)
    out: list[str] = []
    for name in sorted(public if public is not None else vars(module)):
        if name.startswith("_"):
            continue
        value = getattr(module, name, None)
        if not callable(value) or inspect.ismodule(value):
            continue
        home = getattr(value, "__module__", None) or ""
        mine = getattr(module, "__name__", "")
        if public is None and home.lstrip("_") not in {mine, mine.rpartition(".")[2], ""}:
            continue
        out.append(name)
    return tuple(out)
