"""The tokens: five ``TokenSpec`` values, and their amounts as text.

- A token's number is its place in TOKENS; it is what commands and records carry.
- The issuance account holds what is not in circulation: issued = cap - its balance.
- CHR is issued whole to the treasury at genesis, and each of its moves needs the role besides the
  account: the packet's key must own, or be delegated to, CHR's issuance account.
- PSYNC pays 10 % of what moves between ordinary accounts to the fee account, on top of the amount,
  rounded up to the minor unit, so that no transfer is too small to pay. Issuing, burning and the
  fee account's own transfers pay nothing.
- A new token is one more line here, in a new version of the machine: records have a balance each.
"""

from dataclasses import dataclass
from enum import Enum

from qfs.errors import InputError, UsageError
from qfs.ledger import rows

DECIMALS = 18
BALANCE_MAX = rows.BALANCE_MAX  # 2**124 - 1: 16 bytes, 4 bits spare
RATE_WHOLE = 10_000
"""Denominator of fee rates: a rate of 1 is 0.01 %."""

FEES = 1_000
"""Account to which fees go."""
TREASURY = 1_001
"""Account that receives the whole of each fixed supply at genesis."""
FIRST_FREE_ACCOUNT = 1_024
"""Ids below are the ledger's own, opened at genesis."""


class Movement(Enum):
    """Who may move a token."""

    FREE = "free"
    """Whoever may debit the account."""
    BY_ROLE = "by role"
    """Who may debit the account and holds the token's role as well."""


class Supply(Enum):
    """How a token enters and leaves circulation."""

    CAPPED = "capped"
    """Issued and burned at any time, up to the cap."""
    FIXED = "fixed"
    """Issued whole at genesis; never issued or burned again."""


@dataclass(frozen=True, slots=True)
class TokenSpec:
    """What one token is."""

    symbol: str
    """2 to 8 capital ASCII letters."""
    issuance: int
    """Account of what is not in circulation; who may debit it issues, and holds the role."""
    cap_minor: int
    """Sum of all balances, the issuance account's included; 1 .. BALANCE_MAX."""
    movement: Movement = Movement.FREE
    supply: Supply = Supply.CAPPED
    fee_rate: int = 0
    """Parts of RATE_WHOLE of the amount, paid on top of it; 0 .. RATE_WHOLE."""
    decimals: int = DECIMALS
    """Digits after the point: one token is 10**decimals minor units."""

    def __post_init__(self) -> None:
        if not (
            2 <= len(self.symbol) <= 8
            and self.symbol.isascii()
            and self.symbol.isalpha()
            and self.symbol.isupper()
        ):
            raise UsageError(f"token symbol {self.symbol!r}", way_out="use 2 to 8 letters A to Z")
        if not 1 <= self.cap_minor <= BALANCE_MAX:
            raise UsageError(f"{self.symbol}: cap {self.cap_minor}", way_out="use 1 to 2**124 - 1")
        if not 1 <= self.issuance < FEES:
            raise UsageError(f"{self.symbol}: issuance account {self.issuance}", way_out="1 to 999")
        if not 0 <= self.fee_rate <= RATE_WHOLE:
            raise UsageError(f"{self.symbol}: fee rate {self.fee_rate}", way_out="use 0 to 10000")

    def fee(self, amount_minor: int) -> int:
        """Return the fee on an amount >= 0, in minor units, rounded up."""
        return div_ceiling(amount_minor * self.fee_rate, RATE_WHOLE)


_ONE = 10**DECIMALS  # 1_000_000_000_000_000_000

TOKENS: tuple[TokenSpec, ...] = (
    TokenSpec("CHR", 1, 10_000_000_000 * _ONE, Movement.BY_ROLE, Supply.FIXED),
    TokenSpec("FLX", 2, 6_180_339_887 * _ONE),
    TokenSpec("PSYNC", 3, 10_000_000_000 * _ONE, fee_rate=1_000),
    TokenSpec("ATR", 4, 10_000_000_000 * _ONE),
    TokenSpec("RES", 5, 1_000_000_000 * _ONE),
)

_NUMBERS = {spec.symbol: number for number, spec in enumerate(TOKENS)}


def token_number(symbol: str) -> int | None:
    """Return the number of the token with the symbol, or None."""
    return _NUMBERS.get(symbol)


def div_ceiling(number: int, divisor: int) -> int:
    """Return number / divisor rounded towards plus infinity; divisor > 0."""
    return -(-number // divisor)


def amount_of(text: str, decimals: int = DECIMALS) -> int:
    """Return the minor units that a decimal string says, exactly.

    Accepts ``0``, ``12``, ``12.5``: ASCII digits, no sign, exponent, space, leading zero or
    trailing point, at most ``decimals`` digits after the point. Raises InputError for any other
    text, and for an amount above BALANCE_MAX.
    """
    whole, point, fraction = text.partition(".")
    good = (
        len(text) <= 64
        and text.isascii()
        and whole.isdigit()
        and (whole == "0" or whole[0] != "0")
        and (fraction.isdigit() if point else not fraction)
        and len(fraction) <= decimals
    )
    if not good:
        raise InputError(
            f"{text[:64]!r} is no amount",
            way_out=f'write digits with at most {decimals} after the point, such as "12.5"',
        )
    amount = int(whole + fraction.ljust(decimals, "0"))
    if amount > BALANCE_MAX:
        raise InputError(f"{text!r} exceeds every balance", way_out="use at most 2**124 - 1 units")
    return amount


def written(amount_minor: int, decimals: int = DECIMALS) -> str:
    """Return an amount >= 0 as a decimal string without trailing zeros: what amount_of reads."""
    whole, fraction = divmod(amount_minor, 10**decimals)
    digits = str(fraction).rjust(decimals, "0").rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)
