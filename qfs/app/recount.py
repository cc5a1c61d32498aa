"""A naive second book over a ledger's log: dictionaries that add up what was accepted.

- It reads orders and answers, never how the ledger's machine keeps its state; a row at the end that
  is not the machine's is a difference. A nonce that is not the next, or a key that is used again
  while keys are kept, is noted when it happens.
- It begins with what genesis, or a pruned log's snapshot, hands out.
- No receipt says how the rows of a batch fared that a later order took back with it: what they
  spent is taken over from the state.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from qfs.app.worlds import Derived
from qfs.kernel import Executed
from qfs.ledger import SPENDING, TOKENS, Refusal, State
from qfs.ledger.commands import Batch, Burn, Issue, OpenAccount, Transact, Transfer
from qfs.ledger.moves import expanded
from qfs.ledger.state import KEY_PACKETS

_SPENDING_CODES = tuple([Refusal[name].value for name in SPENDING])


@dataclass(slots=True)
class Recount:
    """Balances, nonces and keys by what the log says."""

    balances: dict[int, list[int]] = field(default_factory=dict)
    """A row an open account, minor units in the order of the tokens."""
    nonces: dict[int, int] = field(default_factory=dict)
    """The next one of each account."""
    keys: dict[bytes, int] = field(default_factory=dict)
    """Packet in which a key was last used."""
    nonces_once: bool = True
    keys_once: bool = True
    above_zero: bool = True
    conserved: bool = True

    def begin(self, state: State) -> None:
        """Take over what genesis or a snapshot holds."""
        for account, row in state.accounts.items():
            self.balances[account], self.nonces[account] = list(row.balances), row.nonce
        for seq, keys in state.used.packets():
            self.keys.update(dict.fromkeys(keys, seq))

    def packet(self, step: Derived, ran: Sequence[Executed]) -> None:
        """Add what a packet's commands did, as its answers say."""
        receipt = step.receipt
        if receipt is None:
            return
        results = {(number, place): codes for number, place, codes in receipt.results}
        for one in ran:
            if one.machine != "ledger":
                continue
            stands = receipt.answers[one.transaction] is None
            if not stands and one.reaction:
                continue  # a reaction's orders leave nothing behind
            if isinstance(one.command, Batch):
                codes = results.get((one.transaction, one.order)) if stands else None
                self._batch(one.command, codes, step, spent=not one.refusal)
            elif isinstance(one.command, OpenAccount):
                if stands:
                    self.balances[one.command.account] = [0] * len(TOKENS)
                    self.nonces[one.command.account] = 0
            elif isinstance(one.command, (Issue, Transfer, Burn, Transact)):
                row = expanded(one.command)
                if isinstance(row, Transact) and (not one.refusal or one.refusal in SPENDING):
                    self._row(row, step.world.seq, moves=stands)

    def agrees(self, state: State) -> bool:
        """Say whether the state holds these balances and nonces, and no other account."""
        return len(self.balances) == len(state.accounts) and all(
            self.balances.get(account) == list(row.balances)
            and self.nonces.get(account) == row.nonce
            for account, row in state.accounts.items()
        )

    def _batch(self, batch: Batch, codes: bytes | None, step: Derived, *, spent: bool) -> None:
        rows = batch.rows()
        if codes is not None:
            for row, code in zip(rows, codes, strict=True):
                if code == 0 or code in _SPENDING_CODES:
                    self._row(row, step.world.seq, moves=code == 0)
        elif spent:
            state: State = step.world.states["ledger"]
            for row in rows:
                kept = state.accounts.get(row.account)
                if kept is not None:
                    self.nonces[row.account] = kept.nonce
                used = state.used.get(row.key)
                if used is not None:
                    self.keys[row.key] = used

    def _row(self, row: Transact, seq: int, *, moves: bool) -> None:
        used = self.keys.get(row.key)
        self.keys_once &= used is None or seq - used >= KEY_PACKETS
        self.keys[row.key] = seq
        if not moves:
            # Its account's next nonce, unless the refused transaction had opened the account; not
            # its own number where a reaction, undone with it, had used up one before.
            if row.account in self.nonces:
                self.nonces[row.account] += 1
            return
        self.nonces_once &= self.nonces.get(row.account) == row.nonce
        self.nonces[row.account] = row.nonce + 1
        sums = [0] * len(TOKENS)
        for leg in row.legs:
            held = self.balances.setdefault(leg.account, [0] * len(TOKENS))
            held[leg.token] += leg.change
            sums[leg.token] += leg.change
            self.above_zero &= held[leg.token] >= 0
        self.conserved &= not any(sums)
