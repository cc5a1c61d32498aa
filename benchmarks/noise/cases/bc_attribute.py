"""An error lists the valid values in the order in which a set holds them."""

import datetime

from beancount.core import data
from beancount.plugins import commodity_attr

entry = data.Commodity({"sector": "none"}, datetime.date(2026, 1, 1), "USD")
config = "{'sector': set('abcdefghij')}"
_, errors = commodity_attr.validate_commodity_attr([entry], {}, config)
print([each.message for each in errors])
