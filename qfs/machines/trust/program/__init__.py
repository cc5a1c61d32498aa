"""The machine program: which program the ledger's replicas must run, as certificates say.

- A genesis that requires a certificate names it here: the program's digest, the SHA-256 of the
  signed certificate, the key that signed it, and who may certify the next program.
- What a machine decides cannot depend on the program that runs it: this one only keeps the claim.
  Comparing it with the running program is the shell's work (``qfs.app.program``).
- Who may certify stays as the genesis says; keys of their lines come and go by the registry.
- Source: in-toto attestation framework v1 (what is signed).
"""

from qfs.machines.trust.program.commands import COMMANDS, Certify, Command, Require
from qfs.machines.trust.program.events import EVENTS, Certified, Event, Refusal, Required
from qfs.machines.trust.program.reducer import MACHINE
from qfs.machines.trust.program.state import Certificate, State

__all__ = [
    "COMMANDS",
    "EVENTS",
    "MACHINE",
    "Certificate",
    "Certified",
    "Certify",
    "Command",
    "Event",
    "Refusal",
    "Require",
    "Required",
    "State",
]
