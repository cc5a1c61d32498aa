"""The fixed point: which functions are called with what, and what they return, change and do.

- ``program`` joins the facts of many files; ``nodes`` are functions in a context; ``solve``
  evaluates them until nothing changes; ``frame`` is one evaluation.
- Knows nothing of what any statement or library means: ``dispatch`` is where those are found.
"""
