"""Rules as a list, a page or JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from qfs.app.rules import RulesCheck, RuleView


def render_list(rules: Sequence[RuleView]) -> str:
    """Return one line a rule."""
    lines = [f"{each.code}  {each.pack:<10}  {each.effect:<13}  {each.what}" for each in rules]
    return "\n".join([*lines, f"{len(rules)} rules"]) + "\n"


def render_one(rule: RuleView) -> str:
    """Return one rule in full."""
    head = [f"{rule.code} {rule.name} ({rule.pack}, {rule.effect})", "", rule.what]
    body = [f"Why:     {rule.why}", f"Instead: {rule.instead}", f"Source:  {rule.source}"]
    examples: list[str] = []
    for title, codes in (("Bad", rule.bad), ("Good", rule.good)):
        for code in codes:
            examples += ["", f"{title}:", *[f"    {line}" for line in code.rstrip().split("\n")]]
    return "\n".join([*head, "", *body, *examples]) + "\n"


def render_json(rules: Sequence[RuleView]) -> str:
    """Return the rules as JSON."""
    content = {"schema": "qfs.rules/1", "rules": [asdict(each) for each in rules]}
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def render_check(check: RulesCheck) -> str:
    """Return a line for each example that does not hold, and the counts."""
    lines = [
        f"{each.code}: {each.kind} example {each.number} {each.why}" for each in check.failures
    ]
    held = check.examples - len(check.failures)
    lines.append(f"{check.rules} rules; {held} of {check.examples} examples hold")
    return "\n".join(lines) + "\n"


def render_check_json(check: RulesCheck) -> str:
    """Return the check as JSON."""
    content = {"schema": "qfs.rules-check/1", **asdict(check)}
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
