"""Order: where two runs may disagree on one, and whether that reaches a use that keeps it.

- ``iteration`` says what iterating gives; the others say when an order cannot be told (a count, a
  set, one element), where it is kept, and what an entry point leaves behind.
"""
