"""Whether files are loaded through a cache is said by the environment, at import."""

import os
import sys

if sys.argv[1] == "2":
    os.environ["BEANCOUNT_DISABLE_LOAD_CACHE"] = "1"
from beancount import loader

print(loader._load_file.__code__.co_firstlineno)
