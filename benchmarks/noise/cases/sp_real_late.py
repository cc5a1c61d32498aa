"""Whether a step comes too late, and by how much, is up to the computer's speed."""

import sys
import time

from simpy.rt import RealtimeEnvironment

env = RealtimeEnvironment(factor=0.1)
env.timeout(0)
time.sleep(0.3 if sys.argv[1] == "2" else 0)
try:
    env.run()
    print("in time")
except RuntimeError as error:
    print(error)
