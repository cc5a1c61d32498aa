"""What is known of code outside the program: which names are pure, and what they return.

- Data, in ``rules/summaries``: a table a module, names separated by blanks, ``*`` for all others.
- Returned types are written as in annotations (``list[str]``); ``listing[str]`` is a list whose
  order the file system decides; a dotted name is an instance of that
  class, ``arg0`` the first argument, ``elem0`` an element of it.
- ``calls`` names the arguments that the function calls; ``mask`` code whose inner effects nobody
  can observe (caches, logging when configured so).
- ``acts`` names what acts on the world, in the order of its calls, and never calls what it is
  handed; ``replaces`` what a framework replaces by its own; ``elsewhere`` the
  decorators of what it runs elsewhere (``qfs.scan.library.frameworks``).
- ``native`` says why a module in native code is trusted: a proof lists it.
- Whatever stands in a module ``*_pb2`` is a message of Protocol Buffers, or a method of one.
- What is in no summary and in no rule is unknown, and is said to be.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from qfs.errors import InputError
from qfs.scan.domain.values import ANY, MESSAGE, OBJECT, PLAIN, TUPLE, Value, a_set, sequence, table

GENERATED: Final = "_pb2."
"""What stands, in a dotted name, before what protoc has generated: messages and enumerations."""
TEXTS: Final = ("pure", "acts", "elsewhere", "replaces", "native")
"""Keys of a module's table that hold a text."""
TABLES: Final = ("returns", "values", "calls", "aliases")
"""Keys of a module's table that hold a table of texts."""
_PLAIN: Final = {"int", "bool", "str", "bytes", "float", "none", "complex", "object"}


@dataclass(frozen=True, slots=True)
class Summaries:
    """Names outside the program that are understood."""

    pure: Mapping[str, None]
    """Dotted names, or ``module.*``."""
    returns: Mapping[str, str]
    """Dotted name to the text of its type."""
    calls: Mapping[str, tuple[str, ...]]
    """Dotted name to the positions and keywords of arguments that it calls."""
    aliases: Mapping[str, str]
    """Dotted name to the name under which it is summarised."""
    values: Mapping[str, str]
    """Dotted name of a variable or property to the text of its type."""
    natives: Mapping[str, str]
    """Module in native code to why it is trusted."""
    acts: Mapping[str, None] = field(default_factory=dict)
    """Dotted names of what acts on the world."""
    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Dotted name to the frameworks that replace it."""
    elsewhere: Mapping[str, None] = field(default_factory=dict)
    """Dotted names of decorators of what a framework runs elsewhere, and keeps the result of."""
    patterns: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Answers of ``pattern``, which is asked of one name again and again."""
    canonicals: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)
    computed: Mapping[str, str] = field(default_factory=dict)
    """Top-level module whose summary was computed to the distribution and its RECORD."""

    def value_of(self, name: str) -> Value | None:
        """Return what a variable or property holds, or None if it is not known to be one."""
        text = self.values.get(name)
        return None if text is None else parse_type(text)

    def knows(self, name: str) -> bool:
        """Say whether a name has an entry of its own."""
        return name in self.pure or name in self.values or name in self.returns

    def canonical(self, name: str) -> str:
        """Return the name under which rules and summaries know something."""
        known = self.canonicals.get(name)
        if known is None:
            known = self.canonicals[name] = self._canonical(name)
        return known

    def _canonical(self, name: str) -> str:
        if GENERATED in name or name.startswith(f"{MESSAGE}."):
            method = f"{MESSAGE}.{name.rpartition('.')[2]}"
            return method if self.knows(method) else MESSAGE
        prefix, rest = name, ""
        while prefix:
            target = self.aliases.get(prefix)
            if target is not None:
                return self.canonical(target + rest) if target != prefix else name
            prefix, dot, last = prefix.rpartition(".")
            rest = f"{dot}{last}{rest}"
        return name

    def trust(self, name: str) -> str:
        """Return the kind of trust that a summarised name asks for."""
        if self.native(name):
            return "native"
        top = name.partition(".")[0]
        if top in self.computed:
            return "computed"
        return "stdlib" if top in sys.stdlib_module_names else "third-party"

    def native(self, name: str) -> str:
        """Return the native module in which a name lies, or an empty text."""
        prefix = name
        while prefix:
            if prefix in self.natives:
                return prefix
            prefix = prefix.rpartition(".")[0]
        return ""

    def how(self, kind: str, name: str) -> str:
        """Say why something is trusted."""
        if kind == "native":
            return self.natives[self.native(name)]
        if kind == "computed":
            return self.computed[name.partition(".")[0]]
        if kind == "callback":
            return "it calls what it is given: as deterministic as that"
        return "rules/summaries, written by hand"

    def is_pure(self, name: str) -> bool:
        """Say whether a call of the name has no effect and depends on its arguments alone."""
        return bool(self.pattern(name))

    def pattern(self, name: str) -> str:
        """Return the entry that makes a name pure: itself, or the nearest prefix with a star."""
        known = self.patterns.get(name)
        if known is None:
            known = self.patterns[name] = self._pattern(name)
        return known

    def _pattern(self, name: str) -> str:
        if name in self.pure:
            return name
        prefix = name
        while "." in prefix:
            prefix = prefix.rpartition(".")[0]
            if f"{prefix}.*" in self.pure:
                return f"{prefix}.*"
        return ""


def read_summaries(tables: Sequence[Mapping[str, Any]]) -> Summaries:
    """Return the summaries that the tables hold; raises InputError for a type it cannot read."""
    pure: dict[str, None] = {}
    returns: dict[str, str] = {}
    calls: dict[str, tuple[str, ...]] = {}
    aliases: dict[str, str] = {}
    values: dict[str, str] = {}
    natives: dict[str, str] = {}
    acts: dict[str, None] = {}
    replaced: dict[str, tuple[str, ...]] = {}
    elsewhere: dict[str, None] = {}
    for each in tables:
        for module in sorted(each):
            content = each[module]
            for name in str(content.get("pure", "")).split():
                pure[f"{module}.{name}"] = None
            for text, names in content.get("returns", {}).items():
                parse_type(text)
                for name in names.split():
                    returns[f"{module}.{name}"] = text
            for text, names in content.get("values", {}).items():
                parse_type(text)
                for name in names.split():
                    values[f"{module}.{name}"] = text
            for name, arguments in content.get("calls", {}).items():
                calls[f"{module}.{name}"] = tuple(arguments.split())
            acts |= {f"{module}.{name}": None for name in str(content.get("acts", "")).split()}
            for name in str(content.get("elsewhere", "")).split():
                elsewhere[f"{module}.{name}"] = None
            for name in str(content.get("replaces", "")).split():
                replaced[name] = (*replaced.get(name, ()), module)
            aliases.update(content.get("aliases", {}))
            if "native" in content:
                natives[module] = str(content["native"])
    return Summaries(
        *(pure, returns, calls, aliases, values, natives, acts, replaced),
        elsewhere=elsewhere,
    )


def parse_type(text: str) -> Value:
    """Return the value that a written type describes; raises InputError."""
    value, rest = _type(text.replace(" ", ""))
    if rest:
        raise InputError(f"{text!r} is no type", way_out="write list[str], dict[str,int], a.B ...")
    return value


def _type(text: str) -> tuple[Value, str]:
    end = 0
    while end < len(text) and (text[end].isalnum() or text[end] in "._"):
        end += 1
    name, rest = text[:end], text[end:]
    arguments: list[Value] = []
    if rest.startswith("["):
        rest = rest[1:]
        while rest and not rest.startswith("]"):
            inner, rest = _type(rest)
            arguments.append(inner)
            rest = rest.removeprefix(",")
        rest = rest[1:]
    value = _made(name, arguments)
    if rest.startswith("|"):
        other, rest = _type(rest[1:])
        value = (*value, *other)
    return value, rest


def _made(name: str, arguments: list[Value]) -> Value:
    first = arguments[0] if arguments else ANY
    second = arguments[1] if len(arguments) > 1 else ANY
    if name in _PLAIN:
        return ((PLAIN, name),)
    if name in {"list", "iter", "gen", "deque", "view", "listing"}:
        return sequence(first, name)
    if name in {"set", "frozenset"}:
        return a_set(first, name)
    if name == "dict":
        return table(first, second)
    if name == "tuple":
        return ((TUPLE, tuple(arguments)),) if arguments else sequence(ANY, "tuple")
    if name in {"any", "arg0", "elem0", "self"}:
        return ANY
    return ((OBJECT, name, ""),)
