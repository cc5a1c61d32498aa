"""Every rule's own examples: bad ones are reported by that rule, good ones by nobody."""

from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit, rulebook
from qfs.scan.rules.rule import Rule

RULES = rulebook(("all",)).rules


def reported(folder: Path, code: str) -> list[str]:
    source = folder / "example.py"
    source.write_text(code, encoding="utf-8")
    report = audit(AuditRequest((source,), packs=("all",)))
    assert not report.errors
    return [finding.rule for finding in report.findings]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_reports_its_bad_examples_and_not_its_good_ones(rule: Rule, tmp_path: Path) -> None:
    for example in rule.bad:
        assert rule.code in reported(tmp_path, example.code), example.code
    for example in rule.good:
        assert rule.code not in reported(tmp_path, example.code), example.code
