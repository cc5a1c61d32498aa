"""The scanner: from source bytes to findings about determinism, without touching the outside.

- The data's way, from the lowest package up: ``facts`` of one file; ``domain``, what is known of a
  value; ``rules`` and summaries, which are data; ``solver``, the fixed point over the functions of
  a program; what Python means, in ``objects``, ``order``, ``heap``, ``library`` and ``syntax``.
- ``entries`` starts at the entry points; ``verdict`` walks from them to every effect, and says how
  certain the way is; ``audit`` is the front door; ``fixes`` mends what was found.
- The engine knows mechanisms, data knows names.
- Everything is bounded by structure, never by time: the same bytes in give the same bytes out.
"""
