"""A folder in which every command can do its work, and a sound call of each.

In a call `@` marks a path that the command reads, `>` one that it makes.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from qfs import certmath
from qfs.canon import ZERO_DIGEST, Digest
from qfs.certmath import ProofLog
from qfs.halt import Code, HaltRecord
from tests.cli.processes import Call, run_all

MACHINE = '"""A machine."""\n\n\ndef double(amount: int) -> int:\n    return amount * 2\n'
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "sample"
version = "1"

[tool.hatch.build.targets.wheel]
packages = ["sample"]
"""
NOTE = (
    "A scenario that is cut off in the middle of this sentence is no scenario any more: no step of"
    " it is taken, neither the sound ones before the cut nor what may have followed."
)
SCENARIO = f"""schema = "qfs.scenario/1"
name = "opening"
by = "operator"

[accounts]
shop = 1024

[[step]]
do = "open"
account = "shop"
owner = "operator"
note = "{NOTE}"
"""

DRAFT = {
    "ledger": "00" * 32,
    "seq": 1,
    "time_us": 1,
    "seed": "00" * 32,
    "previous": "00" * 32,
    "kind": "tick",
    "payload": [],
}

QUICK = ("--pairs", "bare", "--kind", "wheel", "--accept-unexercised")
WHEEL = "built/sample-1-py2.py3-none-any.whl"

ORDERS = ("enrol", "policy", "recover", "revoke", "rotate")
"""Those of `qfs keys` that can be kept in a file."""

ROOT = "(the state root)"
"""Stands for the root of the sound ledger, which only its keys decide."""

CALLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "audit": (
        ("@machine.py",),
        ("machine.py", "--baseline", "@baseline.json"),
        ("machine.py", "--witness", "--entry", "machine:double", "--inputs", "@inputs.jsonl"),
    ),
    "bench load": ((">new-load", "--rate", "40", "--seconds", "1", "--accounts", "4"),),
    "bisect": (
        ("@ledger", "@ledger"),
        ("@ledger", "--env", "TZ=UTC0", "TZ=QFS-14"),
        (
            "--callable",
            "machine.py:double",
            "--inputs",
            "@inputs.jsonl",
            "--env",
            "gc=off",
            "umask=077",
        ),
    ),
    "build": (
        ("@project", *QUICK),
        ("project", *QUICK, "--outdir", ">new-built", "--key", "@operator.pem"),
        (
            *("project", *QUICK, "--outdir", ">new-built"),
            *("--key", "@secret.pem.age", "--passphrase-file", "@pass"),
        ),
    ),
    "certify": (
        ("@project", "--target", "@project/sample"),
        ("project", "--key", "@operator.pem", "--output", ">new.cert"),
        (
            *("project", "--key", "@secret.pem.age", "--passphrase-file", "@pass"),
            *("--output", ">new.cert"),
        ),
        ("project", "--check", "@cert", "--public-key", "@operator.pub.pem"),
    ),
    "explain": (("--proof-log", "@sum.proof"),),
    "export": (
        ("@history", ">new.jsonl"),
        ("@history/log/00000001.log", ">new.jsonl"),
    ),
    "evidence check": (("@project",),),
    "evidence write": (("@project",),),
    "import": (
        ("@ticks.jsonl", ">new-log"),
        ("@ticks.csv", ">new-log"),
        ("@bank.db", ">new-log"),
        ("@book.beancount", ">new-log"),
        ("@workflow.json", ">new-log"),
        ("ticks.jsonl", ">new-log", "--key", "@operator.pem"),
        (
            *("ticks.jsonl", ">new-log"),
            *("--key", "@secret.pem.age", "--passphrase-file", "@pass"),
        ),
    ),
    "keys approve": (
        ("@ledger", "00" * 32, "--key", "@root.pem"),
        ("ledger", "00" * 32, "--key", "root.pem", "--passphrase-file", "@pass", "-o", ">new.drv"),
    ),
    "keys enrol": (
        ("@ledger", "--key", "@root.pem", "--new", "@fresh.pem", "--role", "submitter"),
        (
            *("ledger", "--key", "root.pem", "--new", "fresh.pem", "--role", "submitter"),
            *("--passphrase-file", "@pass", "--output", ">new.drv"),
        ),
        (
            *("ledger", "--key", "root.pem", "--new", "fresh.pem", "--role", "submitter"),
            *("--order-file", ">new-order"),
        ),
    ),
    "keys export": (("@operator.pub.pem",), ("@secret.pem.age", "--passphrase-file", "@pass")),
    "keys import": (
        ("@operator.pem", "other", "--dir", "@keys", "--unencrypted"),
        (
            *("@secret.pem.age", "other", "--source-passphrase-file", "@pass"),
            *("--passphrase-file", "@pass"),
        ),
    ),
    "keys list": (("@keys",), ("keys", "--ledger", "@ledger")),
    "keys new": (("fresh", "--dir", "@keys", "--passphrase-file", "@pass"),),
    "keys open": (
        ("@sealed", "--from", "@operator.pub.pem", "--key", "@box.pem", "--ledger", "00" * 32),
        (
            *("sealed", "--from", "operator.pub.pem", "--key", "box.pem", "--ledger", "00" * 32),
            *("--passphrase-file", "@pass", "--output", ">new-secret"),
        ),
    ),
    "keys policy": (
        ("@ledger", "--key", "@root.pem", "--cryptoperiod", "9"),
        ("ledger", "--key", "root.pem", "--passphrase-file", "@pass", "-o", ">new.drv"),
        ("ledger", "--key", "root.pem", "--order-file", ">new-order"),
    ),
    "keys recover": (
        ("@ledger", "@operator.pub.pem", "--key", "@root.pem", "--new", "@fresh.pem"),
        (
            *("ledger", "operator.pub.pem", "--key", "root.pem", "--new", "fresh.pem"),
            *("--passphrase-file", "@pass", "--output", ">new.drv"),
        ),
        (
            *("ledger", "operator.pub.pem", "--key", "root.pem", "--new", "fresh.pem"),
            *("--order-file", ">new-order"),
        ),
    ),
    "keys revoke": (
        ("@ledger", "@operator.pub.pem", "--key", "@root.pem", "--reason", "superseded"),
        (
            *("ledger", "operator.pub.pem", "--key", "root.pem", "--reason", "superseded"),
            *("--passphrase-file", "@pass", "--output", ">new.drv"),
        ),
        (
            *("ledger", "operator.pub.pem", "--key", "root.pem", "--reason", "superseded"),
            *("--order-file", ">new-order"),
        ),
    ),
    "keys rotate": (
        ("@ledger", "--key", "@operator.pem", "--new", "@fresh.pem"),
        (
            *("ledger", "--key", "operator.pem", "--new", "fresh.pem"),
            *("--passphrase-file", "@pass", "--output", ">new.drv"),
        ),
        ("ledger", "--key", "operator.pem", "--new", "fresh.pem", "--order-file", ">new-order"),
    ),
    "keys seal": (
        ("@pass", "--to", "@box.pub.pem", "--key", "@operator.pem", "--ledger", "00" * 32),
        (
            *("pass", "--to", "box.pub.pem", "--key", "operator.pem", "--ledger", "00" * 32),
            *("--passphrase-file", "@pass", "--output", ">new-sealed"),
        ),
    ),
    "keys send": (
        ("@ledger", "@order", "--key", "@root.pem"),
        ("ledger", "order", "--key", "root.pem", "--passphrase-file", "@pass", "-o", ">new.drv"),
    ),
    "ledger certify": (
        ("@requiring", "@newer-cert", "--key", "@operator.pem"),
        ("requiring", "newer-cert", "--key", "operator.pem", "--passphrase-file", "@pass"),
    ),
    "inventory": (("@machine.py",), ("machine.py", "--coverage", "@coverage.json")),
    "ledger check": (("@ledger",),),
    "ledger export": (("@ledger", ">movements.csv"),),
    "ledger import": (("@ledger", "@ledger/log/00000001.log"),),
    "ledger init": (
        (
            ">new-ledger",
            "--root-key",
            "@root.pub.pem",
            "--operator",
            "@operator.pub.pem",
            "--submitter",
            "@secret.pub.pem",
            "--require-certificate",
            "@cert",
        ),
    ),
    "ledger prove": (("@ledger", "1024", "--output", ">new-proof"),),
    "ledger prune": (("@ledger",),),
    "ledger receive": (("@ledger", "@packet.drv"),),
    "ledger snapshot": (("@ledger",),),
    "ledger state": (("@ledger",),),
    "ledger submit": (
        ("@ledger", "@more.toml", "--key", "@operator.pem"),
        ("ledger", "more.toml", "--key", "operator.pem", "--passphrase-file", "@pass"),
    ),
    "ledger verify-proof": (("@proof", "--root", ROOT),),
    "lock": (("@project", "--check"),),
    "packet batch": (
        ("@draft.json", "--key", "@operator.pem", "--output", ">new-batch"),
        (
            "draft.json",
            "--key",
            "@secret.pem.age",
            "--passphrase-file",
            "@pass",
            "-o",
            ">new-batch",
        ),
    ),
    "packet cosign": (
        ("@packet.drv", "--key", "@root.pem", "--output", ">new.drv"),
        ("packet.drv", "--key", "@secret.pem.age", "--passphrase-file", "@pass"),
    ),
    "packet show": (("@packet.drv",),),
    "packet sign": (
        ("@draft.json", "--key", "@operator.pem", "--output", ">new.drv"),
        ("draft.json", "--key", "@secret.pem.age", "--passphrase-file", "@pass"),
    ),
    "packet verify": (("@packet.drv", "--key", "@operator.pub.pem"),),
    "replay": (
        ("@ledger",),
        ("ledger", "--until", "1", "--show", "ledger"),
        ("--callable", "machine.py:double", "--inputs", "@inputs.jsonl", "--repeat", "1"),
    ),
    "halt resume": (
        ("@halted", "--key", "@root.pem"),
        ("halted", "--key", "root.pem", "--passphrase-file", "@pass"),
    ),
    "halt show": (("@ledger",),),
    "trail checkpoint": (
        ("@ledger", "--key", "@operator.pem", "--output", ">new-checkpoint"),
        ("ledger", "--key", "operator.pem", "--passphrase-file", "@pass", "-o", ">new-checkpoint"),
    ),
    "trail export": (
        ("@ledger", ">new-export", "--key", "@operator.pem"),
        ("ledger", ">new-export", "--key", "operator.pem", "--passphrase-file", "@pass"),
    ),
    "trail prove": (
        ("@ledger", "0", "--key", "@operator.pem", "--output", ">new-proof"),
        ("ledger", "0", "--key", "operator.pem", "--passphrase-file", "@pass", "-o", ">new-proof"),
    ),
    "trail note": (
        ("@ledger", "--key", "@operator.pem", "--checkpoint", "@signed-checkpoint"),
        (
            *("ledger", "--key", "operator.pem", "--passphrase-file", "@pass"),
            *("--certificate", "@cert", "--public-key", "@operator.pub.pem"),
        ),
    ),
    "trail refused": (("@ledger",),),
    "trail serve": (("@exported", "--port", "0", "--requests", "0"),),
    "trail show": (("@ledger",),),
    "trail verify": (
        ("@ledger", "--checkpoint", "@checkpoint"),
        ("@exported", "--key", "@operator.pub.pem"),
    ),
    "trail verify-proof": (("@trail-proof", "--key", "@operator.pub.pem"),),
    "tui": (("@ledger",),),
    "verify": (
        (f"@{WHEEL}", "--source", "@project"),
        (
            # Any bytes may be asked about: that they are not those attested is an answer.
            *(WHEEL, "--attestation", "@built/provenance.intoto.json"),
            *("--public-key", "@operator.pub.pem"),
        ),
    ),
}

# A path that a command does not read, with the reason why spoiling it means nothing.
NOT_READ: dict[tuple[str, str], str] = {
    ("bench load", "directory"): "the folder is made, and its name is new",
    ("audit", "--write-baseline"): "the known findings are written there, over older ones",
    ("audit", "--output"): "the report is written there, over an older one",
    ("replay", "--proofs"): "the folder is made, and its name is new",
    ("replay", "--compiled"): "made by a C compiler; tests/app/test_replay_perturbed.py spoils it",
    ("build", "--outdir"): "the folder is made, and its name may be new",
    ("certify", "--output"): "the file is made, and its name is new",
    ("export", "output"): "the file is made, and its name is new",
    ("import", "log"): "the folder is made, and its name is new",
    ("ledger export", "output"): "the file is made, and its name is new",
    ("ledger init", "directory"): "the folder is made, and its name is new",
    ("ledger prove", "--output"): "the file is made, and its name is new",
    **{
        (f"keys {name}", "--output"): "the file is made, and its name is new"
        for name in [
            "approve",
            "enrol",
            "open",
            "policy",
            "recover",
            "revoke",
            "rotate",
            "seal",
            "send",
        ]
    },
    **{
        (f"keys {name}", "--order-file"): "the file is made, and its name is new" for name in ORDERS
    },
    ("packet batch", "--output"): "the folder is made, and its name is new",
    ("packet cosign", "--output"): "the file is made, and its name is new",
    ("packet sign", "--output"): "the file is made, and its name is new",
    ("trail checkpoint", "--output"): "the file is made, and its name is new",
    ("trail export", "folder"): "the folder is made, and its name is new",
    ("trail prove", "--output"): "the file is made, and its name is new",
}

# What would be spoiled elsewhere and is sound here, with the reason.
FINE: dict[tuple[str, str, str], str] = {
    **{
        (name, "@pass", "truncated"): "it is a passphrase, if a wrong one: the key's file is named"
        for name in (
            "build",
            "certify",
            "import",
            "keys export",
            "keys import",
            "keys new",
            "ledger submit",
            "packet batch",
            "packet cosign",
            "packet sign",
        )
    },
    **{
        (name, "@pass", "truncated"): "it is a passphrase, and the key's file needs none"
        for name in (
            "halt resume",
            *[
                f"keys {one}"
                for one in ["approve", "enrol", "open", "policy", "recover", "revoke", "rotate"]
            ],
            "keys seal",
            "keys send",
            "ledger certify",
            "ledger submit",
            "trail checkpoint",
            "trail export",
            "trail note",
            "trail prove",
        )
    },
    **{
        ("keys seal", "@pass", kind): "it is a secret, and any bytes are"
        for kind in ("empty", "garbage", "truncated")
    },
    **{
        ("ledger receive", "@packet.drv", kind): "what is no packet is refused and counted"
        for kind in ("empty", "garbage", "truncated")
    },
    ("certify", "@project/sample", "empty"): "an empty module is a module without findings",
    (
        "ledger import",
        "@ledger/log/00000001.log",
        "truncated",
    ): "what is whole of a cut log is followed; that it is cut is said, with exit code 1",
    ("ledger import", "@ledger", "missing"): "a folder without a ledger gets a copy of the other",
    ("import", "@book.beancount", "truncated"): "a ledger may end behind any directive",
    ("audit", "@machine.py", "empty"): "an empty module is a module without findings",
    ("inventory", "@machine.py", "empty"): "an empty module is a module without functions",
}

# What a sound call answers, where that is not 0.
ANSWERS: dict[str, int] = {
    "ledger receive": 1,  # the sample packet is another ledger's: refused, and counted
    "tui": 2,  # the log is read, and then there is no terminal to draw on
    "lock": 1,  # the sample project has no lock files
}

# Commands that report on many files: one that cannot be read is a line among the findings.
REPORTED: dict[str, str] = {
    "audit": "each file that was not audited is named in the report, beside the findings in others",
    "inventory": "each file that was not read is named below the rows of the others",
}


# What makes the rest of the folder, in this order.
STEPS: tuple[tuple[str, ...], ...] = (
    ("keys", "new", "root", "--unencrypted"),
    ("keys", "new", "operator", "--unencrypted"),
    ("keys", "new", "secret", "--passphrase-file", "pass"),
    ("keys", "new", "fresh", "--unencrypted"),
    ("keys", "new", "box", "--profile", "ML-KEM-1024", "--unencrypted"),
    ("keys", "new", "kept", "--dir", "keys", "--unencrypted"),
    (
        *("keys", "seal", "draft.json", "--to", "box.pub.pem", "--key", "operator.pem"),
        *("--ledger", "00" * 32, "--output", "sealed"),
    ),
    ("packet", "sign", "draft.json", "--key", "operator.pem", "--output", "packet.drv"),
    ("ledger", "init", "ledger", "--root-key", "root.pub.pem", "--operator", "operator.pub.pem"),
    ("ledger", "submit", "ledger", "opening.toml", "--key", "operator.pem"),
    (
        *("keys", "policy", "ledger", "--key", "root.pem", "--cryptoperiod", "9"),
        *("--order-file", "order"),
    ),
    ("trail", "checkpoint", "ledger", "--output", "checkpoint"),
    (
        *("trail", "checkpoint", "ledger", "--key", "operator.pem"),
        *("--output", "signed-checkpoint"),
    ),
    ("trail", "export", "ledger", "exported", "--key", "operator.pem"),
    ("trail", "prove", "ledger", "0", "--key", "operator.pem", "--output", "trail-proof"),
    ("ledger", "prove", "ledger", "1024", "--output", "proof"),
    ("audit", "machine.py", "--write-baseline", "baseline.json"),
    ("evidence", "write", "project"),
    ("certify", "project", "--key", "operator.pem", "--output", "cert"),
    ("certify", "project", "--key", "operator.pem", "--output", "newer-cert"),
    (
        *("ledger", "init", "requiring", "--root-key", "root.pub.pem"),
        *("--operator", "operator.pub.pem", "--require-certificate", "cert"),
    ),
    ("build", "project", *QUICK, "--outdir", "built", "--key", "operator.pem"),
    ("import", "ticks.jsonl", "history"),
    ("ledger", "state", "ledger", "--format", "json"),
)


def prepare(folder: Path) -> None:
    """Fill the folder, with the program itself where it can."""
    texts = {
        "machine.py": MACHINE,
        "opening.toml": SCENARIO,
        "coverage.json": json.dumps(
            {"files": {"machine.py": {"summary": {"covered_lines": 1, "num_statements": 3}}}}
        ),
        "inputs.jsonl": '"the first input"\n"the second input"\n',
        "more.toml": SCENARIO.replace("1024", "1025"),
        "draft.json": json.dumps(DRAFT),
        "ticks.jsonl": f'{{"price": 1}}\n{{"note": "{NOTE}"}}\n',
        "ticks.csv": f'price,note\n1,"{NOTE}"\n',
        "book.beancount": "2020-01-01 open Assets:Cash EUR\n",
        "workflow.json": json.dumps({"events": [{"eventId": "1", "note": NOTE}]}),
        "pass": "correct horse battery staple\n",
        "project/pyproject.toml": PROJECT,
        "project/sample/__init__.py": '"""A sample."""\n',
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with closing(sqlite3.connect(folder / "bank.db")) as database:
        columns = "originator_id, originator_version, topic, state"
        database.execute(f"CREATE TABLE stored_events ({columns}, UNIQUE (originator_id))")
        database.execute("INSERT INTO stored_events VALUES ('a', 1, 'Opened', ?)", (NOTE,))
        database.commit()
    log = ProofLog()
    certmath.exp(1, log=log)
    (folder / "sum.proof").write_bytes(log.to_bytes())
    (folder / "pass").chmod(0o600)
    (folder / "draft.json").chmod(0o600)
    (folder / "keys").mkdir()
    outcomes = run_all([Call(words, str(folder)) for words in STEPS])
    for outcome in outcomes:
        assert outcome.code == 0, (outcome.words, outcome.stderr)
    root = json.loads(outcomes[-1].stdout)["state_root"]
    shutil.copytree(folder / "ledger", folder / "halted")
    record = HaltRecord(
        Code.INVARIANT_BROKEN.value, 2, ZERO_DIGEST, Digest(bytes.fromhex(root)), ()
    )
    (folder / "halted" / "halt.cbor").write_bytes(record.to_bytes())
    (folder / "root.txt").write_text(root, encoding="utf-8")
