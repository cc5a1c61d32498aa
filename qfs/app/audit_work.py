"""The work of an audit: facts from files, the analysis, and the cache around both.

- One cache entry a file (its facts) and one a whole run (what was judged), each under a digest of
  everything that it depends on: bytes, rules, settings, the scanner itself.
- Cold or warm, the answer is the same value.
"""

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from qfs.scan import ir
from qfs.scan.audit import analyse
from qfs.scan.extract import extract
from qfs.scan.ir import Allowance, ModuleFacts
from qfs.scan.reading import Unreadable
from qfs.scan.rulebook import Rulebook
from qfs.scan.verdict import Found, Rest, Step
from qfs.shell.facts_cache import FactsCache
from qfs.shell.sources import Problem, SourceFile, engine_digest, source_digest

_RECURSION = 5_000  # generated code has chains of a thousand operators or elifs
Facts = dict[str, tuple[str, ModuleFacts]]


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked of the engine."""

    entries: tuple[str, ...]
    zone: tuple[str, ...]
    policy: str
    per_file: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What the engine answered."""

    found: tuple[Found, ...]
    functions: int
    proved: int
    lines: int
    allowances: Mapping[str, tuple[Allowance, ...]]
    problems: tuple[Problem, ...]
    rests: tuple[Rest, ...]
    """What the judgement trusts without having looked at it."""


def work(
    sources: Sequence[SourceFile],
    rules: Rulebook,
    task: Work,
    cache: FactsCache | None,
    library: Sequence[SourceFile] = (),
) -> Result:
    """Return what the analysis finds in the sources; what they call in the library is judged too.

    A library's functions are no entries, and its lines are not counted.
    """
    key = ""
    if cache is not None:
        key = _key([*sources, *library], rules, task)
        known = cache.get([key]).get(key)
        if known is not None:
            return _unpacked(known, rules)
    collecting, limit = gc.isenabled(), sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    gc.disable()  # facts are long-lived and acyclic: collecting them again and again costs a fifth
    try:
        result = _fresh(sources, rules, task, cache, library)
    finally:
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()
    if cache is not None:
        cache.put({key: _packed(result)})
    return result


def _fresh(
    sources: Sequence[SourceFile],
    rules: Rulebook,
    task: Work,
    cache: FactsCache | None,
    library: Sequence[SourceFile],
) -> Result:
    facts, problems = read_facts(sources, cache)
    beside = read_facts(library, cache)[0] if library else {}
    in_zone = zone_test([each.path for each in sources], task.zone)
    programs: list[Facts] = [facts]
    if task.per_file:
        programs = [{name: facts[name]} for name in sorted(facts)]
    found: list[Found] = []
    functions = proved = 0
    rests: dict[Rest, None] = {}
    paths = frozenset([each.path for each in library])
    for program in programs:
        judged = analyse(
            {**beside, **program}, rules, entries=task.entries, in_zone=in_zone,
            policy=task.policy, library=paths, quick=task.per_file,
        )  # fmt: skip
        rests.update(dict.fromkeys(judged.rests))
        found.extend(judged.found)
        functions += judged.functions
        proved += 0 if task.per_file else judged.proved
    found.sort(key=lambda each: (each.path, each.pos, each.rule.code))
    return Result(
        tuple(found), functions, proved,
        sum([each.lines for _path, each in facts.values()]),
        {path: each.allowances for path, each in facts.values() if each.allowances},
        tuple(problems),
        tuple(sorted(rests, key=lambda each: (each.kind, each.name))),
    )  # fmt: skip


def read_facts(
    sources: Sequence[SourceFile], cache: FactsCache | None = None
) -> tuple[Facts, list[Problem]]:
    """Return {module name: (path, facts)} and the files that have none.

    Two files of one module name keep both: the later one gets its path as its name.
    """
    facts: Facts = {}
    problems: list[Problem] = []
    fresh: dict[str, Any] = {}
    keys = [_facts_key(each.data) for each in sources] if cache is not None else []
    known = cache.get(keys) if cache is not None else {}
    for at, source in enumerate(sources):
        packed = known.get(keys[at]) if keys else None
        if packed is not None and packed[0] == ir.VERSION:
            found = ir.unpacked(packed)
        else:
            try:
                found = extract(source.data)
            except Unreadable as error:
                problems.append(Problem(source.path, error.line, error.why))
                continue
            if keys:
                fresh[keys[at]] = ir.packed(found)
        name = source.module
        if name in facts:
            name = source.path.removesuffix(".py").replace("/", ".")
        facts[name] = (source.path, found)
    if cache is not None:
        cache.put(fresh)
    return facts, problems


def zone_test(paths: Sequence[str], zone: tuple[str, ...]) -> Callable[[str], bool]:
    """Return whether a path is judged: below the zone, or everywhere when no file is in it."""

    def inside(path: str) -> bool:
        return any(path == each or path.startswith(f"{each.rstrip('/')}/") for each in zone)

    return inside if any(inside(path) for path in paths) else lambda _path: True


def _facts_key(data: bytes) -> str:
    version = f"facts {ir.VERSION} {sys.version_info[:3]} ".encode()
    return sha256(version + data).hexdigest()


def _key(sources: Sequence[SourceFile], rules: Rulebook, task: Work) -> str:
    codes = ",".join([each.code for each in rules.rules])
    modules = ",".join([each.module for each in sources])
    parts = [
        engine_digest(), source_digest(sources), rules.digest, codes, modules,
        repr(task), repr(sys.version_info[:3]),
    ]  # fmt: skip
    return sha256("|".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _packed(result: Result) -> tuple[Any, ...]:
    found = [
        (
            each.rule.code, each.verdict, each.path, each.pos, each.text,
            tuple([(step.path, step.line, step.name) for step in each.chain]), each.function,
        )
        for each in result.found
    ]  # fmt: skip
    allowed = [
        (path, tuple([(a.line, a.column, a.codes, a.reason, a.until, a.at) for a in each]))
        for path, each in result.allowances.items()
    ]
    problems = [(each.path, each.line, each.message) for each in result.problems]
    counts = (result.functions, result.proved, result.lines)
    rests = tuple([(each.kind, each.name, each.how) for each in result.rests])
    return (tuple(found), counts, tuple(allowed), tuple(problems), rests)


def _unpacked(value: tuple[Any, ...], rules: Rulebook) -> Result:
    found, (functions, proved, lines), allowed, problems, rests = value
    by_code = {rule.code: rule for rule in rules.rules}
    return Result(
        tuple(
            [
                Found(
                    by_code[code], verdict, path, pos, text,
                    tuple([Step(*step) for step in chain]), function,
                )
                for code, verdict, path, pos, text, chain, function in found
            ]
        ),
        functions, proved, lines,
        {path: tuple([Allowance(*each) for each in some]) for path, some in allowed},
        tuple([Problem(*each) for each in problems]),
        tuple([Rest(*each) for each in rests]),
    )  # fmt: skip
