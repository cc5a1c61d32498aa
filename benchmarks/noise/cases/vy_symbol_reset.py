"""A reset in between gives a symbol a number that was given before."""

import sys

from vyper.ir import compile_ir

compile_ir.mksymbol("a")
if sys.argv[1] == "2":
    compile_ir.reset_symbols()
print(compile_ir.mksymbol("a"))
