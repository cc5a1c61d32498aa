"""Names live in one object for the whole process."""

import sys

from vyper.semantics.namespace import get_namespace

if sys.argv[1] == "2":
    get_namespace()["probe"] = 1
print("probe" in get_namespace())
