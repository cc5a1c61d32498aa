"""Which libraries verify signatures, by name: what the options `--provider` and `--paranoid` offer.

By itself, so that a command that opens no key file need not wait for what does.
"""

from qfs.shell import providers

PROVIDERS = (*providers.VERIFIERS, providers.PARANOID)
"""Names of verifiers, the default first."""
two_providers = providers.insisting
"""While it is entered, every verifier that is made is two that must agree."""
