"""A fresh symbol's number says how many were made before in this process."""

import sys

from vyper.ir.compile_ir import mksymbol

for _number in range(int(sys.argv[1])):
    made = mksymbol("a")
print(made)
