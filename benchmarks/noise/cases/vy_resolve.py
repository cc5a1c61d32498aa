"""A source's path is resolved from the working directory, through its links."""

from pathlib import Path

from vyper.compiler.input_bundle import FilesystemInputBundle

Path("a.vy").write_text("")
print(FilesystemInputBundle([Path()])._normalize_path(Path("a.vy")))
