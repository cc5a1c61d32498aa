"""Certification of single results, by code that shares nothing with the kernels.

- ``bounds`` holds its own interval arithmetic: other series, other constants, no tables.
- ``values`` says what each function is, as a comparison of its value with a given half unit.
- ``certify`` asks whether the value lies where the claimed result says, end points included.
- From the rest of the room it takes only the names of the roundings, ``Fixed`` and the errors.
"""
