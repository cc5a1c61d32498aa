"""``make nightly``: the suite with 10,000 cases a property, and a record of what was really run.

- ``audit/nightly/<paths>.json`` holds the commit, the Python version, the paths, how many tests
  passed and failed, and for each property how many examples Hypothesis ran on it.
- Only what ran is in it: a property whose domain is smaller than the profile shows its own count.
- The counts come with the reports, as the property ``examples`` that tests/conftest.py adds.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "audit" / "nightly"
PROFILE = "nightly"


class Recorder:
    """A pytest plugin that counts tests and Hypothesis examples; works under xdist too."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failed: set[str] = set()
        self.skipped: set[str] = set()
        self.examples: dict[str, int] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one phase of one test."""
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.skipped:
            self.skipped.add(report.nodeid)
        elif report.when == "call":
            self.passed.add(report.nodeid)
        for name, value in report.user_properties:
            if name == "examples" and isinstance(value, int):
                self.examples[report.nodeid] = value

    def document(self, paths: list[str]) -> dict[str, object]:
        """Return the record of a run over paths."""
        return {
            "schema": "qfs.nightly/1",
            "commit": commit(),
            "python": platform.python_version(),
            "paths": sorted(paths),
            "passed": len(self.passed - self.failed),
            "failed": sorted(self.failed),
            "skipped": sorted(self.skipped),
            "examples": self.examples,
            "examples_in_all": sum(self.examples.values()),
        }


def commit() -> str:
    """Return the commit under test, marked where the tree has uncommitted changes."""
    head = _git("rev-parse", "HEAD").strip()
    return head + ("+changes" if _git("status", "--porcelain").strip() else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def main() -> None:
    """Run pytest over the paths asked for and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", default=["tests"], help="what pytest is given")
    parser.add_argument("--jobs", default="auto", help="worker processes")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="the folder of the record")
    options = parser.parse_args()
    os.environ.setdefault("QFS_PROFILE", PROFILE)
    recorder = Recorder()
    started = commit()
    code = pytest.main(["-q", "-n", options.jobs, *options.paths], plugins=[recorder])
    document = recorder.document(options.paths) | {"commit": started}
    document["profile"] = os.environ["QFS_PROFILE"]
    options.reports.mkdir(parents=True, exist_ok=True)
    name = "+".join([re.sub(r"\W+", "-", path).strip("-") for path in sorted(options.paths)])
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    (options.reports / f"{name}.json").write_text(text, "utf-8")
    print(
        f"{document['passed']} passed, {len(recorder.failed)} failed; "
        f"{document['examples_in_all']} examples of {len(recorder.examples)} properties"
    )
    sys.exit(int(code))


if __name__ == "__main__":
    main()
