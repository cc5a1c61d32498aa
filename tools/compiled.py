"""Compile the deterministic core, or the scanner of ``qfs audit``, with mypyc into a folder.

    python -m tools.compiled core|scanner DIR [--optimise 0|1|2|3]

- The same source, type-checked and compiled: replay must give the same roots either way, an audit
  the same report. The folder holds a whole copy of the package, its rules and mypyc's arrays, so
  that it runs with nothing else of QFS on the path.
- The interpreted package is never touched. Needs mypy and a C compiler.
- Use: ``qfs replay LOG --perturb --compiled DIR``; ``PYTHONPATH=DIR qfs audit``.
"""

import argparse
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEDGER_CORE = (
    "qfs/ledger/codes.py",
    "qfs/ledger/columns.py",
    "qfs/ledger/index.py",
    "qfs/ledger/pages.py",
    "qfs/ledger/rows.py",
    "qfs/ledger/sums.py",
)
"""The ledger's loop over rows, the records, and the tree over them."""
CORE = (
    "qfs/canon/codec.py",
    "qfs/canon/digest.py",
    "qfs/canon/typed.py",
    "qfs/certmath/basic.py",
    "qfs/certmath/circular.py",
    "qfs/certmath/exponential.py",
    "qfs/certmath/logarithm.py",
    "qfs/certmath/power.py",
    "qfs/certmath/raw.py",
    "qfs/certmath/roots.py",
    "qfs/certmath/rounding.py",
    "qfs/certmath/series.py",
    "qfs/certmath/ziv.py",
    "qfs/kernel/table.py",
    "qfs/kernel/trie.py",
    *LEDGER_CORE,
)
"""Canonical bytes, the kernels of CertifiedMath, tables and tries, the ledger."""
SCANNER = tuple(
    path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "qfs" / "scan").rglob("*.py"))
)
"""All that ``qfs audit`` does between a file's bytes and its verdicts."""
PARTS = {"core": CORE, "scanner": SCANNER}

RUNTIME = ("librt.vecs", "mypy_extensions")
"""What the compiled modules import besides: mypyc's flat arrays."""


def compile_modules(directory: Path, modules: Sequence[str], optimise: int = 3) -> None:
    """Fill an empty or new folder with the package, modules compiled; exits with a message."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        sys.exit(f"{directory}: is not empty; name a new folder")
    for name in ("qfs", "rules"):
        shutil.copytree(
            ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__", "*.so")
        )
    done = subprocess.run(
        [sys.executable, "-m", "mypyc", *modules],
        cwd=directory,
        env={**os.environ, "MYPYC_OPT_LEVEL": str(optimise), "MYPYPATH": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"mypyc failed:\n{done.stdout}\n{done.stderr}")
    for left in ("build", ".mypy_cache"):
        shutil.rmtree(directory / left, ignore_errors=True)
    for name in RUNTIME:
        file = Path(importlib.import_module(name).__file__ or "")
        folder = directory.joinpath(*name.split(".")[:-1])
        folder.mkdir(exist_ok=True)
        shutil.copy(file, folder / file.name)
    missing = [
        name for name in modules if not list(directory.glob(name.removesuffix("py") + "*.so"))
    ]
    if missing:
        sys.exit(f"not compiled: {', '.join(missing)}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run with these arguments, or the process's own."""
    parser = argparse.ArgumentParser(prog="python -m tools.compiled")
    parser.add_argument("part", choices=sorted(PARTS), help="what to compile")
    parser.add_argument("directory", type=Path, help="a new folder")
    parser.add_argument(
        "--optimise", type=int, default=3, choices=range(4), help="of the C compiler"
    )
    options = parser.parse_args(arguments)
    modules = PARTS[options.part]
    compile_modules(options.directory, modules, options.optimise)
    print(f"{len(modules)} modules compiled in {options.directory}")


if __name__ == "__main__":
    main()
