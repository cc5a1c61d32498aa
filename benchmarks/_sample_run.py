"""Builds and verifies the packages of the build sample, and writes each outcome down.

- ``python -m benchmarks._sample_run`` goes on where the last run stopped; with names after it,
  those packages are measured again, in the versions that were drawn, and their new outcome is
  added below the older one, which stays. ``--verify`` before the names only rebuilds the published
  wheels again, and takes the two builds from the outcome before.
- Wheels come by an ordinary ``pip download``, sdists as ``qfs verify --fetch`` has them.
- A package is built from its published sdist, twice under the recipe, as wheel and as sdist, the
  sdist once as it is and once repacked; then its published wheel is rebuilt and compared.
- A build that has not ended within the time limit counts as one that cannot be done.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.utils import parse_wheel_filename

from benchmarks._sample_draw import COMPILED, FOLDER, PURE, drawn
from qfs.app.build import BuildRequest, Pairs, Verdict, build
from qfs.app.verify import VerifyRequest, verify
from qfs.errors import QFSError
from qfs.shell.fetching import fetch_sdist

DRAWN, OUTCOMES = FOLDER / "drawn.jsonl", FOLDER / "outcomes.jsonl"
SECONDS = {"pure": 300, "compiled": 300}
"""Time limit of one build."""
_TELLING = re.compile(r"could not|couldn't|not found|unable|no such|please|error: ", re.IGNORECASE)
Line = dict[str, Any]


def lines(path: Path) -> list[Line]:
    """Return what a file of lines holds; nothing if it is not there yet."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def main() -> None:
    """Measure the packages named, or else those that have no outcome yet."""
    only = sys.argv[1:2] == ["--verify"]
    names = sys.argv[1 + only :]
    if not names:
        go_on()
        return
    known = {line["name"]: line for line in lines(DRAWN)}
    for name in names:
        _add(OUTCOMES, measured(known[name], latest()[name] if only else None))


def go_on() -> None:
    """Draw and measure until the sample is complete."""
    for sort, wanted in (("pure", PURE), ("compiled", COMPILED)):
        have = 0
        for one in _drawn_lines():
            if have == wanted:
                break
            if one["sort"] != sort or one["sdist"] == "":
                continue
            outcome = latest().get(one["name"])
            if outcome is None:
                outcome = measured(one)
                _add(OUTCOMES, outcome)
            have += sort == "pure" or outcome["wheel"] != "cannot be built"


def latest() -> dict[str, Line]:
    """Return the last outcome of each package."""
    return {line["name"]: line for line in lines(OUTCOMES)}


def first() -> dict[str, Line]:
    """Return the first outcome of each package."""
    return {line["name"]: line for line in reversed(lines(OUTCOMES))}


def _drawn_lines() -> Iterator[Line]:
    """Give each drawn package with its newest release, looking it up where that is not done."""
    known = {line["name"]: line for line in lines(DRAWN)}
    for name in drawn():
        if name not in known:
            known[name] = look_up(name)
            _add(DRAWN, known[name])
        yield known[name]


def look_up(name: str) -> Line:
    """Return which release of a package is newest here, what sort it is, and its files."""
    with tempfile.TemporaryDirectory(prefix="qfs-sample-") as folder:
        wheel = _wheel(name, Path(folder) / "wheel")
        if wheel is None:
            return {"name": name, "sort": "none", "reason": "no wheel on the index", "sdist": ""}
        version = str(parse_wheel_filename(wheel.name)[1])
        made = {
            "name": name,
            "version": version,
            "sort": "pure" if wheel.name.endswith("-none-any.whl") else "compiled",
            "wheel": wheel.name,
            "wheel_sha256": _sha256(wheel),
        }
        try:
            sdist = fetch_sdist(name, version, Path(folder) / "sdist")
        except QFSError as error:
            return made | {"sdist": "", "reason": f"no sdist on the index ({_short(error)})"}
        return made | {"sdist": sdist.name, "sdist_sha256": _sha256(sdist)}


def measured(one: Line, before: Line | None = None) -> Line:
    """Build and verify one package; returns its outcome. The builds may be those of one before."""
    print(f"{one['name']} {one['version']} ...", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="qfs-sample-") as name:
        folder = Path(name)
        sdist = fetch_sdist(one["name"], one["version"], folder / "sdist")
        wheel = _wheel(f"{one['name']}=={one['version']}", folder / "wheel")
        if wheel is None or (_sha256(wheel), _sha256(sdist)) != (
            one["wheel_sha256"],
            one["sdist_sha256"],
        ):
            sys.exit(f"the index gives other files for {one['name']} {one['version']} now")
        made: Line = {"name": one["name"], "qfs": _commit()}
        if before is not None:
            made = before | made | {"built": before.get("built", before["qfs"])}
        else:
            made |= _built_twice(one, sdist)
        made["published"] = _verified(wheel, sdist)
        made["seconds"] = round(time.monotonic() - started)
    print(f"    {made['wheel']}, {made['published']['agreement']}", flush=True)
    return made


def _built_twice(one: Line, sdist: Path) -> Line:
    made = _built(sdist, SECONDS[one["sort"]], "wheel")
    if one["sort"] == "pure":
        raw = _built(sdist, SECONDS["pure"], "sdist")
        again = _built(sdist, SECONDS["pure"], "sdist", repack=True)
        made |= {"sdist": raw["sdist"], "sdist_causes": raw["causes"]}
        made |= {"repacked": again["sdist"], "repacked_causes": again["causes"]}
    return made


def _built(sdist: Path, seconds: int, kind: str, *, repack: bool = False) -> Line:
    request = BuildRequest(sdist, Pairs.NORMALISED, (kind,), seconds=seconds, repack=repack)
    try:
        report = build(request)
    except QFSError as error:
        return {kind: "cannot be built", "causes": [_short(error)], "packages": []}
    told = {
        Verdict.REPRODUCIBLE: "identical",
        Verdict.DIFFERENT: "different",
        Verdict.INCONCLUSIVE: "inconclusive",
    }[report.verdict]
    found = [f"{d.cause.value}: {d.member}: {d.evidence}"[:200] for _, d in report.differences]
    found += [f"not exercised: {each.name}" for each in report.not_exercised()]
    made = {kind: told, "causes": found[:5], "packages": list(report.packages)}
    return made | {f"{kind}_made": report.artifacts[0].name}


def _verified(wheel: Path, sdist: Path) -> Line:
    try:
        report = verify(VerifyRequest(wheel, sdist))
    except QFSError as error:
        return {"agreement": "NOT-COMPARABLE", "reason": _short(error), "causes": []}
    causes: dict[str, list[str]] = {}
    for each in report.differences:
        causes.setdefault(each.cause.value, []).append(f"{each.member}: {each.evidence}"[:160])
    return {
        "agreement": report.agreement.value,
        "attempt": report.attempt,
        "generator": report.recipe.generator,
        "packages": list(report.packages),
        "reason": report.reason[-300:],
        "causes": [[cause, len(found), found[0]] for cause, found in causes.items()],
    }


def _wheel(requirement: str, folder: Path) -> Path | None:
    """Download a wheel for this machine; None if the index has none."""
    folder.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = list(folder.iterdir())
    return found[0] if done.returncode == 0 and found else None


def _commit() -> str:
    command = ["git", "-C", str(FOLDER), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _short(error: QFSError) -> str:
    """Return the first line of an error and the one that says most."""
    text = re.sub(r"/\w+/\S*/", ".../", str(error.what))  # folders of this machine
    told = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in told[1:] if _TELLING.search(line)] or told[-1:]
    return " ... ".join(dict.fromkeys([told[0][:200], telling[0][:200]])) if told else ""


def _add(path: Path, line: Line) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
