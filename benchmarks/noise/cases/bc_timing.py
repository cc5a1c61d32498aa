"""A timed validation logs how long it took."""

import sys
import time

from beancount.ops import validation
from beancount.parser import options


def slow(entries, options_map):
    time.sleep(0.3 * int(sys.argv[1]))
    return []


lines = []
validation.validate([], options.OPTIONS_DEFAULTS, lines.append, [slow])
print([line for line in lines if "slow" in line])
