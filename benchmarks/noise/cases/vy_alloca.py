"""An allocation's number says how many were made before in this process."""

import sys

from vyper.codegen.context import _generate_alloca_id

for _number in range(int(sys.argv[1])):
    made = _generate_alloca_id()
print(made)
