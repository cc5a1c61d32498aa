"""`qfs doctor`: what works on this machine, tried and not assumed.

- Every provider answers known questions, and every verifier checks every signer.
- A provider that QFS needs and that fails is a fault (exit code 2); an optional one may be absent.
"""

import platform
from dataclasses import dataclass
from importlib import metadata

from qfs.app.failure import EXIT_CLEAN, EXIT_USAGE
from qfs.shell.providers import openssl_, selftest
from qfs.shell.providers.choice import OPTIONAL, VERIFIERS


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One provider."""

    name: str
    version: str
    """Of its distribution; empty when it is not installed."""
    needed: bool
    checks: tuple[selftest.Check, ...]

    @property
    def status(self) -> str:
        """``works``, ``NOT AVAILABLE`` (and not needed: nothing was tried) or ``fails``."""
        if all(not check.detail for check in self.checks):
            return "works"
        return "fails" if any(check.needed for check in self.checks) else "NOT AVAILABLE"


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What was tried."""

    python: str
    """Implementation and version, as ``CPython 3.11.7``."""
    providers: tuple[ProviderRow, ...]

    @property
    def exit_code(self) -> int:
        """2 when a provider fails: nothing can be verified with it."""
        failed = any(one.status == "fails" for one in self.providers)
        return EXIT_USAGE if failed else EXIT_CLEAN

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.doctor/1",
            "python": self.python,
            "providers": [
                {
                    "name": one.name,
                    "version": one.version,
                    "needed": one.needed,
                    "status": one.status,
                    "checks": [
                        {
                            "profile": check.profile.value,
                            "what": check.what,
                            "passed": not check.detail,
                            "detail": check.detail,
                        }
                        for check in one.checks
                    ],
                }
                for one in self.providers
            ],
        }


def doctor() -> DoctorReport:
    """Try every provider."""
    checks = selftest.check_all()
    rows = [
        ProviderRow(
            name,
            _version(name),
            name not in OPTIONAL,
            tuple([check for check in checks if check.provider == name]),
        )
        for name in VERIFIERS
    ]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return DoctorReport(python, tuple(rows))


def _version(distribution: str) -> str:
    if distribution == "openssl":
        return openssl_.found()
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
