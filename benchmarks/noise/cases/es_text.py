"""An error prints the address of a function."""

from eventsourcing import domain

try:

    class Shop(domain.Aggregate):
        def create_id(self):
            return 1

except TypeError as error:
    print(error)
