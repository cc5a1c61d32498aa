"""A software bill of materials: the project and everything that its lock file pins.

- A pure function of name, version and lock: no time, no serial number, components in name order.
- A locked version may have many files; their SHA-256 stand with the place that serves them.
- Source: CycloneDX 1.7 (ECMA-424), package-url types ``pypi``.
"""

import json
from collections.abc import Sequence
from typing import Any

from packaging.utils import canonicalize_name

from qfs.repro.locks import Locked


def bill_of_materials(name: str, version: str, locked: Sequence[Locked]) -> bytes:
    """Return the bill in CycloneDX 1.7 JSON, two spaces a level, keys sorted."""
    root = _reference(name, version)
    packages = sorted(locked, key=lambda each: each.name)
    references = {each.name: _reference(each.name, each.version) for each in packages}
    needs: dict[str, list[str]] = {reference: [] for reference in (root, *references.values())}
    for each in packages:
        for why in each.via:
            parent = root if why.startswith("-") else references.get(why, root)
            needs[parent].append(references[each.name])
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": 1,
        "metadata": {"component": _component(name, version)},
        "components": [_pinned(each) for each in packages],
        "dependencies": [
            {"ref": reference, "dependsOn": sorted(dict.fromkeys(needs[reference]))}
            for reference in sorted(needs)
        ],
    }
    return json.dumps(document, indent=2, sort_keys=True).encode("ascii") + b"\n"


def _component(name: str, version: str) -> dict[str, Any]:
    reference = _reference(name, version)
    return {
        "type": "library",
        "bom-ref": reference,
        "name": str(canonicalize_name(name)),
        "version": version,
        "purl": reference,
    }


def _pinned(locked: Locked) -> dict[str, Any]:
    return {
        **_component(locked.name, locked.version),
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{locked.name}/{locked.version}/#files",
                "hashes": [{"alg": "SHA-256", "content": value} for value in locked.hashes],
            }
        ],
    }


def _reference(name: str, version: str) -> str:
    return f"pkg:pypi/{canonicalize_name(name)}@{version}"
