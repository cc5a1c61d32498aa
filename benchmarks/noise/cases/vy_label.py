"""A fresh label's number says how many were made before in this process."""

import sys

from vyper.codegen.core import _freshname

for _number in range(int(sys.argv[1])):
    made = _freshname("a")
print(made)
