"""A path is printed relative to the working directory."""

import os
import sys

from vyper.utils import safe_relpath

if sys.argv[1] == "2":
    os.makedirs("deeper")
    os.chdir("deeper")
print(safe_relpath("/usr/lib/x.vy"))
