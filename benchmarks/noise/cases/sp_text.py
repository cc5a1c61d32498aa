"""The text of an event has its address in it."""

from simpy import Environment

print(repr(Environment().event()))
