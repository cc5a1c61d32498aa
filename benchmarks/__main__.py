"""``python -m benchmarks [NAME ...]``: run the named benchmarks, all by default."""

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks.common import index, write

HERE = Path(__file__).parent
NAMES = sorted(
    [
        path.stem
        for path in HERE.glob("*.py")
        if path.stem != "common" and not path.stem.startswith("_")
    ]
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one of {', '.join(NAMES)}")
    names = parser.parse_args().name or NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.exit(f"no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    for name in names:
        print(f"{name} ...", flush=True)
        print(write(importlib.import_module(f"benchmarks.{name}").run()).relative_to(HERE.parent))
    print(index().relative_to(HERE.parent))


if __name__ == "__main__":
    main()
