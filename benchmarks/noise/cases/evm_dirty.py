"""Accounts that were changed are written in the order of a set of addresses."""

from types import SimpleNamespace

from eth.db.account import AccountDB

addresses = {bytes([n]) * 20 for n in range(20)}
made = SimpleNamespace(_dirty_accounts=addresses, _account_stores=dict.fromkeys(addresses))
print([address for address, _store in AccountDB._dirty_account_stores(made)])
