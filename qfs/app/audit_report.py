"""What an audit says: findings with their ways, fixes and witnesses, and the exit code.

- A report is a value that the renderers of ``qfs_cli.render`` turn into text.
- Columns of a finding count bytes of UTF-8; where an editor counts otherwise, ``columns`` says so.
"""

from dataclasses import dataclass, field

from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS, EXIT_USAGE
from qfs.scan.found import Rest, Step
from qfs.scan.rules.rule import Rule
from qfs.shell.sources import Problem


@dataclass(frozen=True, slots=True)
class Witness:
    """Two runs that differ: what confirms a finding."""

    entry: str
    """The entry point that was run: ``module:qualname``."""
    input: int | str
    """Number of the input at which the runs part."""
    variable: str
    """What was varied: ``PYTHONHASHSEED``, ``TZ``, ``history`` for a second pass."""
    level: str
    """Its level in the other run."""
    key: str
    """Path inside the result or state; empty for the whole."""
    expected: str
    actual: str
    places: tuple[str, ...] = ()
    """For hidden state: where it is kept."""


@dataclass(frozen=True, slots=True)
class WitnessRun:
    """What became of running one entry point."""

    entry: str
    runs: int
    confirmed: int
    """Findings that it confirmed."""
    not_run: str
    """What could not be run, or not be told, and why; empty if nothing was left open."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Text in the place of other text; columns from 1, in UTF-16 code units."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one place."""

    rule: str
    name: str
    verdict: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    effect: str
    instead: str
    chain: tuple[Step, ...]
    fingerprint: str
    function: str
    fix: bool = False
    suppressed: str = ""
    """The reason of the allowance that hides it, if any."""
    suppressed_in: str = ""
    """The file that hides it, where that is not its own."""
    witness: Witness | None = None
    """The two runs that confirmed it, if any."""
    columns: tuple[int, int] | None = None
    """Both columns in UTF-16 code units, where they are not those in bytes."""
    edits: tuple[Replacement, ...] = ()
    """The safe fix, if there is one."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The result of an audit."""

    findings: tuple[Finding, ...]
    """What is reported, in the order of path, place and rule."""
    suppressed: tuple[Finding, ...]
    errors: tuple[Problem, ...]
    files: int
    lines: int
    functions: int
    proved: int
    baselined: int
    unreported: int
    """Findings that nobody asked for: left out by select, ignore or since."""
    rules_digest: str
    source_digest: str
    policy: str
    packs: tuple[str, ...]
    require_proof: bool
    rules: tuple[Rule, ...] = field(default=(), repr=False)
    """The rules that were applied."""
    witness: tuple[WitnessRun, ...] = ()
    """The entry points that --witness ran, or could not run."""
    rests: tuple[Rest, ...] = ()
    """What the judgement trusts without having looked at it: summaries, natives, callbacks."""

    @property
    def is_proved(self) -> bool:
        """Say whether nothing that was reached may differ between two runs, as far as it knows."""
        hidden = self.suppressed or self.baselined or self.unreported
        clean = not (self.findings or hidden or self.errors)
        return clean and 0 < self.proved == self.functions

    def count(self, verdict: str) -> int:
        """Return how many findings have a verdict."""
        return sum(1 for each in self.findings if each.verdict == verdict)

    @property
    def exit_code(self) -> int:
        """What the command ends with."""
        if self.errors:
            return EXIT_USAGE
        if self.require_proof:
            return EXIT_CLEAN if self.is_proved else EXIT_FINDINGS
        bad = self.count("violation") + self.count("possible") + self.count("confirmed")
        return EXIT_FINDINGS if bad else EXIT_CLEAN


@dataclass(frozen=True, slots=True)
class FixReport:
    """What was mended, and what the audit says now."""

    report: AuditReport
    changed: tuple[str, ...]
    """Files that were (or with diff: would be) rewritten."""
    put_back: tuple[str, ...]
    """Files whose edits did not remove their findings, and were undone."""
    mended: int
    diff: str
    failing: tuple[str, ...] = ()
    """Files whose edits made the tests fail, and were undone."""
