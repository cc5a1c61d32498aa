"""Documents are found in a folder if the disk holds it."""

import sys
from pathlib import Path

from beancount.ops import documents

if sys.argv[1] == "2":
    folder = Path("ledger/Assets/Cash")
    folder.mkdir(parents=True)
    (folder / "2026-01-01.bill").write_text("")
found, errors = documents.find_documents("ledger", "f", None, strict=False)
print(len(found), len(errors))
