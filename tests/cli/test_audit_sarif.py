"""SARIF: the log keeps the parts of the OASIS 2.1.0 schema that QFS writes.

The official schema is not a dependency; what follows states the same requirements, property by
property, for every object that appears in a log of ours, and allows no other property.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

CODE = """import time
import json


def helper():
    return time.time()


def entry(state: dict):
    return helper(), json.dumps(state), list({"é", "a"})


def quiet():
    return time.time()  # qfs: allow[QFS101] reason="log line"
"""


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def array(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


TEXT = {"type": "string"}
MESSAGE = closed(["text"], text=TEXT)
POSITIVE = {"type": "integer", "minimum": 1}
REGION = closed(
    ["startLine"], startLine=POSITIVE, startColumn=POSITIVE, endLine=POSITIVE, endColumn=POSITIVE
)
PHYSICAL = closed(
    ["artifactLocation", "region"],
    artifactLocation=closed(["uri"], uri=TEXT, uriBaseId=TEXT),
    region=REGION,
)
LOCATION = closed(["physicalLocation"], physicalLocation=PHYSICAL, message=MESSAGE)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object"}
FLOW = closed(
    ["threadFlows"],
    threadFlows=array(
        closed(["locations"], locations=array(closed([], location=LOCATION), minItems=1)),
        minItems=1,
    ),
)
RESULT = closed(
    ["message", "ruleId"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations=array(LOCATION),
    codeFlows=array(FLOW),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    properties=BAG,
    suppressions=array(
        closed(["kind"], kind={"enum": ["inSource", "external"]}, justification=TEXT)
    ),
)
RULE = closed(
    ["id"], id=TEXT, name=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE,
    properties=BAG,
)  # fmt: skip
NOTE = closed(["message"], level=LEVEL, message=MESSAGE, locations=array(LOCATION))
RUN = closed(
    ["tool", "results"],
    tool=closed(
        ["driver"],
        driver=closed(
            ["name"], name=TEXT, version=TEXT, informationUri=TEXT,
            rules=array(RULE, uniqueItems=True),
        ),
    ),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=array(
        closed(
            ["executionSuccessful"],
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=array(NOTE),
        )
    ),
    properties=BAG,
    results=array(RESULT),
)  # fmt: skip
LOG = closed(["version", "runs"], version={"const": "2.1.0"}, runs=array(RUN), **{"$schema": TEXT})


def test_a_log_keeps_the_schema(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "broken.py").write_text("def f(:\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "qfs_cli.main", "audit", "--no-cache", ".", "--format", "sarif"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    log = json.loads(done.stdout)
    Draft202012Validator(LOG).validate(log)
    run = log["runs"][0]
    assert len(run["results"]) >= 4
    assert [len(each.get("suppressions", [])) for each in run["results"]].count(1) == 1
    assert run["invocations"][0]["toolExecutionNotifications"][0]["level"] == "error"
    for each in run["results"]:
        assert run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
        assert not each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith(
            "/"
        )


def test_a_log_without_its_version_breaks_the_schema() -> None:
    assert not Draft202012Validator(LOG).is_valid({"runs": []})
    assert not Draft202012Validator(LOG).is_valid({"version": "2.1.0", "runs": [{"results": []}]})
