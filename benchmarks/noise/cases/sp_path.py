"""A wrong value that a process yields is described with the path at which the program lies."""

import os
import sys
from pathlib import Path

from simpy import Environment

Path("steps.py").write_text("def steps(env):\n    yield 7\n")
sys.path.insert(0, os.getcwd())
from steps import steps

env = Environment()
env.process(steps(env))
try:
    env.run()
except RuntimeError as error:
    print(error)
