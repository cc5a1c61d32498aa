"""The start of a real-time environment is the computer's clock."""

from simpy.rt import RealtimeEnvironment

print(RealtimeEnvironment().real_start)
