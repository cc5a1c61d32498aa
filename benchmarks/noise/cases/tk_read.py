"""A document is what stands in the file when it is read."""

import sys
from pathlib import Path

from tomlkit.toml_file import TOMLFile

Path("a.toml").write_text(f"number = {sys.argv[1]}\n")
print(TOMLFile("a.toml").read())
