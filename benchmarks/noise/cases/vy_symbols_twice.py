"""An error prints a set of symbols that stand twice."""

from types import SimpleNamespace

from vyper.codegen.ir_node import IRnode
from vyper.exceptions import CompilerPanic

node = IRnode.from_list(["seq"])
part = SimpleNamespace(unique_symbols=set("abcdefgh"))
node.args = [part, part]
try:
    print(node.unique_symbols)
except CompilerPanic as error:
    print(error)
