"""The work of an audit: facts from files, the analysis, and the cache around both.

- One cache entry a file (its facts) and one a whole run (what was judged), each under a digest of
  everything that it depends on: bytes, rules, settings, the scanner itself.
- Cold or warm, the answer is the same value.
"""

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from qfs.app.audit_jobs import RECURSION, packed_facts, processes, received, shares, spread
from qfs.scan.facts import ir
from qfs.scan.facts.extract import extract
from qfs.scan.facts.ir import Allowance, ModuleFacts
from qfs.scan.facts.reading import Unreadable, is_generated
from qfs.scan.found import Found, Rest, Step
from qfs.scan.rules.rulebook import Rulebook
from qfs.shell.facts_cache import FactsCache
from qfs.shell.sources import Problem, SourceFile, engine_digest, source_digest

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
    *,
    jobs: int = 1,
) -> Result:
    """Return what the analysis finds in the sources; what they call in the library is judged too.

    A library's functions are no entries, and its lines are not counted. jobs is how many processes
    do it: one, several, or 0 for what the sources are worth; the answer is the same.
    """
    key = ""
    if cache is not None:
        key = _key([*sources, *library], rules, task)
        known = cache.get([key]).get(key)
        if known is not None:
            return _unpacked(known, rules)
    with undisturbed():
        result = _fresh(sources, rules, task, cache, library, jobs=jobs)
    if cache is not None:
        cache.put({key: _packed(result)})
    return result


@contextmanager
def undisturbed(*, last: bool = False) -> Iterator[None]:
    """Work without the collector, and with room for generated code's deep nesting.

    Facts are long-lived and acyclic: collecting them again and again costs a fifth. With last,
    nothing that exists by the end is ever collected: the process is about to end.
    """
    collecting, limit = gc.isenabled(), sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    gc.disable()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if last:
            gc.freeze()
        if collecting:
            gc.enable()


def _fresh(
    sources: Sequence[SourceFile],
    rules: Rulebook,
    task: Work,
    cache: FactsCache | None,
    library: Sequence[SourceFile],
    *,
    jobs: int,
) -> Result:
    paths = [each.path for each in sources]
    task = replace(task, zone=task.zone if any(below(path, task.zone) for path in paths) else ())
    jobs = processes(jobs, sources)
    if not task.per_file:
        return _judged(sources, rules, task, cache, library, jobs=jobs)
    parts = shares(sources, jobs)
    found: Sequence[Result | None] = [None] * len(parts)
    if jobs > 1:
        found = spread(_judged, [(part, rules, task, None, library) for part in parts], jobs)
        cache = None
    return _merged(
        [
            _judged(part, rules, task, cache, library) if each is None else each
            for part, each in zip(parts, found, strict=True)
        ]
    )


def _judged(
    sources: Sequence[SourceFile],
    rules: Rulebook,
    task: Work,
    cache: FactsCache | None,
    library: Sequence[SourceFile],
    *,
    jobs: int = 1,
) -> Result:
    """Return what is found in some sources; in a task whose zone is empty all of them are in it."""
    from qfs.scan.audit import analyse  # noqa: PLC0415 (what is known already need not wait for it)

    facts, problems = read_facts(sources, cache, jobs)
    beside = read_facts(library, cache)[0] if library else {}
    programs: list[Facts] = [facts]
    if task.per_file:
        programs = [{name: facts[name]} for name in sorted(facts)]
    found: list[Found] = []
    functions = proved = 0
    rests: dict[Rest, None] = {}
    paths = frozenset([each.path for each in library])
    for program in programs:
        judged = analyse(
            {**beside, **program}, rules, entries=task.entries,
            in_zone=lambda path: not task.zone or below(path, task.zone),
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


def _merged(parts: Sequence[Result]) -> Result:
    """Return the results of files that were judged alone as one."""
    found = [each for part in parts for each in part.found]
    found.sort(key=lambda each: (each.path, each.pos, each.rule.code))
    allowances = {path: each for part in parts for path, each in part.allowances.items()}
    problems = [each for part in parts for each in part.problems]
    rests = dict.fromkeys([each for part in parts for each in part.rests])
    return Result(
        tuple(found),
        sum([each.functions for each in parts]),
        sum([each.proved for each in parts]),
        sum([each.lines for each in parts]),
        {path: allowances[path] for path in sorted(allowances)},
        tuple(sorted(problems, key=lambda each: (each.path, each.line))),
        tuple(sorted(rests, key=lambda each: (each.kind, each.name))),
    )


def read_facts(
    sources: Sequence[SourceFile], cache: FactsCache | None = None, jobs: int = 1
) -> tuple[Facts, list[Problem]]:
    """Return {module name: (path, facts)} and the files that have none.

    Two files of one module name keep both: the later one gets its path as its name. What protoc
    has generated has no facts and is no problem: summaries know what a message is.
    """
    sources = [each for each in sources if not is_generated(each.path, each.data)]
    facts: Facts = {}
    problems: list[Problem] = []
    fresh: dict[str, Any] = {}
    keys = [_facts_key(each.data) for each in sources] if cache is not None else [""] * len(sources)
    known = cache.get(keys) if cache is not None else {}
    made: dict[str, Any] = {}
    if jobs > 1:
        unknown = [each for at, each in enumerate(sources) if not _usable(known.get(keys[at]))]
        made = packed_facts(unknown, jobs)
    for at, source in enumerate(sources):
        packed: Any = known.get(keys[at])
        if _usable(packed):
            found = ir.unpacked(packed)
        else:
            packed = made.get(source.path)
            try:
                found = extract(source.data) if packed is None else received(packed)
            except Unreadable as error:
                problems.append(Problem(source.path, error.line, error.why))
                continue
            if cache is not None:
                fresh[keys[at]] = packed or ir.packed(found)
        name = source.module
        if name in facts:
            name = source.path.removesuffix(".py").replace("/", ".")
        facts[name] = (source.path, found)
    if cache is not None:
        cache.put(fresh)
    return facts, problems


def _usable(packed: Any) -> bool:
    return packed is not None and packed[0] == ir.VERSION


def below(path: str, zone: tuple[str, ...]) -> bool:
    """Say whether a path is one of a zone, or lies below one."""
    return any(path == each or path.startswith(f"{each.rstrip('/')}/") for each in zone)


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
