"""``qfs audit``: scan sources for non-determinism.

- The report is a value: the same files, rules and settings give the same report, byte for byte.
- Allowances are applied here, last: they hide a finding from the exit code, never from the proof.
- Exit code: 0 nothing to report, 1 a violation or possible finding (with require_proof: a function
  that is not proved, or none at all), 2 a file that could not be read.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from qfs.app.audit_baseline import read_baseline, write_baseline
from qfs.app.audit_ignores import PLACE, Ignores, read_ignores
from qfs.app.audit_marks import marked
from qfs.app.audit_report import AuditReport, Finding, Replacement, Witness, WitnessRun
from qfs.app.audit_work import Work, undisturbed, work
from qfs.app.summaries import Updated, locked, update
from qfs.errors import InputError, UsageError
from qfs.scan.facts.ir import Allowance
from qfs.scan.found import Found, Step
from qfs.scan.rules.rule import Rule
from qfs.scan.rules.rulebook import SUMMARIES, Rulebook, files_digest, read_rulebook
from qfs.shell.facts_cache import FactsCache
from qfs.shell.installed import own_rooms
from qfs.shell.sources import (
    Problem,
    changed_files,
    changed_meanwhile,
    read_rule_files,
    read_settings,
    read_sources,
    source_digest,
)

POLICIES = ("ban", "ieee-basic", "allow")
DEFAULT_PACKS = ("core",)
__all__ = [
    "DEFAULT_PACKS",
    "POLICIES",
    "AuditReport",
    "AuditRequest",
    "Finding",
    "Replacement",
    "Witness",
    "WitnessRun",
    "audit",
    "rulebook",
    "today",
]


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit, and how strictly."""

    paths: tuple[Path, ...]
    """Files and folders; at least one."""
    select: tuple[str, ...] = ()
    """Codes, or their beginnings, that alone are reported; empty for all."""
    ignore: tuple[str, ...] = ()
    """Codes, or their beginnings, that are not reported."""
    entries: tuple[str, ...] = ()
    """``module:qualname`` globs; empty: every function of the zone."""
    policy: str = ""
    """ban, ieee-basic or allow; empty: as [tool.qfs] says, else ban, which a simulation's pack
    without a ledger's makes ieee-basic: what a simulation computes is floats."""
    packs: tuple[str, ...] = ()
    """Rule packs besides core, without which nothing is proved; empty: as [tool.qfs] says."""
    require_proof: bool = False
    """Whether every function that is reached must be proved, and one at least is."""
    per_file: bool = False
    """Whether each file is judged alone: faster, and blind to calls between files."""
    since: str | None = None
    """Git revision: only findings whose place or way lies in a file changed since."""
    baseline: Path | None = None
    """File of known findings, which are not reported."""
    write_baseline: Path | None = None
    """Where to write every finding as known; then nothing is reported."""
    today: str = ""
    """The day as YYYY-MM-DD, after which allowances with an earlier `until=` hide nothing; empty:
    no allowance is past its date."""
    unsaved: tuple[tuple[Path, bytes], ...] = ()
    """What an editor has not written yet, under absolute paths."""
    cache: bool = False
    cache_folder: Path | None = None
    """Where the cache lies; None for the user's cache folder."""
    jobs: int = 1
    """Processes; 0 for as many as there are processors and the sources are worth."""
    last: bool = False
    """Whether the process ends after this audit, and need not tidy up its memory."""


def today() -> str:
    """Return the day in UTC as YYYY-MM-DD: for AuditRequest, which reads no clock itself."""
    return datetime.now(UTC).date().isoformat()


def audit(request: AuditRequest) -> AuditReport:
    """Audit files and folders.

    Raises UsageError for options that make no sense, InputError for a path that does not exist or a
    setting that cannot be read. A file that is no Python is an error in the report.
    """
    if not request.paths:
        raise UsageError("nothing to audit", way_out="pass a file or a folder")
    if request.per_file and request.require_proof:
        raise UsageError("one file alone proves nothing", way_out="leave out --per-file")
    if request.jobs < 0:
        raise UsageError(f"no number of processes: {request.jobs}", way_out="pass 0, 1, 2 ...")
    with undisturbed(last=request.last):
        if not request.cache:
            return _audited(request, None)
        with closing(FactsCache(request.cache_folder)) as cache:
            return _audited(request, cache)


def _audited(request: AuditRequest, cache: FactsCache | None) -> AuditReport:
    root, settings = read_settings(request.paths[0])
    asked = request.packs or _texts(settings, "packs")
    packs = tuple(dict.fromkeys((*DEFAULT_PACKS, *asked)))
    policy = _policy(request, settings, packs)
    rules = rulebook(packs, own_packs(root, settings))
    _check_codes(rules, (*request.select, *request.ignore))
    rules_digest = rules.digest
    rules, stale = locked(rules, root)
    sources, problems = read_sources(
        request.paths, root, exclude=_texts(settings, "exclude"), unsaved=dict(request.unsaved)
    )
    if not sources and not problems:
        raise _nothing(request.paths)
    task = _task(request, settings, policy)
    result = work(sources, rules, task, cache, own_rooms(sources), jobs=request.jobs)
    if sources and not (result.functions or result.problems or request.unsaved):
        _check_entries(request, settings, root)
    kept = [each for each in result.found if _chosen(each.rule, request)]
    findings, suppressed = _allowances(rules, kept, result.allowances, request)
    ignores = read_ignores(settings.get("per-file-ignores", {}))
    findings, ignored = _ignored(rules, findings, ignores)
    suppressed += ignored
    if not request.select and not request.ignore:
        findings += _unused_ignores(rules, ignores.unused([each.path for each in sources], root))
        findings.sort(key=_order)
    findings = marked(findings, {each.path: each.data for each in sources}, cache)
    unreported = len(result.found) - len(kept)
    if request.since is not None:
        changed = frozenset(changed_files(root, request.since))
        every = len(findings)
        findings = [each for each in findings if _touches(each, changed)]
        unreported += every - len(findings)
    findings, baselined = _baseline(findings, request)
    problems += [*stale, *result.problems, *changed_meanwhile(sources)]
    return AuditReport(
        findings=tuple(findings),
        suppressed=tuple(suppressed),
        errors=tuple(sorted(problems, key=_place)),
        files=len(sources),
        lines=result.lines,
        functions=result.functions,
        proved=result.proved,
        baselined=baselined,
        unreported=unreported,
        rules_digest=rules_digest,
        source_digest=source_digest(sources),
        policy=policy,
        packs=packs,
        require_proof=request.require_proof,
        rules=rules.rules,
        rests=result.rests,
    )


def update_summaries(request: AuditRequest) -> Updated:
    """Compute the summaries of what the paths import, and write ``qfs-summaries.lock``."""
    root, settings = read_settings(request.paths[0])
    sources, _problems = read_sources(request.paths, root, exclude=_texts(settings, "exclude"))
    return update(sources, rulebook(("all",), own_packs(root, settings)), root)


def _policy(request: AuditRequest, settings: dict[str, Any], packs: Sequence[str]) -> str:
    usual = "ieee-basic" if "simulation" in packs and "ledger" not in packs else "ban"
    policy = request.policy or str(settings.get("float-policy", usual))
    if policy not in POLICIES:
        raise UsageError(f"no float policy {policy!r}", way_out=f"use {', '.join(POLICIES)}")
    return policy


def _nothing(paths: Sequence[Path]) -> InputError:
    return InputError(
        "no Python file here",
        place=", ".join(map(str, paths)),
        way_out="pass a file or a folder that holds what shall be audited",
    )


def _check_entries(request: AuditRequest, settings: dict[str, Any], root: Path) -> None:
    """Raise UsageError where entries are named and none is there: nothing was judged."""
    entries = request.entries or _texts(settings, "entries")
    if entries:
        raise UsageError(
            f"no function is called {' or '.join(entries)}",
            place="--entry" if request.entries else f"[tool.qfs] entries of {root}",
            way_out="write module:qualname; a package is a folder that has an __init__.py",
        )


def _task(request: AuditRequest, settings: dict[str, Any], policy: str) -> Work:
    return Work(
        request.entries or _texts(settings, "entries"),
        _texts(settings, "zone"),
        policy,
        request.per_file,
    )


def _place(problem: Problem) -> tuple[str, int]:
    return (problem.path, problem.line)


def own_packs(root: Path, settings: Mapping[str, Any]) -> tuple[Path, ...]:
    """Return the folders of the user's own rules, as the settings of a folder name them."""
    return tuple([root / each for each in _texts(settings, "rule-folders")])


def rulebook(packs: Sequence[str] = DEFAULT_PACKS, extra: Sequence[Path] = ()) -> Rulebook:
    """Return the rules of some packs, and those of the user's own folders.

    Raises UsageError for a pack that does not exist, InputError for files that are no rules.
    """
    every = read_rule_files(extra)
    names = sorted({each.pack for each in every} - {SUMMARIES})
    for pack in packs:
        if pack not in names and pack != "all":
            raise UsageError(f"no rule pack {pack!r}", way_out=f"use {', '.join(names)} or all")
    wanted = {SUMMARIES, *[each.name for each in extra], *packs}
    chosen = read_rulebook([each for each in every if "all" in packs or each.pack in wanted])
    return replace(chosen, every=files_digest(every))


def _texts(settings: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = settings.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InputError(
            f"{name} is no list of texts",
            place="pyproject.toml [tool.qfs]",
            way_out='write ["..."]',
        )
    return tuple(value)


def _check_codes(rules: Rulebook, codes: Sequence[str]) -> None:
    for code in codes:
        if not any(rule.code.startswith(code) or rule.name == code for rule in rules.rules):
            raise UsageError(
                f"no rule {code!r}", way_out="see `qfs rules`; a rule's pack may not be chosen"
            )


def _chosen(rule: Rule, request: AuditRequest) -> bool:
    def named(codes: tuple[str, ...]) -> bool:
        return any(rule.code.startswith(code) or rule.name == code for code in codes)

    return (not request.select or named(request.select)) and not named(request.ignore)


def _finding(found: Found, ordinal: int) -> Finding:
    rule = found.rule
    key = f"{rule.code}|{found.path}|{found.function}|{found.text}|{ordinal}"
    return Finding(
        rule=rule.code,
        name=rule.name,
        verdict=found.verdict,
        path=found.path,
        line=found.pos[0],
        column=found.pos[1],
        end_line=found.pos[2],
        end_column=found.pos[3],
        message=f"{found.text}: {_after_a_colon(rule.what)}",
        effect=rule.effect,
        instead=rule.instead,
        chain=found.chain,
        fingerprint=sha256(key.encode()).hexdigest()[:32],
        function=found.function,
    )


def _after_a_colon(sentence: str) -> str:
    """Return a sentence with a small first letter, but for names: JSON, SQL, NumPy."""
    word = sentence.partition(" ")[0]
    if len(word) > 1 and not word[1:].islower():
        return sentence
    return sentence[:1].lower() + sentence[1:]


def _allowances(
    rules: Rulebook,
    found: Sequence[Found],
    allowed: Mapping[str, tuple[Allowance, ...]],
    request: AuditRequest,
) -> tuple[list[Finding], list[Finding]]:
    """Part findings into reported and hidden, and report allowances that are wrong."""
    used: dict[tuple[str, int], None] = {}
    reported: list[Finding] = []
    hidden: list[Finding] = []
    ordinals: dict[str, int] = {}
    for each in found:
        key = f"{each.rule.code}|{each.path}|{each.function}|{each.text}"
        ordinals[key] = ordinals.get(key, 0) + 1
        finding = _finding(each, ordinals[key])
        for allowance in allowed.get(each.path, ()):
            on_line = each.pos[0] <= allowance.line <= max(each.pos[2], each.pos[0])
            good = allowance.reason and not _is_past(allowance, request)
            if on_line and good and _names(allowance, each.rule):
                used[(each.path, allowance.at)] = None
                hidden.append(replace(finding, suppressed=allowance.reason))
                break
        else:
            reported.append(finding)
    for path in sorted(allowed):
        for allowance in allowed[path]:
            whole = allowance.reason and allowance.codes and not _is_past(allowance, request)
            wrong = "" if whole else "bare-allowance"
            if not wrong and (path, allowance.at) not in used and not request.select:
                wrong = "unused-allowance"
            for rule in rules.index.sites.get(wrong, ()):
                pos = (allowance.at, allowance.column, allowance.at, allowance.column + 1)
                text = ", ".join(allowance.codes) or "allowance"
                step = Step(path, allowance.at, text)
                made = Found(rule, "violation", path, pos, text, (step,), path)
                if _chosen(rule, request):
                    reported.append(_finding(made, 1))
    reported.sort(key=_order)
    return reported, hidden


def _ignored(
    rules: Rulebook, findings: Sequence[Finding], ignores: Ignores
) -> tuple[list[Finding], list[Finding]]:
    """Part findings into reported ones and those that the settings hide in their file."""
    _check_codes(rules, [code for codes, _reason in ignores.entries.values() for code in codes])
    by_code = {rule.code: rule for rule in rules.rules}
    reported: list[Finding] = []
    hidden: list[Finding] = []
    for each in findings:
        reason = ignores.reason(each.path, by_code[each.rule])
        if reason:
            hidden.append(replace(each, suppressed=reason, suppressed_in=PLACE))
        else:
            reported.append(each)
    return reported, hidden


def _unused_ignores(rules: Rulebook, unused: Sequence[tuple[int, str]]) -> list[Finding]:
    """Return a finding for each pattern of the settings that hides nothing."""
    return [
        _finding(
            Found(rule, "violation", PLACE, (line, 1, line, 2), pattern,
                  (Step(PLACE, line, pattern),), PLACE),
            1,
        )
        for line, pattern in unused
        for rule in rules.index.sites.get("unused-allowance", ())
    ]  # fmt: skip


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return (finding.path, finding.line, finding.column, finding.rule)


def _is_past(allowance: Allowance, request: AuditRequest) -> bool:
    return "" not in (allowance.until, request.today) and allowance.until < request.today


def _names(allowance: Allowance, rule: Rule) -> bool:
    return any(code in {rule.code, rule.name} for code in allowance.codes)


def _touches(finding: Finding, changed: frozenset[str]) -> bool:
    return finding.path in changed or any(step.path in changed for step in finding.chain)


def _baseline(findings: list[Finding], request: AuditRequest) -> tuple[list[Finding], int]:
    """Return the findings that no baseline knows, and how many one does."""
    if request.write_baseline is not None:
        write_baseline(
            request.write_baseline,
            [(each.fingerprint, f"{each.rule} {each.path} {each.function}") for each in findings],
        )
        return [], len(findings)
    if request.baseline is None:
        return findings, 0
    known = read_baseline(request.baseline)
    new = [each for each in findings if each.fingerprint not in known]
    return new, len(findings) - len(new)
