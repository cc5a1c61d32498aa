"""Importing the compiler changes the decimal arithmetic of whoever comes later."""

import decimal
import sys

if sys.argv[1] == "2":
    import vyper.utils
print(decimal.Decimal(1) / 3)
