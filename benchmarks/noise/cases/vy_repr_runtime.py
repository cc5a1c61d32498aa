"""Whether a node's text shows gas is a class attribute that an earlier output has set."""

import sys
from types import SimpleNamespace

from vyper.codegen.ir_node import IRnode
from vyper.compiler import output

if sys.argv[1] == "2":
    output.build_ir_runtime_output(SimpleNamespace(show_gas_estimates=True, ir_runtime=None))
print(repr(IRnode.from_list(["add", 1, 2])))
