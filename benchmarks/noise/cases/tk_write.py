"""Whether a document can be written is up to the folders that there are."""

import sys
from pathlib import Path

import tomlkit
from tomlkit.toml_file import TOMLFile

if sys.argv[1] == "2":
    Path("folder").mkdir()
try:
    TOMLFile("folder/a.toml").write(tomlkit.document())
    print("written")
except OSError as error:
    print(type(error).__name__)
