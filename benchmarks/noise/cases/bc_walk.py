"""The folders of accounts are those that the disk holds."""

import os
import sys

from beancount.core import account

for name in ("a", "b", "c")[: int(sys.argv[1])]:
    os.makedirs(f"Assets/{name.upper()}", exist_ok=True)
print([each[1] for each in account.walk(".")])
