"""A scratch allocation's number counts through the whole process: it is never reset."""

import sys

from vyper.venom.ir_node_to_venom import get_scratch_alloca_id

for _number in range(int(sys.argv[1])):
    made = get_scratch_alloca_id()
print(made)
