"""``qfs audit --fix``: mend what can be mended, and audit again.

- A file is written only when every finding that was mended in it is gone afterwards and no new one
  has come; else it is put back, and the report says so.
- ``--diff`` writes nothing and shows what would change.
- Fixing twice changes nothing the second time.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qfs.app.audit import AuditReport, AuditRequest, Finding, audit
from qfs.errors import EnvironmentFault
from qfs.scan.fixes import FIXABLE, Wanted, apply, edits_for, with_import
from qfs.scan.reading import Unreadable, recoded
from qfs.shell.sources import NOTEBOOK, read_settings


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


def fix(request: AuditRequest, *, unsafe: bool = False, diff: bool = False) -> FixReport:
    """Mend the findings of a request.

    Raises EnvironmentFault when a file cannot be written. With diff nothing is written, and the
    report is the audit of the files as they are.
    """
    before = audit(request)
    root, _settings = read_settings(request.paths[0])
    by_path: dict[str, list[Finding]] = {}
    for each in before.findings:
        if each.rule in FIXABLE and not each.path.endswith(NOTEBOOK):
            by_path.setdefault(each.path, []).append(each)
    old: dict[str, bytes] = {}
    new: dict[str, bytes] = {}
    mended: dict[str, list[Finding]] = {}
    for path in sorted(by_path):
        data = (root / path).read_bytes()
        made, done = rewritten(data, by_path[path], unsafe=unsafe)
        if done:
            old[path], new[path], mended[path] = data, made, done
    if diff:
        text = "".join([_diff(path, old[path], new[path]) for path in new])
        return FixReport(before, tuple(new), (), 0, text)
    for path, data in new.items():
        _write(root / path, data)
    after = audit(request) if new else before
    back = _not_mended(before, after, mended)
    for path in back:
        _write(root / path, old[path])
    if back:
        after = audit(request)
    count = sum([len(mended[path]) for path in new if path not in back])
    return FixReport(after, tuple([path for path in new if path not in back]), back, count, "")


def rewritten(
    data: bytes, findings: Sequence[Finding], *, unsafe: bool
) -> tuple[bytes, list[Finding]]:
    """Return a file's bytes with its findings mended, and which of them had a fix."""
    wanted = [
        Wanted(each.rule, (each.line, each.column, each.end_line, each.end_column), each.message)
        for each in findings
    ]
    try:
        text, encode = recoded(data)
    except Unreadable:
        return data, []
    edits = edits_for(text, wanted, unsafe=unsafe)
    chosen = [edit for edit in edits if edit is not None]
    if not chosen:
        return data, []
    made = apply(text, chosen)
    if any(edit.new.startswith(b"Fixed(") for edit in chosen):
        made = with_import(made, "qfs.certmath", "Fixed")
    done = [each for each, edit in zip(findings, edits, strict=True) if edit is not None]
    return encode(made), done


def _not_mended(
    before: AuditReport, after: AuditReport, mended: dict[str, list[Finding]]
) -> tuple[str, ...]:
    """Return the files that cannot be read now, or in which a finding stayed or a new one came."""
    broken = {error.path for error in after.errors} - {error.path for error in before.errors}
    counts: dict[tuple[str, str], int] = {}
    for sign, report in ((-1, before), (1, after)):
        for each in report.findings:
            if each.verdict != "unknown":
                key = (each.path, each.rule)
                counts[key] = counts.get(key, 0) + sign
    out = []
    for path in sorted(mended):
        worse = any(change > 0 for (where, _rule), change in counts.items() if where == path)
        rules = {each.rule for each in mended[path]}
        stayed = any(counts.get((path, rule), 0) >= 0 for rule in rules)
        if path in broken or worse or stayed:
            out.append(path)
    return tuple(out)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot be written: {error.strerror}", place=str(path), way_out="check permissions"
        ) from None


def _diff(path: str, old: bytes, new: bytes) -> str:
    lines = difflib.unified_diff(
        old.decode("utf-8", "replace").splitlines(keepends=True),
        new.decode("utf-8", "replace").splitlines(keepends=True),
        f"a/{path}",
        f"b/{path}",
    )
    return "".join(lines)
