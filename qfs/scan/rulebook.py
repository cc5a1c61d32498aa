"""The rules: one TOML file each, and the index by which the engine finds them.

- A rule is data: which names or constructs, which effect, why, what instead, and examples that are
  its own tests.
- Target syntax is its matcher's (``qfs.scan.matchers``): names may end in ``.*``; a guard in round
  brackets names what makes a call deterministic, ``gzip.compress(mtime|2)``.
- The digest covers every file of every pack, so that a report says under which rules it was made.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from qfs.errors import InputError
from qfs.scan.matchers import MATCHERS
from qfs.scan.rule import EFFECTS, VERDICTS, Example, Index, Rule
from qfs.scan.summaries import Summaries, read_summaries

_TEXTS = ("code", "name", "matcher", "effect", "what", "why", "instead", "source")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Every rule of the chosen packs, in the order of their codes."""

    rules: tuple[Rule, ...]
    digest: str
    index: Index
    summaries: Summaries

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
    ordered = sorted(files, key=lambda each: (each.pack, each.name))
    rules: dict[str, Rule] = {}
    tables: list[Mapping[str, Any]] = []
    digest = sha256()
    for each in ordered:
        place = f"rules/{each.pack}/{each.name}"
        for part in (each.pack.encode(), each.name.encode(), each.data):
            digest.update(len(part).to_bytes(8, "big") + part)
        content = _toml(each.data, place)
        if each.pack == "summaries":
            tables.append(content)
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
    return Rulebook(made, digest.hexdigest(), index, read_summaries(tables))


def _toml(data: bytes, place: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not TOML: {error}", place=place) from None


def _rule(pack: str, content: Mapping[str, Any], place: str) -> Rule:
    texts = {}
    for name in _TEXTS:
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
