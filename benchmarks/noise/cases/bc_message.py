"""An error shows an entry's tags in the order in which a set holds them."""

import datetime

from beancount.core import data

tags = frozenset("abcdefghij")
note = data.Note({}, datetime.date(2026, 1, 1), "Assets:Cash", "text", tags, frozenset())
try:
    data.transaction_has_conversion(note)
except AssertionError as error:
    print(error)
