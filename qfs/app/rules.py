"""``qfs rules``: the catalogue of every pack, or one rule; and the examples of rules, run.

- The user's own packs are those of the nearest ``[tool.qfs]``; their rules come with the shipped.
- The examples of a rule are its tests: a bad one must be reported by it, a good one must not.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qfs.app.audit import AuditRequest, audit, own_packs, rulebook
from qfs.app.failure import UsageError
from qfs.scan.rules.rule import Rule
from qfs.shell.sources import read_settings


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as people read it."""

    code: str
    name: str
    pack: str
    effect: str
    what: str
    why: str
    instead: str
    source: str
    targets: tuple[str, ...]
    bad: tuple[str, ...]
    good: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExampleFailure:
    """An example that its rule does not hold to."""

    code: str
    kind: str
    """``bad`` or ``good``."""
    number: int
    """From 1, as they stand in the rule's file."""
    why: str


@dataclass(frozen=True, slots=True)
class RulesCheck:
    """What running the examples of rules gave."""

    rules: int
    examples: int
    failures: tuple[ExampleFailure, ...]

    @property
    def exit_code(self) -> int:
        """0 when every example holds, else 1."""
        return 1 if self.failures else 0


def rules(code: str = "", folder: Path = Path()) -> tuple[RuleView, ...]:
    """Return every rule in the order of codes, or the one of a code or name.

    folder is where the settings are looked for, upward. Raises UsageError for a code that no pack
    has, InputError for an own pack that cannot be read.
    """
    book = rulebook(("all",), own_packs(*read_settings(folder)))
    chosen = [each for each in book.rules if not code or _names(each, code)]
    if not chosen:
        raise UsageError(f"no rule {code!r}", way_out="`qfs rules` lists them all")
    return tuple(
        [
            RuleView(
                each.code, each.name, each.pack, each.effect, each.what, each.why, each.instead,
                each.source, each.targets,
                tuple([example.code for example in each.bad]),
                tuple([example.code for example in each.good]),
            )
            for each in chosen
        ]
    )  # fmt: skip


def _names(rule: Rule, code: str) -> bool:
    """Say whether a code, in capitals or not, or a name is a rule's."""
    return code.upper() == rule.code or code == rule.name


def check_rules(code: str = "", folder: Path = Path()) -> RulesCheck:
    """Audit the examples of every rule, or of one; raises as ``rules`` does."""
    chosen = rules(code, folder)
    packs = [str(each.absolute()) for each in own_packs(*read_settings(folder))]
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        settings = f"[tool.qfs]\nrule-folders = {json.dumps(packs)}\n"
        (base / "pyproject.toml").write_text(settings, encoding="utf-8")
        examples = _written(chosen, base)
        report = audit(AuditRequest((base,), packs=("all",), per_file=True))
    found: dict[str, dict[str, None]] = {}
    for each in report.findings:
        found.setdefault(each.path, {})[each.rule] = None
    unread = {each.path: each.message for each in report.errors}
    failures = []
    for path, (rule, kind, number) in examples.items():
        reported = rule in found.get(path, {})
        if path in unread:
            failures.append(ExampleFailure(rule, kind, number, unread[path]))
        elif reported is not (kind == "bad"):
            why = "is reported by it" if reported else _instead(tuple(found.get(path, {})))
            failures.append(ExampleFailure(rule, kind, number, why))
    return RulesCheck(len(chosen), len(examples), tuple(failures))


def _written(chosen: Sequence[RuleView], base: Path) -> dict[str, tuple[str, str, int]]:
    """Write each example into a file; return {path: (code, kind, number)}."""
    out = {}
    for rule in chosen:
        for kind, codes in (("bad", rule.bad), ("good", rule.good)):
            for number, code in enumerate(codes, 1):
                path = f"{rule.code}_{kind}_{number}.py"
                (base / path).write_text(code, encoding="utf-8")
                out[path] = (rule.code, kind, number)
    return out


def _instead(reported: Sequence[str]) -> str:
    others = f", but by {', '.join(sorted(reported))}" if reported else ""
    return f"is not reported by it{others}"
