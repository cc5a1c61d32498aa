"""What a framework runs again from its history: activities and steps are somebody else's to run."""

from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit

TEMPORAL = "import asyncio\nfrom temporalio import workflow\nfrom acts import charge\n"
DBOS = "import random\nfrom dbos import DBOS\n"
ACTS = "import time\n\nasync def charge(line: str) -> float:\n    return time.time()\n"
WORKFLOW = """
@workflow.defn
class Pay:
    @workflow.run
    async def run(self, lines: list[str]) -> None:
        {body}
"""
STEP = """
@DBOS.step()
def fetch(name: str) -> int:
    return random.randint(0, 9)

@DBOS.workflow()
def pay(names: list[str]) -> int:
    {body}
"""
CALL = "await workflow.execute_activity(charge, line)"


def codes(folder: Path, code: str, entry: str) -> list[str]:
    (folder / "acts.py").write_text(ACTS, encoding="utf-8")
    (folder / "flow.py").write_text(code, encoding="utf-8")
    report = audit(AuditRequest((folder,), packs=("core", "workflow"), entries=(entry,)))
    assert not report.errors
    return sorted(finding.rule for finding in report.findings)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f"for line in lines: {CALL}", []),
        (f"for line in sorted(set(lines)): {CALL}", []),
        (f"for line in set(lines): {CALL}", ["QFS401"]),
        ("for line in set(lines): await self.one(line)", ["QFS401"]),
        ("await charge('now')", ["QFS101"]),
        ("await asyncio.sleep(60)", []),
        ("await asyncio.wait_for(workflow.wait_condition(lambda: True), 5)", []),
        ("import time; time.sleep(1)", ["QFS104"]),
        ("return workflow.now(), workflow.uuid4(), workflow.random().random()", []),
    ],
)
def test_a_temporal_workflow(tmp_path: Path, body: str, found: list[str]) -> None:
    one = f"    async def one(self, line: str) -> None:\n        {CALL}\n"
    code = TEMPORAL + WORKFLOW.format(body=body) + one
    assert codes(tmp_path, code, "flow:Pay.run") == found


def test_a_sleep_is_the_timer_only_where_the_framework_is_imported(tmp_path: Path) -> None:
    code = "import asyncio\n\nasync def wait() -> None:\n    await asyncio.sleep(60)\n"
    assert codes(tmp_path, code, "flow:wait") == ["QFS104"]
    assert codes(tmp_path, f"import temporalio\n{code}", "flow:wait") == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("return sum([fetch(name) for name in names])", []),
        ("return fetch('a') + random.randint(0, 9)", ["QFS201"]),
        ("return [fetch(name) for name in set(names)]", ["QFS401"]),
        ("DBOS.start_workflow(pay, names); DBOS.sleep(1)", []),
    ],
)
def test_a_dbos_workflow(tmp_path: Path, body: str, found: list[str]) -> None:
    assert codes(tmp_path, DBOS + STEP.format(body=body), "flow:pay") == found


ACTIVITY = "import time\nfrom temporalio import activity\n"
STAMP = "async def stamp(name: str) -> float:\n    return time.time()\n"


@pytest.mark.parametrize(
    ("code", "entries", "found"),
    [
        (ACTIVITY + STAMP, (), ["QFS101"]),
        (ACTIVITY + "@activity.defn\n" + STAMP, (), []),
        (ACTIVITY + "@activity.defn(name='stamp')\n" + STAMP, (), []),
        (ACTIVITY + "@activity.defn\n" + STAMP, ("flow:stamp",), ["QFS101"]),
        (ACTIVITY + "@activity.defn\n" + STAMP + "now = stamp('a')\n", (), ["QFS101"]),
        (DBOS + STEP.format(body="return fetch('a')"), (), []),
        (DBOS + STEP.format(body="return random.randint(0, 9)"), (), ["QFS201"]),
        (DBOS + STEP.replace("step", "transaction").format(body="return 1"), (), []),
    ],
)
def test_what_runs_elsewhere_once_is_an_entry_where_it_is_named_alone(
    tmp_path: Path, code: str, entries: tuple[str, ...], found: list[str]
) -> None:
    (tmp_path / "flow.py").write_text(code, encoding="utf-8")
    report = audit(AuditRequest((tmp_path,), packs=("core", "workflow"), entries=entries))
    assert sorted(finding.rule for finding in report.findings) == found
