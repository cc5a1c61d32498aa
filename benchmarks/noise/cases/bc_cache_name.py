"""The name of the cache comes from the environment."""

import os
import sys

os.environ["BEANCOUNT_LOAD_CACHE_FILENAME"] = f"{{filename}}.{sys.argv[1]}"
from beancount import loader

loader.initialize(True)
closure = [each.cell_contents for each in loader._load_file.__closure__]
print([each("f") for each in closure if callable(each) and hasattr(each, "args")])
