"""``read``: a name from outside the program is read, called or not: ``os.environ``."""

from qfs.scan.rules.rule import Hit, Index, Rule


def register(rule: Rule, index: Index) -> None:
    """Enter a rule's targets."""
    for target in rule.targets:
        index.reads.setdefault(target, []).append(Hit(rule, ()))
