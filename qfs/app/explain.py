"""`qfs explain CODE`: what an error, a refusal, a halt or an exit code means.

- Everything is discovered from the code: each QFSError class, each member of each enum named
  ``...Refusal`` under ``qfs``, each CIR-302 code. Nothing is written down twice.
- The words are the docstrings: of the class, or the one that stands under the member.
- A refusal's name may belong to several rooms; asked for alone, it gives all of them.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache
from importlib.abc import SourceLoader
from importlib.util import find_spec
from typing import TypeVar

import qfs
from qfs.app.failure import (
    EXIT_BUG,
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_HALTED,
    EXIT_INTERRUPTED,
    EXIT_UNREAD,
    EXIT_USAGE,
    QFSError,
    UsageError,
)
from qfs.halt import Code

T = TypeVar("T")

SCHEMA = "qfs.explain/1"
HALT_PREFIX = "CIR-"

EXITS = (
    (
        EXIT_CLEAN,
        "CLEAN",
        """The command did its work and found nothing to report.""",
    ),
    (
        EXIT_FINDINGS,
        "FINDINGS",
        """The command did its work, and the answer is no.

Findings, a refusal that was not expected, a truncated log, replays that differ, or artefacts that
are not identical.""",
    ),
    (
        EXIT_USAGE,
        "USAGE",
        """The command could not do its work.

A wrong call, input that cannot be read, a fault of the environment or of a signature provider, or
an inconclusive result. Nothing was changed, but where the error says that only the output could not
be written: then what the command did is done.""",
    ),
    (
        EXIT_HALTED,
        "HALTED",
        """CIR-302: the committed log, an invariant or a key failed.

Nothing was partly applied; the halt record says which packet, and why.""",
    ),
    (
        EXIT_BUG,
        "BUG",
        """A bug in qfs. The traceback says where; please report it.""",
    ),
    (
        EXIT_INTERRUPTED,
        "INTERRUPTED",
        """The command was interrupted (Ctrl-C) before it had an answer.""",
    ),
    (
        EXIT_UNREAD,
        "UNREAD",
        """Whoever read the output closed it before its end, as `head` does.

Nothing is said about the answer.""",
    ),
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code and what it means."""

    code: str
    """As printed where it occurs: ``QFS-INPUT``, ``ledger.EXCEEDS_BALANCE``, ``CIR-302.03``."""
    kind: str
    """``error``, ``refusal``, ``halt`` or ``exit``."""
    name: str
    """Name of the class or member."""
    text: str
    """What it means; paragraphs are separated by an empty line."""
    exit_code: int
    """With what a command ends that is stopped by it."""
    subcode: str = ""
    """Of a refusal that is a halt on the committed log: ``302.02.09``."""

    @property
    def summary(self) -> str:
        """The first line of the text."""
        return self.text.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Explanations:
    """What ``qfs explain`` reports."""

    found: tuple[Explanation, ...]

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": SCHEMA,
            "explanations": [
                {
                    "code": one.code,
                    "exit_code": one.exit_code,
                    "kind": one.kind,
                    "name": one.name,
                    "text": one.text,
                }
                for one in self.found
            ],
        }


def explain(code: str | None) -> Explanations:
    """Return what a code means, in any spelling that names it; without one, the whole catalogue.

    Raises UsageError for a code that nothing has, with the nearest ones.
    """
    catalogue = everything()
    if code is None:
        return Explanations(catalogue)
    wanted = code.strip().upper()
    found = tuple(one for one in catalogue if wanted in _spellings(one))
    if not found:
        raise UsageError(f"nothing has the code {code!r}", way_out=_way_out(wanted, catalogue))
    return Explanations(found)


@cache
def everything() -> tuple[Explanation, ...]:
    """Return the catalogue: errors, refusals, halts, exit codes, each in the order of its codes."""
    for module in pkgutil.walk_packages(qfs.__path__, "qfs."):
        if module.ispkg or _may_declare(module.name):
            importlib.import_module(module.name)
    return (*_errors(), *_refusals(), *_halts(), *_exits())


def _may_declare(module: str) -> bool:
    """Say whether a module's source declares one of our errors or an enum.

    The others are not imported: some are programs that change the process which imports them, some
    need a library of an extra, or pytest.
    """
    spec = find_spec(module)
    if spec is None or not isinstance(spec.loader, SourceLoader):
        return True  # a compiled module of the core
    return _declares().search(spec.loader.get_source(module) or "") is not None


@cache
def _declares() -> re.Pattern[str]:
    bases = "|".join(sorted({"Enum"} | {cls.__name__ for cls in _family(QFSError)}))
    return re.compile(rf"^class \w+\([^)]*\b(?:{bases})\b", re.MULTILINE)


def _errors() -> list[Explanation]:
    by_code = {cls.code: cls for cls in _family(QFSError)}
    return [
        Explanation(code, "error", cls.__name__, inspect.getdoc(cls) or "", EXIT_USAGE)
        for code, cls in sorted(by_code.items())
    ]


def _refusals() -> list[Explanation]:
    enums = [
        cls
        for cls in _family(Enum)
        if cls.__name__.endswith("Refusal") and cls.__module__.startswith("qfs.")
    ]
    return sorted(
        (
            Explanation(
                f"{_room(cls)}.{name}",
                "refusal",
                f"{cls.__name__}.{name}",
                text,
                EXIT_FINDINGS,
                str(getattr(cls[name], "subcode", "")),
            )
            for cls in enums
            for name, text in _members(cls).items()
        ),
        key=lambda one: one.code,
    )


def _halts() -> list[Explanation]:
    texts = _members(Code)
    return [
        Explanation(f"{HALT_PREFIX}{one.value}", "halt", one.name, texts[one.name], EXIT_HALTED)
        for one in Code
    ]


def _exits() -> list[Explanation]:
    return [Explanation(str(code), "exit", name, text, code) for code, name, text in EXITS]


def _family(root: type[T]) -> list[type[T]]:
    """Return a class and all that descend from it, parents first."""
    found = [root]
    for cls in found:
        found.extend(child for child in cls.__subclasses__() if child not in found)
    return found


def _room(cls: type[Enum]) -> str:
    """Return the room that refuses, and what it refuses when the enum's name says so."""
    _, room, *rest = cls.__module__.split(".")
    place = ".".join(rest[:2]) if room == "machines" else room
    what = cls.__name__.removesuffix("Refusal").lower()
    return f"{place}.{what}" if what else place


def _members(cls: type[Enum]) -> dict[str, str]:
    """Return each member's name and the docstring that stands under it in the source."""
    texts = dict.fromkeys(cls.__members__, "")
    try:
        (body,) = ast.parse(inspect.getsource(cls)).body
    except OSError:  # an installation without sources still has its codes
        return texts
    last = ""
    for statement in body.body if isinstance(body, ast.ClassDef) else []:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                last = name
            case ast.Expr(value=ast.Constant(value=str(text))) if last in texts:
                texts[last] = inspect.cleandoc(text)
    return texts


def _spellings(one: Explanation) -> tuple[str, ...]:
    code = one.code.upper()
    match one.kind:
        case "halt":
            return (code, code.removeprefix(HALT_PREFIX), one.name)
        case "refusal":
            given = (one.subcode, f"{HALT_PREFIX}{one.subcode}") if one.subcode else ()
            return (code, one.name.upper(), one.code.rsplit(".", 1)[1], *given)
        case "error":
            return (code, one.name.upper())
    return (code,)


def _way_out(wanted: str, catalogue: tuple[Explanation, ...]) -> str:
    if re.fullmatch(r"QFS\d{3}", wanted):
        return f"that is a rule's code: qfs rules {wanted}"
    known = {spelling: one.code for one in catalogue for spelling in _spellings(one)}
    near = [known[spelling] for spelling in get_close_matches(wanted, known, n=3)]
    asked = f"did you mean {', '.join(dict.fromkeys(near))}? " if near else ""
    return f"{asked}qfs explain lists every code"
