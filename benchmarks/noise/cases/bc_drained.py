"""Balance directives of a closed account come in the order of a set of currencies."""

import datetime

from beancount.core import data
from beancount.parser import options
from beancount.plugins import check_drained

day = datetime.date(2026, 1, 1)
currencies = [f"CUR{letter}" for letter in "ABCDEFGHIJ"]
entries = [
    data.Open({}, day, "Assets:Cash", currencies, None),
    data.Close({"filename": "f", "lineno": 9}, day + datetime.timedelta(days=9), "Assets:Cash"),
]
made, _ = check_drained.check_drained(entries, options.OPTIONS_DEFAULTS)
print([each.amount.currency for each in made if isinstance(each, data.Balance)])
