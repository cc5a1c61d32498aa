"""One module a command; each has ``register(app)``."""

import typer

from qfs_cli.commands import (
    audit,
    bisection,
    build,
    certify,
    doctor,
    evidence,
    explain,
    halt,
    keys,
    ledger,
    lock,
    packet,
    replay,
    rules,
    trail,
    verify,
)

# In the order of the help; one line a command.
COMMANDS = (
    audit,  # which value, by which way, differs between two runs
    rules,  # the catalogue of rules
    keys,  # ML-DSA key files
    packet,  # sign, verify, show
    certify,  # sign what a tree is
    build,  # reproducible builds
    verify,  # rebuild a published wheel
    lock,  # hash-locked requirements
    evidence,  # what the tree proves about itself
    ledger,  # five tokens in a folder
    replay,  # every state root again
    halt,  # why a ledger stands, and going on
    trail,  # keys, upgrades, halts, for outsiders
    bisection,  # where two logs part
    doctor,  # what works here
    explain,  # the catalogue of codes
)


def register(app: typer.Typer) -> None:
    """Add every command to the program, in the order of its help."""
    for module in COMMANDS:
        module.register(app)
