"""The version that a compiler prints is read from a file beside its source, if there is one."""

import importlib.util
import shutil
import sys
from pathlib import Path

import vyper

found = Path(vyper.__file__)
here = Path("vyper")
here.mkdir()
shutil.copy(found, here / "__init__.py")
if sys.argv[1] == "2":
    (here / "vyper_git_commithash.txt").write_text("0123abc")
spec = importlib.util.spec_from_file_location("vyper_elsewhere", here / "__init__.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.__commit__)
