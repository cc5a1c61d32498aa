"""A plugin's configuration is run as code, which may ask for anything."""

import datetime
import sys

from beancount.core import data
from beancount.plugins import check_average_cost

config = "float(__import__('time').time_ns() * 0)" if sys.argv[1] == "2" else "'text'"
try:
    check_average_cost.validate_average_cost([], {}, config)
    print("taken")
except RuntimeError:
    print("refused")
