"""The version is the one of whatever distribution of that name is found first."""

import sys
from pathlib import Path

if sys.argv[1] == "2":
    folder = Path("simpy-9.9.9.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: simpy\nVersion: 9.9.9\n")
    sys.path.insert(0, ".")
import simpy

print(simpy.__version__)
