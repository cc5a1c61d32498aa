"""What decorators registered stays for all that the process does later."""

import sys

from eventsourcing import domain

before = len(domain.all_func_decorators)
for number in range(int(sys.argv[1])):

    class Shop(domain.Aggregate):
        @domain.event("Opened")
        def open(self):
            pass

    del Shop
print(len(domain.all_func_decorators) - before)
