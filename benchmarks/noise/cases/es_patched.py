"""Importing the package changes the standard library for whoever comes later."""

import dataclasses
import sys

if sys.argv[1] == "2":
    import eventsourcing.domain
print(dataclasses._process_class.__name__)
