"""Admission: the one door by which bytes from outside become what the kernel applies.

- ``verify`` is total: any bytes give an Admitted or one Refusal, by a fixed order of checks.
- It alone makes an Admitted; the bytes that were verified are the bytes that are applied.
- A provider that cannot answer raises ProviderFault: that is no verdict and enters no history.
- On a packet that comes from outside a Refusal is an answer; on the committed log it is a halt
  (CIR-302.02) with the refusal's sub-code.
"""

from qfs.gate.admission import MAX_STEP_US, Refusal, admit_trusted, verify
from qfs.gate.service import requires_packet

__all__ = ["MAX_STEP_US", "Refusal", "admit_trusted", "requires_packet", "verify"]
