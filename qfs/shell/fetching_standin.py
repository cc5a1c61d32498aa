"""Answers for a back-end while pip fetches an sdist, so that none of the sdist's code runs.

- pip asks an sdist for its metadata before it keeps the file, and that would run the back-end,
  with the network at hand. Copied as ``sitecustomize.py``, this file ends each such process with
  the name and version that were asked for.
- Run inside pip's processes; imports nothing of QFS.
- Source: pyproject_hooks (the files of its control folder), PEP 517, PEP 643.
"""

import json
import os
import sys
from typing import Any


def answer(hook: str, arguments: dict[str, Any], name: str, version: str) -> object:
    """Return what a hook of PEP 517 returns for a package without any requirement."""
    if hook != "prepare_metadata_for_build_wheel":
        return []
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    path = os.path.join(arguments["metadata_directory"], folder)  # noqa: PTH118
    os.makedirs(path, exist_ok=True)  # noqa: PTH103
    with open(os.path.join(path, "METADATA"), "w", encoding="utf-8") as file:  # noqa: PTH118, PTH123
        file.write(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


def install() -> None:
    """Answer in place of a hook if this process is to run one."""
    words = sys.orig_argv
    scripts = [at for at, word in enumerate(words) if word.endswith("_in_process.py")]
    if not scripts:
        return
    hook, control = words[scripts[0] + 1 : scripts[0] + 3]
    with open(os.path.join(control, "input.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
        arguments = json.load(file)["kwargs"]
    wanted = os.environ["QFS_FETCHED_NAME"], os.environ["QFS_FETCHED_VERSION"]
    made = {"no_hook": False, "return_val": answer(hook, arguments, *wanted)}
    with open(os.path.join(control, "output.json"), "w", encoding="utf-8") as file:  # noqa: PTH118, PTH123
        json.dump(made, file)
    os._exit(0)


if __name__ == "sitecustomize":
    install()
