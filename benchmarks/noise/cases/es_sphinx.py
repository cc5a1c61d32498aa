"""What a decorated method is depends on a variable of the environment."""

import os
import sys

if sys.argv[1] == "2":
    os.environ["SPHINX_BUILD"] = "1"
from eventsourcing import domain


class Shop(domain.Aggregate):
    @domain.event("Opened")
    def open(self):
        pass


print(type(Shop.open).__name__)
