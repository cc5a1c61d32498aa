"""From a file's bytes to its facts: plain nested tuples, all that is kept of its tree.

- ``extract`` reads CPython's ``ast`` with one class-keyed dispatch; ``newer`` puts syntax of later
  Pythons into words that the running one reads; ``notebook`` makes one text of a notebook's cells.
- Facts depend on the bytes alone, so they are cached by content.
"""
