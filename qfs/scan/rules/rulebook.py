"""The rules: one TOML file each, and the index by which the engine finds them.

- A rule is data: which names or constructs, which effect, why, what instead, and examples that are
  its own tests.
- Target syntax is its matcher's (``matchers``): names may end in ``.*``; a guard in round brackets
  names what makes a call deterministic, ``gzip.compress(mtime|2)``.
- A pack's ``summaries.toml`` and the files of the pack ``summaries`` say what is known of libraries
  instead (``qfs.scan.rules.summaries``).
- The digest covers every file of every pack, so that a report says under which rules it was made.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from qfs.errors import InputError
from qfs.scan.rules.matchers import MATCHERS
from qfs.scan.rules.rule import EFFECTS, VERDICTS, Example, Index, Rule
from qfs.scan.rules.summaries import TABLES, TEXTS, Summaries, read_summaries

SUMMARIES: Final = "summaries"
_OF_A_RULE: Final = ("code", "name", "matcher", "effect", "what", "why", "instead", "source")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Every rule of the chosen packs, in the order of their codes."""

    rules: tuple[Rule, ...]
    digest: str
    index: Index
    summaries: Summaries
    every: str = ""
    """Digest of all files there are, those of packs that were not chosen as well."""

    def rule(self, code: str) -> Rule | None:
        """Return the rule of a code or name, or None."""
        for each in self.rules:
            if code in {each.code, each.name}:
                return each
        return None


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of a pack: ``core``, ``QFS101-wall-clock.toml`` and its bytes."""

    pack: str
    name: str
    data: bytes


def read_rulebook(files: Sequence[RuleFile]) -> Rulebook:
    """Return the rulebook that the files make; raises InputError naming file and field."""
    rules: dict[str, Rule] = {}
    tables: list[Mapping[str, Any]] = []
    for each in _ordered(files):
        place = f"rules/{each.pack}/{each.name}"
        content = _toml(each.data, place)
        if each.pack == SUMMARIES or each.name == f"{SUMMARIES}.toml":
            tables.append(_summaries(content, place))
            continue
        rule = _rule(each.pack, content, place)
        if rule.code in rules:
            raise InputError(f"{rule.code} is used twice", place=place, way_out="pick a free code")
        if not each.name.startswith(f"{rule.code}-"):
            raise InputError(f"the file of {rule.code} has another code in its name", place=place)
        rules[rule.code] = rule
    index = Index()
    made = tuple([rules[code] for code in sorted(rules)])
    for rule in made:
        matcher = MATCHERS.get(rule.matcher)
        if matcher is None:
            raise InputError(
                f"{rule.code}: no matcher {rule.matcher!r}", way_out=f"use {', '.join(MATCHERS)}"
            )
        matcher(rule, index)
    return Rulebook(made, files_digest(files), index, read_summaries(tables))


def files_digest(files: Sequence[RuleFile]) -> str:
    """Return the SHA-256 over the packs, names and bytes of files, in their order by name."""
    digest = sha256()
    for each in _ordered(files):
        for part in (each.pack.encode(), each.name.encode(), each.data):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _ordered(files: Sequence[RuleFile]) -> list[RuleFile]:
    return sorted(files, key=lambda each: (each.pack, each.name))


def _summaries(content: dict[str, Any], place: str) -> dict[str, Any]:
    """Return a table of summaries; raises InputError for one that says what nobody reads."""
    for module, table in content.items():
        if not isinstance(table, dict):
            raise InputError(f"{module!r} is no table of a module", place=place)
        for key, value in table.items():
            if key not in TEXTS and key not in TABLES:
                way_out = f'use {", ".join((*TEXTS, *TABLES))}; quote a dotted name: ["a.b"]'
                raise InputError(f"{module}: no key {key!r}", place=place, way_out=way_out)
            if key in TEXTS and not isinstance(value, str):
                raise InputError(f"{module}: {key} is no text", place=place)
            if key in TABLES:
                _check_texts(f"{module}: {key}", value, place)
    return content


def _check_texts(what: str, table: object, place: str) -> None:
    if not isinstance(table, dict):
        raise InputError(f"{what} is no table", place=place, way_out='write { int = "total" }')
    for key, value in table.items():
        if not isinstance(value, str):
            way_out = 'quote a name with a dot: { "a.B" = "make" }'
            raise InputError(f"{what} has no text for {key!r}", place=place, way_out=way_out)


def _toml(data: bytes, place: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not TOML: {error}", place=place) from None


def _rule(pack: str, content: Mapping[str, Any], place: str) -> Rule:
    texts = {}
    for name in _OF_A_RULE:
        value = content.get(name)
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"the rule has no text {name!r}", place=place)
        texts[name] = value.strip()
    if texts["effect"] not in EFFECTS:
        raise InputError(
            f"{texts['effect']!r} is no effect", place=place, way_out=f"use {', '.join(EFFECTS)}"
        )
    targets = content.get("targets")
    if not isinstance(targets, list) or not all(isinstance(each, str) for each in targets):
        raise InputError("targets is no list of texts", place=place)
    verdict = content.get("verdict", "violation")
    if verdict not in VERDICTS:
        raise InputError(f"{verdict!r} is no verdict", place=place)
    return Rule(
        pack=pack,
        targets=tuple(targets),
        message=str(content.get("message", "")),
        verdict=verdict,
        policies=tuple(content.get("policies", ())),
        bad=_examples(content, "bad", place),
        good=_examples(content, "good", place),
        **texts,
    )


def _examples(content: Mapping[str, Any], kind: str, place: str) -> tuple[Example, ...]:
    found = content.get(kind)
    if not isinstance(found, list) or not found:
        raise InputError(f"the rule has no [[{kind}]] example", place=place)
    out = []
    for each in found:
        if not isinstance(each, dict) or not isinstance(each.get("code"), str):
            raise InputError(f"a [[{kind}]] example has no code", place=place)
        out.append(Example(each["code"], str(each.get("note", "")), str(each.get("fixed", ""))))
    return tuple(out)
