"""A plugin's configuration is run as code, which may ask for anything."""

import datetime

from beancount.core import data
from beancount.plugins import commodity_attr

entry = data.Commodity({"sector": "none"}, datetime.date(2026, 1, 1), "USD")
config = "{'sector': [str(__import__('time').time_ns())]}"
print([each.message for each in commodity_attr.validate_commodity_attr([entry], {}, config)[1]])
