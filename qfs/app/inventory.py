"""``qfs inventory``: what a source tree consists of, file by file, before anybody certifies it.

- A row a file: digest, size, complexity, what the audit found in it, which signature algorithms it
  imports, how much of it the tests run. The same tree gives the same bytes.
- Every function is an entry point, whatever the settings name: a row is never clean because nobody
  looked. Findings stand in the row of the file in which they lie; allowances hide none.
- Source of the algorithms' kinds: NIST FIPS 203, 204, 205 for what withstands a quantum computer.
"""

import json
from collections import Counter
from contextlib import closing, nullcontext
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from qfs.app.audit import AuditRequest, Finding, audit
from qfs.app.audit_work import read_facts
from qfs.app.failure import EXIT_CLEAN, EXIT_USAGE
from qfs.errors import InputError
from qfs.scan.facts.ir import ModuleFacts
from qfs.scan.facts.measure import complexities, imported
from qfs.shell.facts_cache import FactsCache
from qfs.shell.files import read_limited
from qfs.shell.sources import Problem, SourceFile, read_settings, read_sources

PACKS: Final = ("core", "ledger")
VERDICTS: Final = ("violation", "possible", "unknown")
_REPORT_BYTES: Final = 1 << 28  # 268_435_456
_ASYMMETRIC: Final = "cryptography.hazmat.primitives.asymmetric"
POST_QUANTUM: Final = (
    "dilithium_py", "kyber_py", "oqs", "pqcrypto", "qfs.crypto",
    f"{_ASYMMETRIC}.mldsa", f"{_ASYMMETRIC}.mlkem", f"{_ASYMMETRIC}.slhdsa",
)  # fmt: skip
CLASSICAL: Final = (
    "Crypto.PublicKey", "Crypto.Signature", "Cryptodome.PublicKey", "Cryptodome.Signature",
    "coincurve", "ecdsa", "eth_keys", "jwt", "nacl", "py_ecc", "rsa", "secp256k1",
    *[
        f"{_ASYMMETRIC}.{each}"
        for each in ("dh", "dsa", "ec", "ed25519", "ed448", "rsa", "x25519", "x448")
    ],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InventoryFile:
    """One source file."""

    path: str
    """Relative to the root, POSIX."""
    sha256: str
    """Of its bytes; of a notebook, of the Python in its cells."""
    size: int
    """Bytes."""
    lines: int
    functions: int
    complexity: int
    """The highest cyclomatic complexity of a function; 0 where there is none."""
    verdicts: dict[str, int]
    """How many findings of each verdict lie in it."""
    effects: dict[str, int]
    """How many of each effect: ``float``, ``clock``, ``global-state`` ..."""
    post_quantum: tuple[str, ...]
    """Modules of signature and key algorithms that it imports and that are post-quantum."""
    classical: tuple[str, ...]
    """Those that a quantum computer breaks."""
    coverage: int | None
    """Percent of its statements that the tests run, rounded down; None where nobody said."""

    @property
    def floats(self) -> int:
        """Return how many findings are floats, or the C mathematics library."""
        return self.effects.get("float", 0) + self.effects.get("math", 0)

    @property
    def past_events(self) -> int:
        """Return how often state is changed that no returned event or value tells of."""
        return self.effects.get("global-state", 0)

    @property
    def unguarded(self) -> int:
        """Return how many findings concern who may change a state, and with what."""
        return self.effects.get("security", 0)

    @property
    def is_clean(self) -> bool:
        """Say whether the audit found nothing in it."""
        return not any(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Inventory:
    """The rows in the order of their paths, and what could not be read."""

    files: tuple[InventoryFile, ...]
    errors: tuple[Problem, ...]
    functions: int
    """Functions that an entry point reaches."""
    proved: int

    @property
    def exit_code(self) -> int:
        """What the command ends with: 2 where a file is missing from it."""
        return EXIT_USAGE if self.errors else EXIT_CLEAN


@dataclass(frozen=True, slots=True)
class InventoryRequest:
    """What to list."""

    paths: tuple[Path, ...]
    """Files and folders; at least one."""
    packs: tuple[str, ...] = PACKS
    """Rule packs of the audit."""
    coverage: Path | None = None
    """Report of coverage.py: what ``coverage json`` writes."""
    cache: bool = False
    """Whether the audit may use the user's cache."""


def inventory(request: InventoryRequest) -> Inventory:
    """List the files of a source tree.

    Raises UsageError and InputError as `audit` does, and InputError for a coverage report that is
    none.
    """
    covered = {} if request.coverage is None else _coverage(request.coverage)
    asked = AuditRequest(request.paths, entries=("*",), packs=request.packs, cache=request.cache)
    report = audit(asked)
    root, settings = read_settings(request.paths[0])
    sources, _ = read_sources(request.paths, root, exclude=settings.get("exclude", []))
    with closing(FactsCache()) if request.cache else nullcontext() as cache:
        facts = dict(read_facts(sources, cache)[0].values())
    found: dict[str, list[Finding]] = {}
    for finding in (*report.findings, *report.suppressed):
        found.setdefault(finding.path, []).append(finding)
    rows = [
        _row(each, facts[each.path], found.get(each.path, []), covered.get(str(root / each.path)))
        for each in sources
        if each.path in facts
    ]
    return Inventory(tuple(rows), report.errors, report.functions, report.proved)


def _row(
    source: SourceFile, facts: ModuleFacts, found: list[Finding], covered: int | None
) -> InventoryFile:
    measured = complexities(facts)
    imports = imported(facts)
    verdicts = Counter([each.verdict for each in found])
    return InventoryFile(
        path=source.path,
        sha256=sha256(source.data).hexdigest(),
        size=len(source.data),
        lines=facts.lines,
        functions=len(measured),
        complexity=max(measured.values(), default=0),
        verdicts={each: verdicts[each] for each in VERDICTS},
        effects=dict(sorted(Counter([each.effect for each in found]).items())),
        post_quantum=_among(imports, POST_QUANTUM),
        classical=_among(imports, CLASSICAL),
        coverage=covered,
    )


def _among(imports: tuple[str, ...], modules: tuple[str, ...]) -> tuple[str, ...]:
    """Return the modules that are imported, themselves or something in them."""
    return tuple(
        [
            module
            for module in modules
            if any(each == module or each.startswith(f"{module}.") for each in imports)
        ]
    )


def _coverage(path: Path) -> dict[str, int]:
    """Return percents by absolute path; paths in the report are relative to its folder."""
    data = read_limited(path, _REPORT_BYTES)
    try:
        report: Any = json.loads(data)
        files: dict[str, Any] = report["files"]
        counts = {
            name: (int(one["summary"]["covered_lines"]), int(one["summary"]["num_statements"]))
            for name, one in files.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            "no report of coverage.py", place=str(path), way_out="write one with `coverage json`"
        ) from None
    folder = path.resolve().parent
    return {
        str(folder / name): 100 * run // statements if statements else 100
        for name, (run, statements) in counts.items()
    }
