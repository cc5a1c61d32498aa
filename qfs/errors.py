"""The one exception tree: what a caller did wrong, or what the environment could not do.

- An expected no is not here: it is a returned ``Refusal`` member of the room that says it.
- A broken invariant is not here either: it is a CIR halt (``qfs.halt``).
- Every error shows the value, the place and the way out; its facts are attributes.
- ``code`` is stable: ``qfs explain CODE`` prints the class's docstring.
"""

from typing import ClassVar


class QFSError(Exception):
    """A caller's mistake; ends a command with exit code 2."""

    code: ClassVar[str] = "QFS-ERROR"

    def __init__(self, what: str, *, place: str = "", way_out: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.place = place
        self.way_out = way_out

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        way_out = f"\n  -> {self.way_out}" if self.way_out else ""
        return f"{place}{self.what}{way_out}"


class UsageError(QFSError):
    """An option, argument or combination of them that makes no sense."""

    code = "QFS-USAGE"


class InputError(QFSError):
    """A file or stream that is missing, unreadable, truncated, oversized or not what it claims."""

    code = "QFS-INPUT"


class CanonError(QFSError, ValueError):
    """A value without a canonical form, or bytes that are not the canonical form of any value."""

    code = "QFS-CANON"


class RecordError(CanonError):
    """A record of unknown kind or version, or with fields of the wrong number or type."""

    code = "QFS-RECORD"


class ContractError(QFSError, TypeError):
    """A machine, reaction or plug-in that does not keep its written contract."""

    code = "QFS-CONTRACT"


class ProofError(QFSError, ValueError):
    """A Merkle proof that does not lead to the root that it names."""

    code = "QFS-PROOF"


class ProviderFault(QFSError):  # noqa: N818 (a fault of the environment, not a mistake)
    """A signature provider that is missing, fails its self-test or disagrees with another.

    Never a verdict about a packet: nothing is recorded and the command ends with exit code 2.
    """

    code = "QFS-PROVIDER"


class EnvironmentFault(QFSError):  # noqa: N818
    """Memory, disk, a missing library or a missing program; never enters replicated history."""

    code = "QFS-ENVIRONMENT"


class UncertifiedProgram(EnvironmentFault):
    """The ledger's genesis requires a certificate, and it does not speak for the running program.

    Nothing is written: run the certified program, or show the ledger a certificate of this one.
    """

    code = "QFS-PROGRAM"


class CertifiedMathError(QFSError, ArithmeticError):
    """Root of what ``qfs.certmath`` raises; each is also the builtin a Python user would catch."""

    code = "QFS-MATH"


class Overflow(CertifiedMathError, OverflowError):  # noqa: N818 (the names of decimal's signals)
    """A result outside ±(2**255 - 1) units of 10**-18, or outside the profile asked for."""

    code = "QFS-MATH-OVERFLOW"


class DivisionByZero(CertifiedMathError, ZeroDivisionError):  # noqa: N818
    """A division, remainder or negative power of zero."""

    code = "QFS-MATH-DIVISION-BY-ZERO"


class InvalidOperation(CertifiedMathError):  # noqa: N818
    """An operation that has no meaning: an unknown function or rounding, a count below zero."""

    code = "QFS-MATH-INVALID"


class DomainError(CertifiedMathError, ValueError):
    """An argument outside the set on which the function is defined: the logarithm of -1."""

    code = "QFS-MATH-DOMAIN"


class ConversionSyntax(CertifiedMathError, ValueError):  # noqa: N818
    """Text, bytes or a value that is no ``Fixed``: exponents, NaN, underscores, 19 places."""

    code = "QFS-MATH-SYNTAX"


class FloatOperation(CertifiedMathError, TypeError):  # noqa: N818
    """A binary float where an exact number is needed; pass a string."""

    code = "QFS-MATH-FLOAT"


class Inexact(CertifiedMathError):  # noqa: N818
    """A result that would need rounding where the caller asked for none."""

    code = "QFS-MATH-INEXACT"
