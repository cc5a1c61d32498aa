"""The number of a checkpoint counts what the process did before."""

import sys

from eth.db.journal import JournalDB

journal = JournalDB({})
for _ in range(int(sys.argv[1])):
    checkpoint = journal.record()
print(checkpoint)
