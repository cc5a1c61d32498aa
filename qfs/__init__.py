"""QFS makes a Python state machine provably deterministic, from source to state root.

Six links, each usable alone, each the input of the next:
audit, certify, build, sign, run, replay. A mismatch ends in a CIR-302 halt.
"""

__version__ = "0.1.0"
