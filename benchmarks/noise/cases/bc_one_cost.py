"""An error lists the currencies of an account in the order of a set."""

import datetime

from beancount.core import data
from beancount.core.amount import Amount
from beancount.core.number import D
from beancount.core.position import Cost
from beancount.plugins import onecommodity

day = datetime.date(2026, 1, 1)
NONE = (None, None, None)


def errors(units, costs):
    postings = [
        data.Posting("Assets:Cash", Amount(D("1"), unit), Cost(D("1"), cost, day, None), *NONE)
        for unit, cost in zip(units, costs, strict=True)
    ]
    entry = data.Transaction(
        {"filename": "f", "lineno": 1}, day, "*", None, "", frozenset(), frozenset(), postings
    )
    opened = data.Open({}, day, "Assets:Cash", None, None)
    return [each.message for each in onecommodity.validate_one_commodity([opened, entry], {})[1]]


print(errors("X" * 8, "ABCDEFGH"))
