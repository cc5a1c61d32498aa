"""The ledger's movements as anyone would write them down: dicts, and one check after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from qfs.crypto.ports import KeyId
from qfs.ledger import Refusal, State, Transact

ISSUANCE = {token: token + 1 for token in range(5)}
FEE_ACCOUNT, CHR, PSYNC = 1_000, 0, 2
ROOM = 2**124 - 1


@dataclass
class Model:
    owner: dict[int, KeyId] = field(default_factory=dict)
    nonce: dict[int, int] = field(default_factory=dict)
    money: dict[tuple[int, int], int] = field(default_factory=dict)
    delegates: dict[tuple[int, KeyId], KeyId] = field(default_factory=dict)
    keys: dict[bytes, int] = field(default_factory=dict)

    @classmethod
    def of(cls, state: State) -> "Model":
        made = cls()
        for account, row in state.accounts.items():
            made.owner[account], made.nonce[account] = row.owner, row.nonce
            for token, balance in enumerate(row.balances):
                made.money[account, token] = balance
        for (account, key_id), owner in state.delegations.items():
            made.delegates[account, KeyId(key_id)] = KeyId(owner)
        for seq, keys in state.used.packets():
            made.keys.update(dict.fromkeys(keys, seq))
        return made

    def may(self, signers: Sequence[KeyId], account: int) -> bool:
        owner = self.owner[account]
        return any(s == owner or self.delegates.get((account, s)) == owner for s in signers)

    def ask(self, row: Transact, signers: Sequence[KeyId], seq: int) -> int:
        """Do what the row asks, or say why not."""
        why = self.unfit(row) or self.unauthorised(row, signers) or self.stale(row, seq)
        if why is not None:
            return why.value
        self.nonce[row.account] += 1
        self.keys[row.key] = seq
        why = self.impossible(row)
        if why is not None:
            return why.value
        for leg in row.legs:
            self.money[leg.account, leg.token] += leg.change
        return 0

    def unfit(self, row: Transact) -> Refusal | None:
        if not 1 <= len(row.legs) <= 64:
            return Refusal.LEG_COUNT
        for leg in row.legs:
            if leg.token not in range(5):
                return Refusal.UNKNOWN_TOKEN
            if leg.change == 0 or abs(leg.change) > ROOM:
                return Refusal.AMOUNT_OUT_OF_RANGE
        if not {row.account, *(leg.account for leg in row.legs)} <= self.owner.keys():
            return Refusal.UNKNOWN_ACCOUNT
        if len({(leg.account, leg.token) for leg in row.legs}) < len(row.legs):
            return Refusal.DUPLICATE_LEG
        return None

    def unauthorised(self, row: Transact, signers: Sequence[KeyId]) -> Refusal | None:
        for account in (row.account, *(leg.account for leg in row.legs if leg.change < 0)):
            if not self.may(signers, account):
                return Refusal.NOT_AUTHORISED
        for leg in row.legs:
            if leg.token == CHR:
                if not self.may(signers, ISSUANCE[CHR]):
                    return Refusal.ROLE_REQUIRED
                if leg.account == ISSUANCE[CHR]:
                    return Refusal.SUPPLY_IS_FIXED
        return None

    def stale(self, row: Transact, seq: int) -> Refusal | None:
        if seq - self.keys.get(row.key, -(10**9)) < 65_536:
            return Refusal.KEY_ALREADY_USED
        if row.nonce != self.nonce[row.account]:
            return Refusal.WRONG_NONCE
        return Refusal.NONCE_EXHAUSTED if row.nonce == 2**64 - 1 else None

    def impossible(self, row: Transact) -> Refusal | None:
        for leg in row.legs:
            after = self.money[leg.account, leg.token] + leg.change
            if after < 0:
                return Refusal.EXCEEDS_BALANCE
            if after > ROOM:
                return Refusal.BALANCE_OUT_OF_RANGE
        for token in range(5):
            if sum(leg.change for leg in row.legs if leg.token == token):
                return Refusal.NOT_CONSERVED
        psync = [(leg.account, leg.change) for leg in row.legs if leg.token == PSYNC]
        exempt = (ISSUANCE[PSYNC], FEE_ACCOUNT)
        received = sum(c for a, c in psync if c > 0 and a not in exempt)
        given = sum(-c for a, c in psync if c < 0 and a in exempt)
        paid = sum(c for a, c in psync if c > 0 and a == FEE_ACCOUNT)
        return Refusal.FEE_NOT_PAID if 10 * paid < received - given else None
