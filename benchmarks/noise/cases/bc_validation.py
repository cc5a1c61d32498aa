"""The errors about one directive come in the order of a set of accounts."""

import datetime

from beancount.core import data
from beancount.core.amount import Amount
from beancount.core.number import D
from beancount.ops import validation

postings = [
    data.Posting(f"Assets:A{n}", Amount(D("1"), "USD"), None, None, None, None) for n in range(20)
]
entry = data.Transaction(
    {"filename": "f", "lineno": 1}, datetime.date(2026, 1, 1), "*", None, "", frozenset(),
    frozenset(), postings,
)  # fmt: skip
print([each.message for each in validation.validate_active_accounts([entry], {})])
