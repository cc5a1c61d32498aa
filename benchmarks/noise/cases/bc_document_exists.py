"""Whether a directive is in error is said by the disk."""

import datetime
import sys
from pathlib import Path

from beancount.core import data
from beancount.ops import documents

if sys.argv[1] == "2":
    Path("bill").write_text("")
entry = data.Document({}, datetime.date(2026, 1, 1), "Assets:Cash", "bill", None, None)
print(len(documents.verify_document_files_exist([entry], {})[1]))
