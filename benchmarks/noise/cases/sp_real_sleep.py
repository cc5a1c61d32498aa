"""A step sleeps for as long as the clock says is left."""

import time

from simpy.rt import RealtimeEnvironment

env = RealtimeEnvironment(factor=0.05)
env.timeout(1)
before = time.monotonic_ns()
env.run()
print(time.monotonic_ns() - before)
