"""Clearing a journal takes a number that counts what the process did before."""

import sys

from eth.db.journal import JournalDB

journal = JournalDB({})
journal.record()
for _ in range(int(sys.argv[1])):
    journal.clear()
print(list(journal._journal._journal_data))
