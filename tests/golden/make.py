"""Make the golden logs, once, through the command line; never called by tests.

python -m tests.golden.make market-day
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from qfs.halt import Code, Halt
from qfs.kernel import Order, Resume, Tick, Transactions, Upgrade
from qfs.keys import COMMANDS as KEYS
from qfs.keys import POSSESSION_CONTEXT, Enrol, Reason, Revoke, Role, Rotate, possession_message
from qfs.keys.commands import SetPolicy
from qfs.ledger import COMMANDS as LEDGER
from qfs.ledger.commands import Delegate, OpenAccount
from qfs.shell.keystore import PublicKey
from tests.app.logs import PROFILE, House, signer_of

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


def governance(target: Path, _: Path) -> None:
    house = House(target, signed=True)
    for name in ("carol", "operator-2"):
        house.signers[name] = signer_of(name)
        house.keys[name] = PublicKey(PROFILE, house.signers[name].public_key)

    def possessed(command, name):
        message = possession_message(house.world.ledger, command)
        return replace(command, possession=house.sign(name, message, POSSESSION_CONTEXT))

    def ask(by, *commands):
        orders = tuple(
            Order(machine, {"keys": KEYS, "ledger": LEDGER}[machine].pack(command))
            for machine, command in commands
        )
        house.send(Transactions((orders,)), by)

    carol, second = house.keys["carol"], house.keys["operator-2"]
    enrol = Enrol(PROFILE, carol.raw, (Role.SUBMITTER,))
    rotate = Rotate(house.operator.id, PROFILE, second.raw, 3, None, b"")
    halt = Halt(Code.INVARIANT_BROKEN, seq=9).record(9, house.world.ledger, house.world.root)
    with house.writer:
        house.send(Tick(), step_us=1_790_000_000_000_000)
        ask("operator", ("keys", possessed(enrol, "carol")))
        ask("carol", ("ledger", OpenAccount(5000, carol.id)), ("ledger", Delegate(5000, second.id)))
        ask("carol", ("ledger", OpenAccount(5001, carol.id)), ("ledger", Delegate(1, carol.id)))
        ask("operator", ("keys", possessed(rotate, "operator-2")))
        ask("operator", ("ledger", OpenAccount(5002, house.operator.id)))
        ask("operator-2", ("ledger", OpenAccount(5003, house.operator.id)))
        house.send(Tick(), "operator-2", step_us=30 * 86_400_000_000)
        house.send(Resume(halt.digest()), "root")
        ask("root", ("keys", Revoke(carol.id, Reason.KEY_COMPROMISE, house.world.seq + 3)))
        ask("carol", ("ledger", OpenAccount(5004, carol.id)))
        house.send(Upgrade("ledger", 2, 1_000_000), "root")
        ask("root", ("keys", SetPolicy(1, 100_000, 10)), ("keys", SetPolicy(2, 0, 0)))
        ask("root", ("keys", SetPolicy(1, 100_000, 10)))


LOGS = {"market-day": market_day, "governance": governance}


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
    digest = hashlib.sha256((target / "log/00000001.log").read_bytes()).hexdigest()
    with (HERE / "digests.txt").open("a") as file:
        file.write(f"{digest}  {name}\n")


if __name__ == "__main__":
    main()
