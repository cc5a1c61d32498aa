"""``qfs audit --fix``: mend what can be mended, and audit again.

- A file is written only when every finding that was mended in it is gone afterwards and no new one
  has come; else it is put back, and the report says so.
- With ``--test-command`` the program's own tests, which must pass before, run after: a file whose
  mending makes them fail is put back as well.
- A file has its old bytes or its new ones, whatever the disk does; when the work does not end (an
  interruption, an error), every file is put back.
- ``--diff`` writes nothing and shows what would change.
- Fixing twice changes nothing the second time.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from qfs.app.audit import AuditReport, AuditRequest, Finding, audit
from qfs.app.audit_report import FixReport
from qfs.errors import EnvironmentFault, UsageError
from qfs.scan.facts.reading import Unreadable, recoded
from qfs.scan.fixes.edits import FIXABLE, apply, mendings_for
from qfs.scan.fixes.file import Wanted
from qfs.shell.files import rewrite
from qfs.shell.own_tests import run_tests
from qfs.shell.sources import NOTEBOOK, read_settings


def fix(
    request: AuditRequest, *, unsafe: bool = False, diff: bool = False, test_command: str = ""
) -> FixReport:
    """Mend the findings of a request.

    Raises EnvironmentFault when a file cannot be written, or a test command not be started;
    UsageError when the tests fail before anything is mended. With diff nothing is written, and the
    report is the audit of the files as they are.
    """
    if diff and test_command:
        raise UsageError("tests of a difference", way_out="leave out --diff or --test-command")
    before = audit(request)
    root, _settings = read_settings(request.paths[0])
    by_path: dict[str, list[Finding]] = {}
    for each in before.findings:
        # A file whose name cannot be shown as it is has no file at its shown name.
        fixable = each.rule in FIXABLE and not each.path.endswith(NOTEBOOK)
        if fixable and (root / each.path).is_file():
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
    if test_command and new:
        _must_pass(test_command, root)
    with _whole_or_not_at_all(root, old):
        for path, data in new.items():
            _write(root / path, data)
        after = audit(request) if new else before
        back = _not_mended(before, after, mended)
        for path in back:
            _write(root / path, old[path])
        kept = {path: new[path] for path in new if path not in back}
        failing = _failing(test_command, root, old, kept) if test_command else ()
        if back or failing:
            after = audit(request)
    changed = tuple([path for path in kept if path not in failing])
    count = sum([len(mended[path]) for path in changed])
    return FixReport(after, changed, back, count, "", failing)


@contextmanager
def _whole_or_not_at_all(root: Path, old: Mapping[str, bytes]) -> Iterator[None]:
    """Put every file back when what is done inside does not come to its end."""
    ended = False
    try:
        yield
        ended = True
    finally:
        for path, data in old.items() if not ended else ():
            if (root / path).read_bytes() != data:
                _write(root / path, data)


def _must_pass(command: str, root: Path) -> None:
    code, said = run_tests(command, root)
    if code != 0:
        how = "hang" if code is None else f"end with exit code {code}"
        raise UsageError(
            f"the tests {how} before anything is mended: {said}",
            place=command,
            way_out="mend them first, for nothing can be told by them",
        )


def _failing(
    command: str, root: Path, old: Mapping[str, bytes], new: Mapping[str, bytes]
) -> tuple[str, ...]:
    """Put back the files without which the tests pass; each is tried with those before it."""
    if not new or run_tests(command, root)[0] == 0:
        return ()
    for path in new:
        _write(root / path, old[path])
    out = []
    for path, data in new.items():
        _write(root / path, data)
        if run_tests(command, root)[0] != 0:
            _write(root / path, old[path])
            out.append(path)
    return tuple(out)


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
    new, made = apply(text, mendings_for(text, wanted, unsafe=unsafe))
    done = [each for each, fits in zip(findings, made, strict=True) if fits]
    return (encode(new), done) if done else (data, [])


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
        rewrite(path, data)
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
