"""`--paranoid`: a second library that answers otherwise is a provider's fault, in every command.

The second library is replaced by one that calls every signature bad.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.processes import Call, run_all
from tests.cli.sound import DRAFT, PROJECT, SCENARIO
from tools.command_tree import commands

LIAR = """
class InvalidSignatureError(Exception):
    pass

def verify(*asked):
    raise InvalidSignatureError
"""
ALL = {one.name: one for one in commands()}
NOBODY = "00" * 32

STEPS = (
    ("keys", "new", "root", "--unencrypted"),
    ("keys", "new", "operator", "--unencrypted"),
    ("keys", "new", "fresh", "--unencrypted"),
    ("keys", "new", "box", "--profile", "ML-KEM-1024", "--unencrypted"),
    ("ledger", "init", "ledger", "--root-key", "root.pub.pem", "--operator", "operator.pub.pem"),
    ("ledger", "submit", "ledger", "opening.toml", "--key", "operator.pem"),
    ("ledger", "prove", "ledger", "1024", "--output", "proof"),
    ("packet", "sign", "draft.json", "--key", "operator.pem", "--output", "packet.drv"),
    ("trail", "export", "ledger", "exported", "--key", "operator.pem"),
    ("trail", "prove", "ledger", "0", "--key", "operator.pem", "--output", "trail-proof"),
    ("certify", "project", "--key", "operator.pem", "--output", "cert"),
    ("keys", "approve", "ledger", NOBODY, "--key", "root.pem", "--output", "next.drv"),
    (
        *("keys", "policy", "ledger", "--key", "root.pem", "--cryptoperiod", "9"),
        *("--order-file", "order"),
    ),
    (
        *("keys", "seal", "draft.json", "--to", "box.pub.pem", "--key", "operator.pem"),
        *("--ledger", NOBODY, "--output", "sealed"),
    ),
)

ROOT = ("--key", "root.pem")
OPERATOR = ("--key", "operator.pem")
CALLS: dict[str, tuple[str, ...]] = {
    "certify": ("project", "--check", "cert", "--public-key", "operator.pub.pem"),
    "keys approve": ("ledger", NOBODY, *ROOT),
    "keys enrol": ("ledger", "--new", "fresh.pem", "--role", "submitter", *ROOT),
    "keys list": (".", "--ledger", "ledger"),
    "keys open": ("sealed", "--key", "box.pem", "--from", "operator.pub.pem", "--ledger", NOBODY),
    "keys policy": ("ledger", "--cryptoperiod", "9", *ROOT),
    "keys recover": ("ledger", "operator.pub.pem", "--new", "fresh.pem", *ROOT),
    "keys revoke": ("ledger", "operator.pub.pem", "--reason", "superseded", *ROOT),
    "keys rotate": ("ledger", "--new", "fresh.pem", *OPERATOR),
    "keys send": ("ledger", "order", *ROOT),
    "ledger check": ("ledger",),
    "ledger export": ("ledger", "movements.csv"),
    "ledger import": ("ledger", "ledger"),
    "ledger prune": ("ledger",),
    "ledger prove": ("ledger", "1024", "--output", "new-proof"),
    "ledger receive": ("ledger", "next.drv"),
    "ledger snapshot": ("ledger",),
    "ledger state": ("ledger",),
    "ledger submit": ("ledger", "more.toml", *OPERATOR),
    "packet verify": ("packet.drv", "--key", "operator.pub.pem"),
    "replay": ("ledger",),
    "trail checkpoint": ("ledger", "--output", "checkpoint", *OPERATOR),
    "trail export": ("ledger", "exported-again", *OPERATOR),
    "trail prove": ("ledger", "0", "--output", "new-trail-proof", *OPERATOR),
    "trail show": ("ledger",),
    "trail verify": ("exported", "--key", "operator.pub.pem"),
    "trail verify-proof": ("trail-proof", "--key", "operator.pub.pem"),
}
ELSEWHERE = {
    "bisect": "equal logs are compared without it; others are derived as replay does",
    "evidence check": "its golden logs are replayed as replay does",
    "evidence write": "its golden logs are replayed as replay does",
    "export": "derives the log as ledger export does",
    "halt resume": "opens the ledger as ledger submit does",
    "ledger certify": "checks a certificate as certify, opens the ledger as ledger submit does",
    "ledger init": "checks a certificate as certify does",
    "trail note": "opens the ledger as ledger submit does",
    "verify": "checks an attestation as certify does",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    texts = {
        "opening.toml": SCENARIO,
        "more.toml": SCENARIO.replace("1024", "1025"),
        "draft.json": json.dumps(DRAFT),
        "project/pyproject.toml": PROJECT,
        "project/sample/__init__.py": "",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    for outcome in run_all([Call(words, str(folder)) for words in STEPS]):
        assert outcome.code == 0, (outcome.words, outcome.stderr)
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def calls(sound: Path, folder: Path) -> list[Call]:
    made = []
    for name, words in CALLS.items():
        own = folder / name.replace(" ", "-")
        shutil.copytree(sound, own)
        made.append(Call((*name.split(), *words, "--paranoid"), str(own)))
    return made


def test_every_command_that_verifies_has_the_option() -> None:
    having = {
        name for name, one in ALL.items() if "--paranoid" in [option.name for option in one.options]
    }
    choosing = {
        name for name, one in ALL.items() if "--provider" in [option.name for option in one.options]
    }
    assert having == CALLS.keys() | ELSEWHERE.keys()
    assert choosing <= having


def test_two_honest_libraries_agree(sound: Path, tmp_path: Path) -> None:
    for outcome in run_all(calls(sound, tmp_path)):
        assert outcome.code == 0, outcome


def test_a_disagreement_is_a_fault_and_nothing_is_recorded(sound: Path, tmp_path: Path) -> None:
    liar = tmp_path / "liar" / "pqcrypto"
    (liar / "sign").mkdir(parents=True)
    (liar / "__init__.py").write_text("from pqcrypto.sign.ml_dsa_87 import InvalidSignatureError\n")
    (liar / "sign/__init__.py").write_text("")
    for size in (44, 65, 87):
        source = LIAR if size == 87 else "from pqcrypto.sign.ml_dsa_87 import *\n"
        (liar / f"sign/ml_dsa_{size}.py").write_text(source)
    asked = calls(sound, tmp_path / "folders")
    before = contents(tmp_path / "folders")
    said = "cryptography says True, pqcrypto says False"
    outcomes = run_all(asked, liar.parent)
    wrong = [one for one in outcomes if one.code != 2 or said not in one.stderr or one.stdout]
    assert wrong == []
    assert contents(tmp_path / "folders") == before
