"""The version that a compiler prints is what the packages installed beside it say."""

import sys
from pathlib import Path

if sys.argv[1] == "2":
    information = Path("vyper-9.9.9.dist-info")
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: vyper\nVersion: 9.9.9\n")
    sys.path.insert(0, str(Path.cwd()))

import vyper

print(vyper.__version__)
