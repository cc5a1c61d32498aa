"""A wrong value that a process yields is described with the line of the source, as it is now."""

import sys
from pathlib import Path

from simpy import Environment

text = "def steps(env):\n    yield 7\n"
Path("steps.py").write_text(text)
sys.path.insert(0, ".")
from steps import steps

if sys.argv[1] == "2":
    Path("steps.py").write_text(text.replace("7", "7  # changed since"))
env = Environment()
env.process(steps(env))
try:
    env.run()
except RuntimeError as error:
    print(error)
