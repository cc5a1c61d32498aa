"""``python -m tests.repro.make_pairs``: build the planted projects and keep what looking can tell.

- Kept in tests/repro/pairs.json: both artefacts and what is known of their builds, where no cause
  needs a further build, and where an artefact has at most SIZE_MAX bytes.
"""

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

from qfs.app.build import BuildRequest, provided
from qfs.repro import compare
from qfs.repro.bisect import SOFT
from qfs.repro.environment import FIRST, VARIATIONS, varied
from qfs.shell.building import Built, Failed, build, scratch_folder
from qfs.shell.building_source import read_build_system, stage
from tests.repro.judging import PAIRS, SETTINGS, Planted, corpus
from tests.repro.planted import unpack

SIZE_MAX = 4_000


def main() -> None:
    kept: dict[str, Any] = {}
    for planted in corpus():
        if planted.cause == "none":
            continue
        with tempfile.TemporaryDirectory(prefix="qfs-pairs-") as name:
            unpack.unpack(planted.file, Path(name) / planted.name)
            first, second = twice(Path(name) / planted.name, planted)
        if isinstance(first, Built) and isinstance(second, Built) and by_looking(first, second):
            kept[planted.name] = entry(first, second)
    write(kept)


def twice(folder: Path, planted: Planted) -> tuple[Built | Failed, Built | Failed]:
    """Build a project in the two environments of the bare pair."""
    system = read_build_system(folder)
    request = BuildRequest(folder, kinds=(planted.kind,))
    second = varied(FIRST, VARIATIONS, "second", SETTINGS.get(planted.name, ()))
    with scratch_folder() as name:
        source = stage(folder, Path(name) / "source")
        with provided(source, system, request) as (workshop, _):
            return build(workshop, FIRST, planted.kind), build(workshop, second, planted.kind)


def by_looking(first: Built, second: Built) -> bool:
    """Say whether the artefacts are small, of one name, and explained without another build."""
    if max(len(first.data), len(second.data)) > SIZE_MAX or first.name != second.name:
        return False
    found = compare(first.name, first.data, second.data, (first.side, second.side))
    return bool(found) and not any(each.cause in SOFT for each in found)


def entry(first: Built, second: Built) -> dict[str, Any]:
    """Return what is kept of two builds."""
    return {
        "name": first.name,
        "first side": json.dumps(first.side._asdict()).replace("/", "|"),
        "second side": json.dumps(second.side._asdict()).replace("/", "|"),
        "first": base64.b85encode(first.data).decode(),
        "second": base64.b85encode(second.data).decode(),
    }


def write(kept: dict[str, Any]) -> None:
    PAIRS.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
