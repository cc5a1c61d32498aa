"""``call``: a function or method from outside the program is called.

Targets are dotted names as their module defines them (``datetime.datetime.now``); aliases, star
imports, tables of functions and callbacks are the engine's business. Guards are in round brackets.
"""

from qfs.scan.rules.rule import Hit, Index, Rule, parse_target


def register(rule: Rule, index: Index) -> None:
    """Enter a rule's targets."""
    for target in rule.targets:
        name, guards = parse_target(target)
        index.calls.setdefault(name, []).append(Hit(rule, guards))
