"""The five-token ledger: accounts with owners; transactions move tokens whole or not at all.

- Each token's balances sum to its cap, always: issuing and burning are transfers from and to the
  token's issuance account, so the cap is a conservation law.
- No balance leaves 0 .. 2**124 - 1; amounts are integers in minor units (10**-18 of a token).
- A packet's key debits only accounts that it owns or to which it is delegated.
- A nonce and an idempotency key are used at most once; keys are kept for 65,536 packets.
- A transaction has one leg an account and token, so no order of its legs exists, and no balance
  in between.
- A refused transaction moves no balance; one whose authority, key and nonce are good uses up its
  key and nonce all the same.
- Accounts are fixed 128-byte records in columns; one loop judges a transaction and a batch of them.
- Reads no clock, no chance and no file; compiled or interpreted, the same bits.
"""

from qfs.ledger.accounts import Account, Accounts
from qfs.ledger.commands import (
    COMMANDS,
    Assign,
    Batch,
    Burn,
    Delegate,
    Found,
    Issue,
    OpenAccount,
    Transact,
    Transfer,
    Undelegate,
)
from qfs.ledger.events import EVENTS, SPENDING, Refusal
from qfs.ledger.reducer import MACHINE
from qfs.ledger.state import Leg, State
from qfs.ledger.tokens import (
    FEES,
    FIRST_FREE_ACCOUNT,
    TOKENS,
    TREASURY,
    TokenSpec,
    amount_of,
    token_number,
    written,
)

__all__ = [
    "COMMANDS",
    "EVENTS",
    "FEES",
    "FIRST_FREE_ACCOUNT",
    "MACHINE",
    "SPENDING",
    "TOKENS",
    "TREASURY",
    "Account",
    "Accounts",
    "Assign",
    "Batch",
    "Burn",
    "Delegate",
    "Found",
    "Issue",
    "Leg",
    "OpenAccount",
    "Refusal",
    "State",
    "TokenSpec",
    "Transact",
    "Transfer",
    "Undelegate",
    "amount_of",
    "token_number",
    "written",
]
