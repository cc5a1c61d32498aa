"""Errors about currencies with and without cost come in the order of a set."""

import datetime

from beancount.core import data
from beancount.core.amount import Amount
from beancount.core.number import D
from beancount.core.position import Cost
from beancount.plugins import coherent_cost

day = datetime.date(2026, 1, 1)
NONE = (None, None, None)
COST = Cost(D("1"), "USD", day, None)
postings = [
    data.Posting("Assets:Cash", Amount(D("1"), unit), cost, *NONE)
    for unit in ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH")
    for cost in (None, COST)
]
entry = data.Transaction(
    {"filename": "f", "lineno": 1}, day, "*", None, "", frozenset(), frozenset(), postings
)
print([each.message for each in coherent_cost.validate_coherent_cost([entry], {})[1]])
