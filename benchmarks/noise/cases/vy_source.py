"""What is compiled is what the disk holds."""

import sys
from pathlib import Path

from vyper.compiler.input_bundle import FilesystemInputBundle

Path("a.vy").write_text(f"# {sys.argv[1]}\n")
print(
    FilesystemInputBundle([Path()])._load_from_path(Path("a.vy").resolve(), Path("a.vy")).contents
)
