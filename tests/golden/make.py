"""Make the golden logs, once, through the command line; never called by tests.

python -m tests.golden.make market-day
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def qfs(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "qfs_cli.main", *map(str, arguments)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def market_day(target: Path, keys: Path) -> None:
    for name in ("root", "operator", "alice", "bob"):
        qfs("keys", "new", name, "--dir", keys, "--unencrypted")
    qfs(
        *("ledger", "init", target, "--name", "market-day"),
        *("--root-key", keys / "root.pub.pem", "--operator", keys / "operator.pub.pem"),
        *("--submitter", keys / "alice.pub.pem", "--submitter", keys / "bob.pub.pem"),
    )
    signing = [
        word for name in ("operator", "alice", "bob") for word in ("--key", keys / f"{name}.pem")
    ]
    qfs("ledger", "submit", target, "examples/scenarios/market-day.toml", *signing)


LOGS = {"market-day": market_day}


def main() -> None:
    name = sys.argv[1]
    target = HERE / name
    if target.exists():
        sys.exit(f"{target} exists; a golden log is made once")
    with tempfile.TemporaryDirectory() as keys:
        LOGS[name](target, Path(keys))
    (target / "log" / "lock").unlink()
    report = json.loads(qfs("replay", target, "--format", "json"))
    roots_path = HERE / "roots.json"
    roots = json.loads(roots_path.read_text()) if roots_path.exists() else {}
    roots[name] = {key: report[key] for key in ("packets", "commands", "state_root")}
    roots_path.write_text(json.dumps(roots, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
