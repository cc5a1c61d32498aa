"""The bill of materials: judged by CycloneDX's own schema and model, the same bytes everywhere."""

import copy
import json
import os
import subprocess
import sys
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import packaging
import pytest
from cyclonedx.model.bom import Bom
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from qfs.repro.locks import read
from qfs.repro.sbom import bill_of_materials
from qfs.shell.interpreters import Interpreter, find_interpreters
from tests.tidy import tree

LOCK = tree.ROOT / "requirements/runtime.txt"
SCHEMAS = files("cyclonedx.schema") / "_res"
PROGRAM = """
import hashlib, sys
from pathlib import Path
from qfs.repro.locks import read
from qfs.repro.sbom import bill_of_materials
name = "requirements/runtime.txt"
_, locked = read(name, Path(sys.argv[1]).read_text("utf-8"))
print(hashlib.sha256(bill_of_materials("qfs-toolchain", "1", locked)).hexdigest())
"""


def schema(name: str) -> Any:
    """Read one of the schemas that CycloneDX's own library carries."""
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


def validator() -> Draft7Validator:
    """Return a validator of CycloneDX 1.7, with the schemas that it refers to."""
    names = ("spdx", "jsf-0.82", "cryptography-defs")
    others = [schema(f"{name}.SNAPSHOT.schema.json") for name in names]
    registry: Registry[Any] = Registry().with_resources(
        [
            # The library renames what cyclonedx.org calls spdx.schema.json, and so on.
            (
                one["$id"].replace(".schema.json", ".SNAPSHOT.schema.json"),
                Resource.from_contents(one),
            )
            for one in others
        ]
    )
    return Draft7Validator(schema("bom-1.7.SNAPSHOT.schema.json"), registry=registry)


def bill() -> bytes:
    """Return the bill of what QFS itself needs."""
    _, locked = read("requirements/runtime.txt", LOCK.read_text("utf-8"))
    return bill_of_materials("qfs-toolchain", "1", locked)


def test_the_bill_is_valid_by_the_official_schema_1_7() -> None:
    document = json.loads(bill())
    assert document["specVersion"] == "1.7"
    assert len(document["components"]) > 10
    assert [error.message for error in validator().iter_errors(document)] == []


SPOILERS: dict[str, Any] = {
    "a component without a name": lambda bom: bom["components"][0].pop("name"),
    "a hash of no algorithm": lambda bom: bom["components"][0]["externalReferences"][0]["hashes"][
        0
    ].update(alg="SHA-257"),
    "a hash that is none": lambda bom: bom["components"][0]["externalReferences"][0]["hashes"][
        0
    ].update(content="x"),
    "a field that nobody knows": lambda bom: bom["components"][0].update(qfs=1),
    "a component twice": lambda bom: bom["components"].append(bom["components"][0]),
    "another format": lambda bom: bom.update(bomFormat="QFS"),
}


@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS.keys())
def test_the_schema_bites(spoil: Any) -> None:
    document = copy.deepcopy(json.loads(bill()))
    spoil(document)
    assert not validator().is_valid(document)


def test_cyclonedx_own_model_reads_the_bill() -> None:
    document = json.loads(bill())
    read_: Bom = Bom.from_json(document)  # type: ignore[attr-defined]
    assert {str(one.purl) for one in read_.components} == {
        one["purl"] for one in document["components"]
    }
    assert read_.metadata.component is not None
    assert read_.metadata.component.name == "qfs-toolchain"
    assert read_.validate()


def test_two_machines_write_the_same_bill(tmp_path: Path) -> None:
    expected = sha256(bill()).hexdigest()
    found = find_interpreters(os.environ.get("PATH", os.defpath), Path.home())
    usable = [str(one.path) for one in found if isinstance(one, Interpreter)]
    pythons = dict.fromkeys([sys.executable, *usable])
    here = (str(tree.ROOT), str(Path(packaging.__file__).parents[1]))
    for number, python in enumerate([*pythons, sys.executable]):
        folder = tmp_path / ("deeper/" * number) / f"machine {number}"
        folder.mkdir(parents=True)
        (folder / "lock").write_bytes(LOCK.read_bytes())
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": os.pathsep.join(here),
            "PYTHONHASHSEED": str(number + 1),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": ("UTC0", "QFS-14", "QFS+11")[number % 3],
            "LC_ALL": ("C", "C.UTF-8", "POSIX")[number % 3],
            "HOME": str(folder),
            "USER": f"user{number}",
            "LOGNAME": f"user{number}",
        }
        done = subprocess.run(
            [python, "-c", PROGRAM, "lock"],
            cwd=folder,
            env=environment,
            umask=(0o022, 0o077)[number % 2],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == expected, python
