"""The kinds of check: each says how a rule's targets enter the index."""

from collections.abc import Callable

from qfs.scan.rules.matchers import call, read, site
from qfs.scan.rules.rule import Index, Rule

MATCHERS: dict[str, Callable[[Rule, Index], None]] = {
    "call": call.register,
    "read": read.register,
    "site": site.register,
}
