"""To synchronise is to read the computer's clock again."""

from simpy.rt import RealtimeEnvironment

env = RealtimeEnvironment()
env.sync()
print(env.real_start)
