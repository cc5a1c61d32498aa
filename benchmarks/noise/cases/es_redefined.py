"""Whether a class may be defined anew is said by the environment."""

import os
import sys

if sys.argv[1] == "2":
    os.environ["EVENTSOURCING_DISABLE_REDEFINITION_CHECK"] = "y"
from eventsourcing import domain

if sys.argv[1] == "2":
    os.environ[domain.ENVVAR_DISABLE_REDEFINITION_CHECK] = "y"


class Shop(domain.Aggregate):
    pass


try:

    class Shop(domain.Aggregate):
        pass

    print("taken")
except domain.ProgrammingError:
    print("refused")
