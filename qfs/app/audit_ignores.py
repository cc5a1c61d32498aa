"""Per-file ignores: ``[tool.qfs.per-file-ignores]``, globs of paths to codes and a reason.

- A pattern is matched against the path that the report shows; ``*`` goes over folders too.
- What is ignored is listed as suppressed, with its reason, and never counts as proof.
- An ignore that hides nothing is a finding, where a file that it is for was audited or none exists.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from qfs.errors import InputError
from qfs.scan.rules.rule import Rule

PLACE = "pyproject.toml"


@dataclass(slots=True)
class Ignores:
    """The ignores of a project, and which of them have hidden something."""

    entries: Mapping[str, tuple[tuple[str, ...], str]]
    """Pattern to codes (or their beginnings, or names) and reason."""
    used: dict[str, None] = field(default_factory=dict)

    def reason(self, path: str, rule: Rule) -> str:
        """Return why a rule's findings in a file are ignored; empty if they are not."""
        for pattern, (codes, reason) in self.entries.items():
            if fnmatchcase(path, pattern) and any(
                rule.code.startswith(code) or rule.name == code for code in codes
            ):
                self.used[pattern] = None
                return reason
        return ""

    def unused(self, paths: Iterable[str], root: Path) -> list[tuple[int, str]]:
        """Return line and pattern of each ignore that has hidden nothing in the audited paths."""
        names = list(paths)
        out = []
        for pattern in self.entries:
            audited = any(fnmatchcase(name, pattern) for name in names)
            if pattern not in self.used and (audited or not any(root.glob(pattern))):
                out.append((_line(root, pattern), pattern))
        return sorted(out)


def read_ignores(table: object) -> Ignores:
    """Return the ignores of the settings' table; raises InputError for one that says no reason."""
    if not isinstance(table, dict):
        raise _wrong("per-file-ignores is no table")
    entries: dict[str, tuple[tuple[str, ...], str]] = {}
    for pattern, what in table.items():
        codes = what.get("codes") if isinstance(what, dict) else None
        reason = what.get("reason") if isinstance(what, dict) else None
        if not isinstance(codes, list) or not codes or not all(isinstance(x, str) for x in codes):
            raise _wrong(f"the ignore for {pattern!r} has no codes")
        if not isinstance(reason, str) or not reason.strip():
            raise _wrong(f"the ignore for {pattern!r} has no reason")
        if pattern.startswith("/") or not pattern:
            raise _wrong(f"{pattern!r} is no pattern of paths below the project")
        entries[pattern] = (tuple(codes), reason.strip())
    return Ignores(entries)


def _wrong(what: str) -> InputError:
    return InputError(
        what,
        place=f"{PLACE} [tool.qfs.per-file-ignores]",
        way_out='write "shop/web/*" = { codes = ["QFS101"], reason = "..." }',
    )


def _line(root: Path, pattern: str) -> int:
    """Return the line of the settings on which a pattern stands."""
    text = (root / PLACE).read_text(encoding="utf-8")
    place = max(text.find(f'"{pattern}"'), text.find(f"'{pattern}'"))
    return text.count("\n", 0, place) + 1 if place >= 0 else 1
