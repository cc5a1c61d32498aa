"""One module a command; each has ``register(app)``.

- A command's module is imported when the command is asked for, so that one command does not wait
  for what another needs. Help, and a word that is no command, need them all.
"""

from collections.abc import Sequence
from importlib import import_module

import typer

# In the order of the help; one line a command, and its module is called so.
COMMANDS = (
    "audit",  # which value, by which way, differs between two runs
    "rules",  # the catalogue of rules
    "inventory",  # a tree file by file
    "lsp",  # the audit in an editor
    "keys",  # ML-DSA key files
    "packet",  # sign, verify, show
    "certify",  # sign what a tree is
    "build",  # reproducible builds
    "verify",  # rebuild a published wheel
    "lock",  # hash-locked requirements
    "evidence",  # what the tree proves about itself
    "ledger",  # five tokens in a folder
    "replay",  # every state root again
    "halt",  # why a ledger stands, and going on
    "trail",  # keys, upgrades, halts, for outsiders
    "bisect",  # where two logs part
    "tui",  # a log through time
    "import",  # histories of other programs
    "export",  # the same file again
    "bench",  # how this machine does under load
    "doctor",  # what works here
    "explain",  # the catalogue of codes
)


def register(app: typer.Typer, words: Sequence[str] = ()) -> None:
    """Add to the program the command that the words ask for, or all of them."""
    asked = next((word for word in words if not word.startswith("-")), "")
    for name in (asked,) if asked in COMMANDS else COMMANDS:
        import_module(f"{__name__}.{name}").register(app)
