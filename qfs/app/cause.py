"""Why two environments part: the line of the program, the effect, and the rule that covers it.

- The line is where the recordings of one step, made in both environments, part (``shell.tracing``).
- The rule is the audit's finding at that line; else its finding of the same effect in the same
  function or file; else the rule for what was varied, said to be so.
- Hidden state is told by its place: the module global, default or cache that the step has changed.
"""

import ast
import re
from dataclasses import dataclass, replace
from pathlib import Path

from qfs.app.audit import AuditRequest, Finding, audit, rulebook
from qfs.app.perturb import Divergence, Parting
from qfs.errors import QFSError
from qfs.shell import tracing, tracing_threads

RULES = {
    "PYTHONHASHSEED": "QFS401",
    "TZ": "QFS606",
    "LC_ALL": "QFS608",
    "clock": "QFS101",
    "random": "QFS203",
    "directory-order": "QFS408",
    "cpu-count": "QFS603",
    "cwd": "QFS605",
    "source-path": "QFS605",
    "HOME": "QFS605",
    "USER": "QFS602",
    "TMPDIR": "QFS601",
    "environment-order": "QFS601",
    "process-id": "QFS602",
    "hostname": "QFS602",
    "threads": "QFS801",
    "switch-interval": "QFS801",
    "allocator": "QFS302",
    "addresses": "QFS302",
    "gc": "QFS804",
    "umask": "QFS701",
    "optimize": "QFS603",
    "int-digits": "QFS603",
    "recursion-limit": "QFS603",
    "python": "QFS603",
    "cpu-features": "QFS505",
    "file-times": "QFS701",
    "left-behind": "QFS701",
    "history": "QFS901",
}
# Effects of the audit that a variable may show as; a finding of another effect explains nothing.
_EFFECTS = {
    "PYTHONHASHSEED": ("hash-order", "serialization", "identity"),
    "TZ": ("locale", "clock"),
    "clock": ("clock",),
    "random": ("random", "entropy"),
    "LC_ALL": ("locale", "filesystem"),
    "threads": ("concurrency", "global-state"),
    "switch-interval": ("concurrency", "global-state"),
    "allocator": ("identity", "hash-order"),
    "addresses": ("identity", "hash-order"),
    "gc": ("gc",),
    "directory-order": ("filesystem",),
    "process-id": ("environment",),
    "umask": ("filesystem",),
    "history": ("global-state", "identity"),
    "cpu-features": ("math", "float"),
    "python": ("float", "math", "environment", "serialization", "identity"),
}


_THREADS, _ORDER = "QFS801", "QFS802"
"""Threads are begun; what runs at once is taken in the order in which it ends."""
_MACHINERY = ("concurrent.futures.", "threading.", "queue.", "asyncio.")
"""What threads are run by: its own state differs with each run, and is nobody's result."""
_TELLING = {
    "file-times": r"mtime|ctime|stat\(",
    "left-behind": r"exists\(|is_file\(|isfile\(|[\"']a[b+]*[\"']",
}
"""What stands in a line that a variable shows through."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The place in the program at which two runs part."""

    path: str
    """Relative to the working folder where it lies below it."""
    line: int
    function: str
    source: str
    """The line's text."""
    name: str
    """The variable that differs after it; ``return``; empty if the next lines differ."""
    expected: str
    actual: str
    effect: str
    rule: str
    """Code of the audit rule that covers it; empty if none does."""
    rule_name: str
    rule_at_line: bool
    """Whether the audit reports that very line."""
    instead: str


def cause_of(
    divergence: Divergence, parting: Parting | None, folder: Path, files: tuple[Path, ...] = ()
) -> Cause | None:
    """Return the cause of a divergence, or None if no line of the program can be named."""
    found = None
    if parting is not None:
        events = [list(parting.expected.events), list(parting.actual.events)]
        versions = "python" in divergence.variable
        if divergence.effect == "concurrency":
            found = tracing_threads.race_line(*events)
            found = found or tracing.first_difference(*events, without=_MACHINERY)
        else:
            found = tracing.first_difference(*events, versions=versions)
    if found is None and divergence.places:
        found = _hidden(divergence.places, files)
    if found is None:
        found = _crashed(divergence, folder)
    if found is None:
        found = _reported(divergence, files)
    if found is None:
        return None
    return _cause(divergence, found, folder)


def _cause(divergence: Divergence, found: tracing.Parting, folder: Path) -> Cause:
    path = Path(found.file)
    found = _explained(divergence, path, _within_statement(divergence, path, found))
    text = _source(path, found.line)
    finding = _finding(divergence, path, found.line)
    code = finding.rule if finding is not None else _rule(divergence)
    at_line = finding is not None and finding.line <= found.line <= max(
        finding.end_line, finding.line
    )
    rule = rulebook(("all",)).rule(code) if code else None
    return Cause(
        path=_relative(path, folder),
        line=found.line,
        function=found.function,
        source=text,
        name=found.name,
        expected=found.expected,
        actual=found.actual,
        effect=finding.effect if finding is not None else divergence.effect,
        rule=rule.code if rule is not None else "",
        rule_name=rule.name if rule is not None else "",
        rule_at_line=at_line,
        instead=rule.instead if rule is not None else "",
    )


def _rule(divergence: Divergence) -> str:
    first = divergence.variable.split(" and ")[0]
    if first.startswith("$"):
        return "QFS601"
    return RULES.get(first, "")


def _effects(divergence: Divergence) -> tuple[str, ...]:
    first = divergence.variable.split(" and ")[0]
    return _EFFECTS.get(first, (divergence.effect,))


def _findings(path: Path) -> tuple[Finding, ...]:
    try:
        report = audit(AuditRequest((path,), policy="ban", packs=("core",)))
    except QFSError:
        return ()
    return (*report.findings, *report.suppressed)


def _finding(divergence: Divergence, path: Path, line: int) -> Finding | None:
    """Return the audit's finding at the line, else the nearest of the same effect."""
    effects = _effects(divergence)
    same = [one for one in _findings(path) if one.effect in effects]
    here = [one for one in same if one.line <= line <= max(one.line, one.end_line)]
    if here:
        return min(here, key=lambda one: effects.index(one.effect))
    return min(same, key=lambda one: abs(one.line - line), default=None)


def _within_statement(
    divergence: Divergence, path: Path, found: tracing.Parting
) -> tracing.Parting:
    """Return the line to blame of a statement: a recording knows it by one line of it alone.

    That is the assertion that an optimised run leaves out; else the line of the audit's finding, if
    the statement goes over several lines and has exactly one of the effect.
    """
    if "optimize" in divergence.variable and _source(path, found.next_line).startswith("assert"):
        return replace(found, line=found.next_line)
    first, last = _statement(path, found.line)
    effects = _effects(divergence)
    lines = {one.line for one in _findings(path) if one.effect in effects}
    inside = [line for line in lines if first <= line <= last]
    return replace(found, line=inside[0]) if len(inside) == 1 else found


def _explained(divergence: Divergence, path: Path, found: tracing.Parting) -> tracing.Parting:
    """Return the line of the one finding that explains a line which makes nothing differ by itself.

    Addresses stand in no recording, so that they show behind their line: what explains them is the
    file's finding of identity. Threads that are begun are no cause until what they give is taken as
    it comes, in the same function.
    """
    findings = _findings(path)
    here = [one for one in findings if one.line <= found.line <= max(one.line, one.end_line)]
    wanted: list[Finding] = []
    if divergence.variable in ("addresses", "allocator"):
        if not any(one.effect in _effects(divergence) for one in here):
            wanted = [one for one in findings if one.effect == "identity"]
    elif here and all(one.rule == _THREADS for one in here):
        functions = [one.function for one in here]
        wanted = [one for one in findings if one.rule == _ORDER and one.function in functions]
    lines = {one.line for one in wanted}
    return replace(found, line=lines.pop()) if len(lines) == 1 else found


def _statement(path: Path, line: int) -> tuple[int, int]:
    """Return the first and last line of the innermost simple statement at a line."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return line, line
    spans = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
    ]
    around = [span for span in spans if span[0] <= line <= span[1]]
    return min(around, key=lambda span: span[1] - span[0], default=(line, line))


def _reported(divergence: Divergence, files: tuple[Path, ...]) -> tracing.Parting | None:
    """Return the audit's first finding of the effect, where nothing could be traced.

    That is the first at whose line stands what tells of the variable, if any: the name of an
    environment variable, a word of file times.
    """
    effects = _effects(divergence)
    name = divergence.variable.split(" and ")[0].removeprefix("$")
    telling = re.compile(_TELLING.get(name, rf"[\"']{re.escape(name)}[\"']"))
    first: tracing.Parting | None = None
    for path in files:
        for one in _findings(path):
            if one.effect not in effects:
                continue
            place = tracing.Parting(str(path), one.line, one.function, "", "", "")
            if telling.search(_source(path, one.line)):
                return place
            first = first or place
    return first


_CRASH = re.compile(r"crashed: exit code -?\d+ at (.+?):(\d+): ")


def _crashed(divergence: Divergence, folder: Path) -> tracing.Parting | None:
    """Return the line of the program at which one of the two runs ended with an exception."""
    for told in (divergence.actual, divergence.expected):
        match = _CRASH.match(told)
        if match is not None:
            return tracing.Parting(str(folder / match[1]), int(match[2]), "", "", "", "")
    return None


def _hidden(places: tuple[str, ...], files: tuple[Path, ...]) -> tracing.Parting | None:
    """Return the line that names what kept the hidden state."""
    kind, _, name = places[0].rpartition(" ")
    for path in files:
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError):
            continue
        line = _line_of(tree, kind, name.rpartition(".")[2])
        if line:
            return tracing.Parting(str(path), line, "", f"{kind} {name}".strip(), "", "")
    return None


def _line_of(tree: ast.Module, kind: str, name: str) -> int:
    """Return the first line of a function's own, or at which a function names the global.

    Of a cache it is the line at which its function reads a global that is no constant, if one does.
    """
    found = []
    own = _assigned(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if kind != "module global" and node.name == name:
            reads = [inner for part in node.body for inner in ast.walk(part)]
            lines = [one.lineno for one in reads if isinstance(one, ast.Name) and one.id in own]
            return min(lines, default=node.lineno) if kind == "cache of" else node.lineno
        found += [
            inner.lineno
            for inner in ast.walk(node)
            if (isinstance(inner, ast.Name) and inner.id == name)
            or (isinstance(inner, ast.Attribute) and inner.attr == name)
        ]
    return min(found, default=0)


def _assigned(tree: ast.Module) -> frozenset[str]:
    """Return the names that a module assigns at its top, but for those of plain constants."""
    targets: list[ast.expr] = []
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and not isinstance(
            statement.value, ast.Constant
        ):
            own = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            targets += own
    return frozenset([one.id for one in targets if isinstance(one, ast.Name)])


def _source(path: Path, line: int) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.name
