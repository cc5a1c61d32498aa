"""Accounts below a closed one are closed in the order of a set."""

import datetime

from beancount.core import data
from beancount.plugins import close_tree

day = datetime.date(2026, 1, 1)
entries = [data.Open({}, day, f"Assets:Bank:A{n}", None, None) for n in range(20)]
entries.append(data.Close({"filename": "f", "lineno": 9}, day, "Assets:Bank"))
made, _ = close_tree.close_tree(entries, {})
print([each.account for each in made if isinstance(each, data.Close)])
