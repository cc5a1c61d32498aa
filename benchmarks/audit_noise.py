"""Noise of ``qfs audit``: its findings on six programs from PyPI, each triaged into true or false.

- ``noise/requirements.txt`` pins every version and hash; pip fetches them into a scratch folder.
- ``noise/triage.toml`` has one line a finding. True needs a case in ``noise/cases``: a program that
  is run twice, and whose outputs differ; what no case confirms counts as false.
- Each case runs as ``python case.py 1`` and ``python case.py 2``, under another hash seed and in
  another folder each; it may use the number to say what else differs (an environment variable ...).
- A finding without a line is untriaged, and counts as false as well; a line without a finding is
  stale, and is said to be.
"""

import importlib
import os
import platform
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import Report, Table
from qfs.app.audit import AuditReport, AuditRequest, Finding, audit, rulebook
from tools.stdlib_names import classify, counted

HERE = Path(__file__).parent / "noise"
LINES_A_FALSE_ALARM = 2_000
LIBRARIES = (
    "cryptography.hazmat.primitives.hashes", "cryptography.hazmat.primitives.serialization",
    "pydantic", "msgspec", "msgspec.json", "cbor2",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of one program's findings."""

    name: str
    report: AuditReport
    true: tuple[Finding, ...]
    false: tuple[Finding, ...]
    untriaged: tuple[Finding, ...]
    stale: tuple[str, ...]

    @property
    def noise(self) -> int:
        """Findings that count as false."""
        return len(self.false) + len(self.untriaged)


def fetch(folder: Path) -> None:
    """Install the pinned files into a folder; no code of theirs runs."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"),
            *("--target", str(folder), "-r", str(HERE / "requirements.txt")),
        ],
        check=True,
    )


def programs() -> list[dict[str, Any]]:
    """Return what programs.toml says."""
    found: list[dict[str, Any]] = tomllib.loads((HERE / "programs.toml").read_text())["program"]
    return found


def triage() -> dict[str, dict[str, Any]]:
    """Return the triaged findings under their fingerprints."""
    lines = tomllib.loads((HERE / "triage.toml").read_text())["finding"]
    return {line["fingerprint"]: line for line in lines}


def audited(library: Path, program: dict[str, Any]) -> AuditReport:
    """Return the audit of one program, its tests left out."""
    (library / "pyproject.toml").write_text('[tool.qfs]\nfloat-policy = "ieee-basic"\n')
    paths = [
        path
        for path in sorted((library / program["folder"]).rglob("*.py"))
        if not path.stem.endswith("_test") and "tests" not in path.parts
    ]
    return audit(AuditRequest(tuple(paths), entries=tuple(program["entries"])))


def confirmed(case: str, library: Path, scratch: Path) -> bool:
    """Say whether the two runs of a case print something different."""
    seen = []
    for number in ("1", "2"):
        folder = scratch / f"{case}-{number}"
        folder.mkdir()
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": str(library),
            "PYTHONHASHSEED": number,
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(HERE / "cases" / f"{case}.py"), number],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
        )
        seen.append(done.stdout)
    return bool(seen[0]) and seen[0] != seen[1]


def outcome(
    program: dict[str, Any],
    report: AuditReport,
    lines: dict[str, dict[str, Any]],
    held: frozenset[str],
) -> Outcome:
    """Part a program's violations and possible findings; held are the cases that showed it."""
    found = [each for each in report.findings if each.verdict in {"violation", "possible"}]
    true, false, untriaged = [], [], []
    for each in found:
        line = lines.get(each.fingerprint)
        if line is None:
            untriaged.append(each)
        elif line["true"] and line["case"] in held:
            true.append(each)
        else:
            false.append(each)
    known = {each.fingerprint for each in found}
    stale = [
        f"{line['place']} {line['rule']}"
        for key, line in lines.items()
        if line["program"] == program["name"] and key not in known
    ]
    return Outcome(
        program["name"], report, tuple(true), tuple(false), tuple(untriaged), tuple(stale)
    )


def measure(library: Path, scratch: Path) -> list[Outcome]:
    """Audit every program, run every case and compare with the triage."""
    lines = triage()
    cases = sorted({line["case"] for line in lines.values() if line["true"]})
    held = frozenset([case for case in cases if confirmed(case, library, scratch)])
    for case in cases:
        if case not in held:
            print(f"case {case}: both runs print the same", file=sys.stderr)
    return [outcome(each, audited(library, each), lines, held) for each in programs()]


def run() -> Report:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        library, scratch = Path(name) / "library", Path(name) / "scratch"
        scratch.mkdir()
        fetch(library)
        outcomes = measure(library, scratch)
    rows = []
    for each in outcomes:
        for finding in each.untriaged:
            print(f"untriaged: {finding.path}:{finding.line} {finding.rule}", file=sys.stderr)
        for line in each.stale:
            print(f"stale: {line}", file=sys.stderr)
        rows.append(_row(each.name, [each]))
    rows.append(_row("all", outcomes))
    table = Table(
        "Findings on programs from PyPI",
        (
            *("program", "lines", "violation, possible", "true", "false", "untriaged"),
            *("false a 2,000 lines", "functions proved", "unknown"),
        ),
        rows,
        "True: a case in benchmarks/noise/cases runs the place twice and prints two different "
        "things. False: everything else. Goal: at most 1 false finding in 2,000 lines. Float "
        "policy ieee-basic; entry points in benchmarks/noise/programs.toml; one line a finding in "
        "benchmarks/noise/triage.toml. Unknown is no finding, and no proof.",
    )
    intro = "How often the scanner cries wolf, on programs that know nothing of it."
    return Report("audit_noise", "Noise of qfs audit", intro, [table, _names()])


def _names() -> Table:
    """Return how much is known of what programs call: the public names of libraries."""
    book = rulebook(("all",))
    counts, unknown = counted(book)
    version = f"{platform.python_implementation()} {platform.python_version()}"
    rows = [[f"standard library, {version}", *[str(each) for each in counts.values()]]]
    for library in LIBRARIES:
        module = importlib.import_module(library)
        names = getattr(module, "__all__", None) or dir(module)
        kinds = [
            classify(book, f"{library}.{name}")
            for name in sorted(names)
            if not name.startswith("_") and callable(getattr(module, name, None))
        ]
        rows.append([library, *[str(kinds.count(each)) for each in counts]])
    return Table(
        "What is known of the public names that a program may call",
        ("library", *counts),
        rows,
        "Effect: a rule speaks of it. Modelled: the engine follows what it does. Unknown is said "
        f"to be unknown where it is called: {', '.join(unknown) or 'nothing'}.",
    )


def _row(name: str, outcomes: list[Outcome]) -> list[str]:
    lines = sum([each.report.lines for each in outcomes])
    noise = sum([each.noise for each in outcomes])
    proved = sum([each.report.proved for each in outcomes])
    functions = sum([each.report.functions for each in outcomes])
    return [
        name,
        f"{lines:,}",
        str(sum([len(each.true) + each.noise for each in outcomes])),
        str(sum([len(each.true) for each in outcomes])),
        str(sum([len(each.false) for each in outcomes])),
        str(sum([len(each.untriaged) for each in outcomes])),
        f"{noise * LINES_A_FALSE_ALARM / lines:.2f}",
        f"{proved} of {functions}",
        str(sum([each.report.count("unknown") for each in outcomes])),
    ]
