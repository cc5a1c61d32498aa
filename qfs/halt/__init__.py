"""CIR-302: deterministic halt. Better stopped than different.

- ``check(condition, code, **facts)`` is what others call ``assert``; it survives ``-O``.
- ``guard`` is the one wide catch of the project: it turns an error inside a machine into a halt.
- A HaltRecord is canonical and byte-identical wherever the same log is replayed: no clock, no path,
  no library text.
- A halted process ends with exit code 3 and refuses packets until a Resume.
"""

from qfs.halt.codes import Code
from qfs.halt.record import EXIT_HALTED, Halt, HaltRecord, check, guard

__all__ = ["EXIT_HALTED", "Code", "Halt", "HaltRecord", "check", "guard"]
