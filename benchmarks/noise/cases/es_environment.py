"""An application's settings come from the environment of its process."""

import os
import sys

os.environ["PROBE"] = sys.argv[1]
from eventsourcing.application import Application

print(Application().construct_env("Shop")["PROBE"])
