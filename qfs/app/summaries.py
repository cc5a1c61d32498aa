"""``qfs audit --update-summaries``: what is known of third parties, computed and pinned.

- ``qfs-summaries.lock`` beside pyproject.toml: canonical TOML, one table a distribution, with the
  SHA-256 of the RECORD from which it was computed. The same installation gives the same bytes.
- A distribution whose RECORD has another hash by now is a problem of the audit: its summaries speak
  of other files. So is a lock that was computed by other rules, of a pack not chosen as well.
- A distribution that is not installed is believed as locked, and the proof says so.
- Native code, and what calls it, stays unknown unless a summary in ``rules/summaries`` knows it.
"""

import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qfs.app.audit_work import read_facts
from qfs.errors import InputError
from qfs.scan.rules.rule import Hit, Index
from qfs.scan.rules.rulebook import Rulebook
from qfs.scan.rules.summaries import parse_type
from qfs.shell.installed import Distribution, distributions_of, read_distribution, record_of
from qfs.shell.sources import Problem, SourceFile

if TYPE_CHECKING:
    from qfs.scan.summarise import Summary

LOCK = "qfs-summaries.lock"
VERSION = 1
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update wrote."""

    path: Path
    lines: tuple[str, ...]
    """One a distribution: name, version, and how many functions are pure, known, unknown."""


def imported(sources: Sequence[SourceFile]) -> list[str]:
    """Return the top-level modules that sources import and that are nobody's here."""
    own = {each.module.partition(".")[0] for each in sources}
    names = {name.decode() for each in sources for name in _IMPORT.findall(each.data)}
    return sorted(names - own - set(sys.stdlib_module_names) - {"qfs"})


def update(sources: Sequence[SourceFile], rules: Rulebook, root: Path) -> Updated:
    """Compute the summaries of every distribution that sources need, and write the lock."""
    from qfs.scan.summarise import summarise  # noqa: PLC0415 (an audit alone need not wait for it)

    done: dict[str, tuple[Distribution, Summary]] = {}
    waiting: list[str] = []
    _visit(imported(sources), {}, waiting)
    for name in waiting:
        found = read_distribution(name)
        if found is None:
            continue
        facts, _problems = read_facts(found.sources)
        summary = summarise(facts, extended(rules, _tables(done)))
        done[found.name] = (found, summary)
    path = root / LOCK
    path.write_text(lock_text(done, rules.every), encoding="utf-8")
    lines = [
        f"{each.name} {each.version}: {len(summary.pure)} pure, {len(summary.effects)} with "
        f"effects, {len(summary.unknown)} unknown"
        for each, summary in done.values()
    ]
    return Updated(path, (*sorted(lines), *_absent(sources, rules)))


def _absent(sources: Sequence[SourceFile], rules: Rulebook) -> list[str]:
    """Return a line for each module that sources import and that nothing is known of."""
    known = {name.partition(".")[0] for name in (*rules.summaries.pure, *rules.index.calls)}
    return [
        f"{name}: not installed beside qfs, stays unknown"
        for name in imported(sources)
        if name not in known and not distributions_of(name)
    ]


def _visit(modules: Sequence[str], seen: dict[str, None], out: list[str]) -> None:
    """Order the distributions of modules so that each comes after those that it imports."""
    for module in modules:
        for name in distributions_of(module):
            if name in seen:
                continue
            seen[name] = None
            found = read_distribution(name)
            if found is not None:
                _visit(imported(found.sources), seen, out)
                out.append(name)


def _tables(done: "Mapping[str, tuple[Distribution, Summary]]") -> dict[str, dict[str, Any]]:
    return {name: _table(each, summary) for name, (each, summary) in done.items()}


def _table(each: Distribution, summary: "Summary") -> dict[str, Any]:
    tops = sorted({source.module.partition(".")[0] for source in each.sources})
    return {
        "version": each.version,
        "record": each.record,
        "modules": tops,
        "natives": list(each.natives),
        "pure": list(summary.pure),
        "unknown": list(summary.unknown),
        "effects": {name: list(codes) for name, codes in summary.effects.items()},
        "aliases": dict(summary.aliases),
        "returns": dict(summary.returns),
    }


def lock_text(done: "Mapping[str, tuple[Distribution, Summary]]", digest: str) -> str:
    """Return the lock's canonical text: sorted, one name a line."""
    out = [
        "# Made by `qfs audit --update-summaries`; not edited by hand.",
        f"version = {VERSION}",
        f"rules = {json.dumps(digest)}",
    ]
    for name, table in sorted(_tables(done).items()):
        out += ["", f"[distribution.{json.dumps(name)}]"]
        for key in ("version", "record"):
            out.append(f"{key} = {json.dumps(table[key])}")
        for key in ("modules", "natives", "pure", "unknown"):
            out.append(f"{key} = [")
            out += [f"    {json.dumps(each)}," for each in table[key]]
            out.append("]")
        for key in ("effects", "aliases", "returns"):
            out += ["", f"[distribution.{json.dumps(name)}.{key}]"]
            out += [f"{json.dumps(each)} = {json.dumps(table[key][each])}" for each in table[key]]
    return "\n".join(out) + "\n"


def locked(rules: Rulebook, root: Path) -> tuple[Rulebook, list[Problem]]:
    """Return the rules with what a lock knows besides, and what no longer fits it.

    Raises InputError for a lock that is none.
    """
    path = root / LOCK
    if not path.is_file():
        return rules, []
    data = path.read_bytes()
    try:
        content = tomllib.loads(data.decode("utf-8"))
        tables: dict[str, dict[str, Any]] = content.get("distribution", {})
        known = content["version"] == VERSION
        by_others = content["rules"] != rules.every
        made = extended(rules, tables) if known else rules
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_lock(path, str(error)) from None
    if not known:
        raise _no_lock(path, f"version {content['version']!r} is not {VERSION}")
    digest = sha256(f"{rules.digest} ".encode() + data).hexdigest()
    problems = _changed(tables, data)
    if by_others:
        line = data.partition(b"\nrules")[0].count(b"\n") + 2
        told = "it was computed by other rules; run qfs audit --update-summaries"
        problems.append(Problem(LOCK, line, told))
    return replace(made, digest=digest), problems


def _no_lock(path: Path, why: str) -> InputError:
    return InputError(
        f"no lock of summaries: {why}",
        place=str(path),
        way_out="run qfs audit --update-summaries",
    )


def _changed(tables: Mapping[str, Mapping[str, Any]], data: bytes) -> list[Problem]:
    lines = data.decode("utf-8").splitlines()
    out: list[Problem] = []
    for name, table in sorted(tables.items()):
        now = record_of(name)
        if now and now != table["record"]:
            line = lines.index(f"[distribution.{json.dumps(name)}]") + 1
            out.append(
                Problem(
                    LOCK,
                    line,
                    f"{name} {table['version']} has another RECORD by now: its summaries speak of "
                    "other files; run qfs audit --update-summaries",
                )
            )
    return out


def extended(rules: Rulebook, tables: Mapping[str, Mapping[str, Any]]) -> Rulebook:
    """Return the rules with the summaries of distributions added; written ones come first."""
    known = rules.summaries
    pure, returns = dict(known.pure), dict(known.returns)
    aliases, computed = dict(known.aliases), dict(known.computed)
    calls = dict(rules.index.calls)
    for name, table in sorted(tables.items()):
        gone = "" if record_of(name) else ", not installed here"
        how = f"{name} {table['version']}, RECORD sha256 {table['record'][:16]}{gone}"
        for module in table["modules"]:
            computed.setdefault(module, how)
        pure.update(dict.fromkeys(table["pure"]))
        for each, text in table["returns"].items():
            parse_type(text)
            returns.setdefault(each, text)
        for each, target in table["aliases"].items():
            aliases.setdefault(each, target)
        for each, codes in table["effects"].items():
            hits = [hit for code in codes for hit in _hits(rules, code)]
            if hits and each not in calls:
                calls[each] = hits
            elif not hits:  # rules of packs that are not chosen
                pure[each] = None
    summaries = replace(known, pure=pure, returns=returns, aliases=aliases, computed=computed)
    index = Index(calls, rules.index.reads, rules.index.sites)
    return replace(rules, index=index, summaries=summaries)


def _hits(rules: Rulebook, text: str) -> list[Hit]:
    code, _, verdict = text.partition(" ")
    rule = rules.rule(code)
    return [] if rule is None else [Hit(replace(rule, verdict=verdict), ())]
