"""Fuzz with Atheris: `make fuzz SECONDS=N [TARGET=name]`; the record goes to audit/fuzz.json.

- Each target runs in a process of its own, with coverage of QFS's modules as its guide, from the
  committed seeds. The corpus that it finds stays outside the repository.
- The record adds up what was really run, target by target: seconds, executions, crashes. A crash
  ends the run with exit code 1, and the input that caused it is printed and kept.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
SEEDS = Path(__file__).parent / "seeds"
RECORD = ROOT / "audit/fuzz.json"
MAX_INPUT_BYTES = 16_384
_RUNS = re.compile(rb"Done (\d+) runs|stat::number_of_executed_units: (\d+)")


def run(name: str, seconds: int) -> dict[str, object]:
    """Fuzz one target in a process; return what was run."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as corpus:
        command = [
            *(sys.executable, "-m", "tests.fuzz.one", name),
            *(corpus, str(SEEDS / name), f"-max_total_time={seconds}"),
            *(f"-max_len={MAX_INPUT_BYTES}", "-print_final_stats=1", "-timeout=20"),
            *("-rss_limit_mb=2048", f"-artifact_prefix={ROOT}/crash-{name}-"),
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        found = len(list(Path(corpus).iterdir()))
    counts = [int(one or other) for one, other in _RUNS.findall(done.stderr)]
    if done.returncode:
        sys.stderr.buffer.write(done.stderr[-4_000:])
    return {
        "seconds": int(time.monotonic() - started),
        "executions": max(counts, default=0),
        "inputs_found": found,
        "crashes": int(done.returncode != 0),
    }


def main() -> None:
    """Fuzz every target for so many seconds, and add what was run to the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", choices=sorted(TARGETS), help="one target; all without it")
    options = parser.parse_args()
    record = json.loads(RECORD.read_text("utf-8")) if RECORD.is_file() else {"targets": {}}
    for name in [options.target] if options.target else sorted(TARGETS):
        made = run(name, options.seconds)
        before = record["targets"].get(name, {})
        record["targets"][name] = {
            key: before.get(key, 0) + value if key != "inputs_found" else value
            for key, value in made.items()
        }
        sys.stdout.write(f"{name}: {json.dumps(made)}\n")
        sys.stdout.flush()
        totals = {
            key: sum(one[key] for one in record["targets"].values())
            for key in ("seconds", "executions", "crashes")
        }
        record = {"schema": "qfs.fuzz/1", "total": totals, "targets": record["targets"]}
        RECORD.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", "utf-8")
    sys.exit(1 if record["total"]["crashes"] else 0)


if __name__ == "__main__":
    main()
