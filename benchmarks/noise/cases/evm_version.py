"""The version is the one of whatever distribution of that name is found first."""

import sys
from pathlib import Path

if sys.argv[1] == "2":
    folder = Path("py_evm-9.9.9.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: py-evm\nVersion: 9.9.9\n")
    sys.path.insert(0, ".")
import eth

print(eth.__version__)
