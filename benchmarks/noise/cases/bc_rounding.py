"""A number is quantized in the decimal context that the thread happens to have."""

import decimal
import sys

from beancount.core.display_context import DisplayContext, Precision

context = DisplayContext()
context.update(decimal.Decimal("1.00"), "USD")
if sys.argv[1] == "2":
    decimal.getcontext().rounding = decimal.ROUND_UP
print(context.quantize(decimal.Decimal("1.001"), "USD", Precision.MAXIMUM))
