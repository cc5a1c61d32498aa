"""Entries of one day and line are missing in the order of a set of hashes."""

import datetime

from beancount.core import compare, data

day = datetime.date(2026, 1, 1)
meta = {"filename": "f", "lineno": 1}
entries = [data.Note(dict(meta), day, "Assets:Cash", f"note {n}", None, None) for n in range(20)]
_same, one, _ = compare.compare_entries(entries, [])
_same, _, two = compare.compare_entries([], entries)
_includes, missing = compare.includes_entries(entries, [])
_excludes, extra = compare.excludes_entries(entries, entries)
print([[each.comment for each in found] for found in (one, two, missing, extra)])
