"""`qfs trail serve` as a process: what a tile client fetches is what was exported."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from qfs.app import publishing
from qfs.app.publishing import Signing
from qfs.errors import EnvironmentFault, InputError
from qfs.halt import Halt
from qfs.shell import keystore
from qfs.shell.keystore import PrivateKey
from tests.app.test_trail import house


def exported(folder: Path) -> Path:
    house(folder / "ledger")
    key = PrivateKey(keystore.Profile.ML_DSA_44, b"a seed".ljust(32))
    keystore.write_private(folder / "key.pem", key, None)
    signing = Signing((folder / "key.pem",))
    publishing.export(folder / "ledger", folder / "export", signing)
    return folder / "export"


def test_what_is_served_is_what_was_exported(tmp_path: Path) -> None:
    export = exported(tmp_path)
    names = ["checkpoint", "tile/0/000.p/5", "tile/entries/000.p/5"]
    words = ["trail", "serve", str(export), "--port", "0", "--requests", str(len(names))]
    with subprocess.Popen(
        [sys.executable, "-m", "qfs_cli.main", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "no_proxy": "*"},
    ) as process:
        assert process.stderr is not None
        address = process.stderr.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for name in names:
            with opener.open(address + name, timeout=20) as answer:
                assert answer.read() == (export / name).read_bytes()
        process.stderr.read()
    assert process.returncode == 0


def test_what_does_not_lead_to_its_checkpoint_is_not_served(tmp_path: Path) -> None:
    export = exported(tmp_path)
    (export / "tile/0/000.p/5").write_bytes(bytes(160))
    with pytest.raises(Halt, match="TRAIL_CORRUPT"):
        publishing.serve(export, 0, 0, print)
    with pytest.raises(InputError, match="no exported trail"):
        publishing.serve(tmp_path / "ledger", 0, 0, print)


def test_a_port_that_is_taken_is_a_fault_of_the_environment(tmp_path: Path) -> None:
    export = exported(tmp_path)

    def again(address: str) -> None:
        port = int(address.rstrip("/").rpartition(":")[2])
        with pytest.raises(EnvironmentFault, match=f"port {port}"):
            publishing.serve(export, port, 0, print)

    publishing.serve(export, 0, 0, again)
