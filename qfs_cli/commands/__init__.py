"""One module a command; each has ``register(app)``.

- A command's module is imported when the command is asked for, so that one command does not wait
  for what another needs. Help, and a word that is no command, need them all.
"""

from collections.abc import Sequence
from importlib import import_module

import typer

# Command and module, in the order of the help; one line a command.
MODULES = {
    "audit": "audit",  # which value, by which way, differs between two runs
    "rules": "rules",  # the catalogue of rules
    "keys": "keys",  # ML-DSA key files
    "packet": "packet",  # sign, verify, show
    "certify": "certify",  # sign what a tree is
    "build": "build",  # reproducible builds
    "verify": "verify",  # rebuild a published wheel
    "lock": "lock",  # hash-locked requirements
    "evidence": "evidence",  # what the tree proves about itself
    "ledger": "ledger",  # five tokens in a folder
    "replay": "replay",  # every state root again
    "halt": "halt",  # why a ledger stands, and going on
    "trail": "trail",  # keys, upgrades, halts, for outsiders
    "bisect": "bisection",  # where two logs part
    "doctor": "doctor",  # what works here
    "explain": "explain",  # the catalogue of codes
}


def register(app: typer.Typer, words: Sequence[str] = ()) -> None:
    """Add to the program the command that the words ask for, or all of them."""
    asked = next((word for word in words if not word.startswith("-")), "")
    for name in (asked,) if asked in MODULES else tuple(MODULES):
        import_module(f"{__name__}.{MODULES[name]}").register(app)
