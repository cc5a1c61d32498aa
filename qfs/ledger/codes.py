"""The ledger's result codes as numbers: what a row of a batch is answered with; 0 is yes.

``events.Refusal`` gives each its name and meaning; a code is never used again for another.
"""

from typing import Final

UNKNOWN_TOKEN: Final = 10
AMOUNT_OUT_OF_RANGE: Final = 11
DUPLICATE_LEG: Final = 12
UNKNOWN_ACCOUNT: Final = 13
NOT_AUTHORISED: Final = 14
ROLE_REQUIRED: Final = 15
SUPPLY_IS_FIXED: Final = 16
KEY_ALREADY_USED: Final = 17
WRONG_NONCE: Final = 18
NONCE_EXHAUSTED: Final = 19
EXCEEDS_BALANCE: Final = 20
BALANCE_OUT_OF_RANGE: Final = 21
NOT_CONSERVED: Final = 22
FEE_NOT_PAID: Final = 23
LEG_COUNT: Final = 8


def is_spent(code: int) -> bool:
    """Say whether a row answered so has used up its key and its nonce."""
    return code == 0 or EXCEEDS_BALANCE <= code <= FEE_NOT_PAID
