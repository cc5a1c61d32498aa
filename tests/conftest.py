"""Hypothesis profiles: `default` for every run, `nightly` for `make nightly`; shown figures.

Each report says, as the property `examples`, how many cases Hypothesis ran, for `make nightly`.
"""

import os
import re
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default",
    max_examples=100,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "nightly",
    max_examples=10_000,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("QFS_PROFILE", "default"))


_RAN = re.compile(r"(\d+) passing, (\d+) failing")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a property's last report how many examples ran, from Hypothesis's own statistics."""
    report = yield
    ran = (
        _RAN.findall(getattr(item, "hypothesis_statistics", "")) if call.when == "teardown" else []
    )
    if ran:
        examples = sum([int(passing) + int(failing) for passing, failing in ran])
        report.user_properties.append(("examples", examples))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded with `record_property("shown", line)`: figures worth reading."""
    shown = [
        str(line)
        for report in terminalreporter.getreports("passed")
        for name, line in report.user_properties
        if name == "shown"
    ]
    for line in shown:
        terminalreporter.write_line(line)
