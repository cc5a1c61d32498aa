"""A genesis that requires a certificate: which program may go on with the ledger, and what is said.

The other program is real: QFS copied elsewhere, with a line more, and run from there.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qfs.app import certify, key_orders, ledger
from qfs.app.key_orders import Asking
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.program import ProgramReport, compared, running
from qfs.app.recertifying import CertifyReport, CertifyRequest, recertify
from qfs.app.replay import ReplayRequest, replay
from qfs.app.trail import derive_trail
from qfs.errors import InputError, ProofError, UncertifiedProgram, UsageError
from qfs.kernel import found
from qfs.repro.statements import Statement, Subject, sealed
from qfs.trail import Kind
from tests.app.markets import OPEN_A, OPEN_B, Market, key
from tests.tidy import tree

OTHER = "ab" * 32
SUBJECT = Subject("source", (("dirHash", "00" * 32),))


def certificate(folder: Path, by: str, program: str) -> Path:
    """Write what `qfs certify` writes of a program, signed by a key."""
    path = folder / f"{by}-{program[:8]}.json"
    statement = Statement(
        (SUBJECT,), "urn:qfs:certificate:1", {"audit": {"source_digest": program}}
    )
    path.write_bytes(sealed(statement, key(by).signer()))
    return path


def market(folder: Path, by: str = "operator", program: str = "") -> Market:
    """Begin a ledger that requires a program: this one, unless another is named."""
    made = Market(folder, "free")
    path = certificate(folder, by, program or running().hex())
    keys = (folder / "root.pub.pem",), (folder / "operator.pub.pem",), (folder / "alice.pub.pem",)
    made.directory = folder / "ledger"
    made.begun = ledger.init(ledger.InitRequest(made.directory, *keys, certificate=path))
    return made


def again(made: Market, by: str, program: str = "") -> CertifyReport:
    """Certify another program, or this one, with a key."""
    path = certificate(made.folder, by, program or running().hex())
    return recertify(CertifyRequest(made.directory, path, made.folder / f"{by}.pem"))


def replayed(made: Market) -> ProgramReport:
    """Replay a ledger that requires a program; every root must be the recorded one."""
    report = replay(ReplayRequest(made.directory))
    assert report.identical
    assert report.program is not None
    assert report.exit_code == (0 if report.program.objection is None else 1)
    return report.program


def test_a_certificate_names_the_program_as_the_installed_package_does() -> None:
    statement, _ = certify.state(tree.ROOT, ())
    assert statement.predicate["audit"]["source_digest"] == running().hex()


def test_the_certified_program_goes_on_and_replays(tmp_path: Path) -> None:
    made = market(tmp_path)
    assert made.submit(made.script(OPEN_A)).as_expected
    assert replayed(made).document() == {
        "certified": running().hex(),
        "running": running().hex(),
        "certificate": replayed(made).certificate,
        "signer": key("operator").public.id.hex(),
        "objection": None,
    }
    first, *_ = [one for one in derive_trail(made.directory).entries if one.machine == "program"]
    assert (first.kind, first.seq, first.answer) == (Kind.CERTIFICATE, 0, "")


def test_a_ledger_that_requires_nothing_says_nothing_of_programs(tmp_path: Path) -> None:
    made = Market(tmp_path)
    assert made.submit(made.script(OPEN_A)).as_expected
    assert replay(ReplayRequest(made.directory)).program is None
    with pytest.raises(UsageError, match="requires no certificate"):
        again(made, "operator")


def test_another_program_than_the_certified_one_writes_nothing_and_is_reported(
    tmp_path: Path,
) -> None:
    made = market(tmp_path, program=OTHER)
    before = made.contents()
    for dry_run in (False, True):
        with pytest.raises(UncertifiedProgram, match="OTHER_PROGRAM"):
            made.submit(made.script(OPEN_A), dry_run=dry_run)
    with pytest.raises(UncertifiedProgram, match="OTHER_PROGRAM"):
        key_orders.approve(Asking(made.directory, tmp_path / "root.pem"), "00" * 32)
    assert made.contents() == before
    assert replayed(made).certified == OTHER


def test_a_changed_copy_of_qfs_knows_that_it_is_not_the_certified_one(tmp_path: Path) -> None:
    made = market(tmp_path)
    for name in ("qfs", "qfs_cli"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(tree.ROOT / name, tmp_path / "copy" / name, ignore=skip)
    program = "import sys; from qfs_cli.main import main; sys.exit(main())"

    def answer() -> tuple[int, object]:
        done = subprocess.run(
            [sys.executable, "-c", program, "replay", str(made.directory), "--format", "json"],
            env={**os.environ, "PYTHONPATH": str(tmp_path / "copy")},
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)["program"]["objection"]

    assert answer() == (0, None)
    with (tmp_path / "copy/qfs/ledger/moves.py").open("a", encoding="utf-8") as file:
        file.write("# one line more\n")
    assert answer() == (1, "OTHER_PROGRAM")


def test_a_certifier_certifies_the_next_program_and_packets_of_the_older_one_stand(
    tmp_path: Path,
) -> None:
    made = market(tmp_path)
    assert made.submit(made.script(OPEN_A)).as_expected
    assert (again(made, "alice").refusal, replayed(made).objection) == ("NOT_A_CERTIFIER", None)
    report = again(made, "root", OTHER)
    assert (report.refusal, report.exit_code) == ("", 0)
    assert replayed(made).certified == OTHER
    with pytest.raises(UncertifiedProgram):
        made.submit(made.script(OPEN_B))
    assert again(made, "operator").program.objection is None  # the way out, by a later program
    assert made.submit(made.script(OPEN_B)).as_expected
    assert replayed(made).objection is None
    noted = [one for one in derive_trail(made.directory).entries if one.machine == "program"]
    assert [one.answer for one in noted] == ["", "NOT_A_CERTIFIER", "", ""]
    path = certificate(tmp_path, "root", OTHER)
    with pytest.raises(ProofError, match="no signature"):
        recertify(CertifyRequest(made.directory, path, tmp_path / "operator.pem"))


def test_the_certificate_of_a_revoked_key_is_none(tmp_path: Path) -> None:
    made = market(tmp_path)
    operator = key("operator").public.id.hex()
    asking = Asking(made.directory, tmp_path / "root.pem")
    assert key_orders.revoke(asking, operator, "key-compromise").appended
    found_ = replayed(made)
    assert found_.objection is not None
    assert (found_.objection.name, found_.running) == ("SIGNER_REVOKED", found_.certified)
    with pytest.raises(UncertifiedProgram, match="SIGNER_REVOKED"):
        made.submit(made.script({**OPEN_A, "by": "alice"}, by="alice"))
    assert again(made, "operator").refusal == "KEY_REVOKED"
    assert again(made, "root").refusal == ""
    assert replayed(made).objection is None


def test_a_genesis_that_requires_a_certificate_and_names_none_lets_no_program_on(
    tmp_path: Path,
) -> None:
    keys = [(key("root").public, ledger.Role.ROOT), (key("operator").public, ledger.Role.OPERATOR)]
    genesis = ledger.founding("nameless", keys)
    genesis = replace(genesis, machines=(*genesis.machines, ("program", 1)))
    report = compared(found(MACHINES, genesis, REACTIONS))
    assert report is not None
    assert report.objection is not None
    assert (report.objection.name, report.certified) == ("NO_CERTIFICATE", "")


def test_a_certificate_that_is_none_of_the_ledgers_begins_nothing(tmp_path: Path) -> None:
    made = Market(tmp_path, "free")
    keys = (tmp_path / "root.pub.pem",), (tmp_path / "operator.pub.pem",)
    request = ledger.InitRequest(tmp_path / "ledger", *keys)
    provenance = tmp_path / "provenance.json"
    statement = Statement((SUBJECT,), "https://slsa.dev/provenance/v1", {})
    provenance.write_bytes(sealed(statement, key("root").signer()))
    for path, error, message in (
        (certificate(tmp_path, "stranger", OTHER), ProofError, "none of the ledger's keys"),
        (certificate(tmp_path, "root", "no digest"), InputError, "no certificate of a program"),
        (provenance, InputError, "no certificate of a program"),
        (tmp_path / "none.json", InputError, r"none\.json"),
    ):
        with pytest.raises(error, match=message):
            ledger.init(replace(request, certificate=path))
        assert not request.directory.exists()
    assert made.begun.program is None
