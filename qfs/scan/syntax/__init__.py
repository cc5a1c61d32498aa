"""What the language means: one function a kind of expression and statement, and calls.

- The highest of the engine's packages; those below reach it through ``solver.dispatch`` alone.
"""
