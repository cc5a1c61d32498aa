"""A found document's name holds the working directory."""

from pathlib import Path

from beancount.ops import documents

folder = Path("Assets/Cash")
folder.mkdir(parents=True)
(folder / "2026-01-01.bill").write_text("")
Path("f").write_text("")
found, _ = documents.find_documents(".", "f", None, strict=False)
print([each.filename for each in found])
