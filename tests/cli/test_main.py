"""The program turns each kind of failure into its exit code and one clear line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from qfs import __version__
from qfs_cli import commands

QFS = Path(sys.executable).with_name("qfs")

# A program that is qfs with one more command, which fails in the way under test.
PROGRAM = """
import sys
import typer
from qfs.app.failure import *
from qfs.halt import Code
from qfs_cli import main as program

@program.app.command("fail")
def fail() -> None:
    {failure}

sys.argv = ["qfs", "fail"]
program.main()
"""
FAILURES = (
    (
        "a caller's mistake",
        'raise InputError("not a log", place="a.log:3", way_out="pass a ledger directory")',
        2,
        "error[QFS-INPUT]: a.log:3: not a log\n  -> pass a ledger directory\n",
    ),
    (
        "a fault of a provider",
        'raise ProviderFault("no provider answers")',
        2,
        "error[QFS-PROVIDER]: no provider answers\n",
    ),
    (
        "a file that the system refuses",
        'open("no/such/file")',
        2,
        "error[QFS-ENVIRONMENT]: [Errno 2] No such file or directory: 'no/such/file'\n",
    ),
    ("no memory", "raise MemoryError", 2, "error[QFS-ENVIRONMENT]: out of memory\n"),
    (
        "a broken invariant",
        'raise Halt(Code.ROOT_MISMATCH, seq=7, machine="ledger")',
        3,
        (
            "halted: CIR-302.03 ROOT_MISMATCH: machine=ledger, seq=7\n"
            "  -> qfs explain 302.03 says what it means and what to do\n"
        ),
    ),
    ("findings", "raise typer.Exit(1)", 1, ""),
    ("an interruption", "raise KeyboardInterrupt", 130, ""),
)


def run(failure: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a command that fails."""
    program = PROGRAM.format(failure=failure)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("what", "failure", "code", "printed"), FAILURES)
def test_a_failure_has_its_exit_code_and_one_clear_error(
    what: str, failure: str, code: int, printed: str
) -> None:
    outcome = run(failure)
    assert (outcome.returncode, outcome.stderr, outcome.stdout) == (code, printed, "")


IMPORTING = """
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise {failure}


sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("program", [(str(QFS),), (sys.executable, "-m", "qfs_cli")])
@pytest.mark.parametrize(
    ("failure", "code", "printed"),
    [
        ("KeyboardInterrupt", 130, ""),
        (
            "ModuleNotFoundError('no typer', name='typer')",
            2,
            "error[QFS-ENVIRONMENT]: a library is missing: no typer\n",
        ),
    ],
)
def test_what_ends_the_imports_ends_as_the_program_does(
    program: tuple[str, ...], failure: str, code: int, printed: str, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(IMPORTING.format(failure=failure), "utf-8")
    outcome = subprocess.run(
        [*program, "--version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (outcome.returncode, outcome.stderr, outcome.stdout) == (code, printed, "")


def test_a_report_that_cannot_be_written_says_that_the_work_is_done(tmp_path: Path) -> None:
    words = [QFS, "keys", "new", "me", "--unencrypted"]
    with Path("/dev/full").open("wb") as full:
        outcome = subprocess.run(
            words, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert outcome.returncode == 2
    assert outcome.stderr == (
        "error[QFS-ENVIRONMENT]: the output cannot be written: No space left on device\n"
        "  -> what the command did until then is done; look before you run it again\n"
    )
    assert sorted(one.name for one in tmp_path.iterdir()) == ["me.pem", "me.pub.pem"]


def test_an_error_that_nobody_can_be_told_keeps_its_exit_code(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        outcome = subprocess.run(
            [QFS, "packet", "show", "nothing"], cwd=tmp_path, stderr=full, check=False
        )
    assert outcome.returncode == 2


def test_a_reader_who_leaves_early_is_no_answer() -> None:
    program = PROGRAM.format(failure='[typer.echo("a line") for _ in range(100_000)]')
    left = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert left.stdout is not None
    assert left.stderr is not None
    left.stdout.readline()
    left.stdout.close()
    assert (left.stderr.read(), left.wait()) == (b"", 141)
    left.stderr.close()


@pytest.mark.parametrize("closed", ["2>&-", "1>&-"])
def test_a_stream_that_is_closed_is_no_bug(closed: str, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("import time\n\n\ndef f():\n    time.time()\n", "utf-8")
    line = f"exec {closed}; exec {QFS} audit --no-cache m.py"
    outcome = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, check=False)
    assert outcome.returncode == 1


def test_a_proof_that_nobody_is_trusted_for_is_a_wrong_call_and_no_false_proof() -> None:
    command = [QFS, "trail", "verify-proof", "any"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 2
    assert outcome.stderr.startswith("error[QFS-USAGE]: no key is trusted\n")


CLOSED = [
    ("0<&-", "packet show -", "standard input is closed"),
    ("0<&-", "tui .", "error["),
    ("1>&-", "keys seal secret --to in.pub.pem --key me.pem --ledger {0:064x}", "output is closed"),
]


@pytest.mark.parametrize(("closed", "words", "sentence"), CLOSED)
def test_what_would_be_read_or_written_there_says_so(
    closed: str, words: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret", "utf-8")
    (tmp_path / "secret").chmod(0o600)
    made = "keys new me --unencrypted", "keys new in --unencrypted --profile ML-KEM-1024"
    for one in made:
        subprocess.run([QFS, *one.split()], cwd=tmp_path, capture_output=True, check=True)
    line = f"exec {closed}; exec {QFS} {words.format(0)}"
    outcome = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, check=False)
    assert outcome.returncode == 2, outcome.stderr
    assert sentence in outcome.stderr.decode()


def test_a_bug_says_that_it_is_one_and_where() -> None:
    outcome = run("[][0]")
    assert outcome.returncode == 70
    assert "IndexError" in outcome.stderr
    assert outcome.stderr.endswith("error[QFS-BUG]: this is a bug in qfs; please report it\n")


def test_success_is_silent_about_itself() -> None:
    outcome = run("pass")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_the_version_is_the_packages_own() -> None:
    outcome = subprocess.run([QFS, "--version"], capture_output=True, text=True, check=True)
    assert outcome.stdout == f"qfs {__version__}\n"


def test_without_a_command_the_help_is_printed_and_nothing_was_done() -> None:
    outcome = subprocess.run([QFS], capture_output=True, text=True, check=False)
    assert outcome.returncode == 2
    assert "Usage: qfs" in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_a_commands_module_registers_the_command_that_it_is_listed_under(name: str) -> None:
    app = typer.Typer()
    commands.register(app, ["--flag", name, "--help"])
    registered = [one.name for one in (*app.registered_commands, *app.registered_groups)]
    assert registered == [name]


def test_a_program_that_cannot_be_imported_is_a_bug_and_never_a_finding() -> None:
    broken = "import sys; sys.modules['qfs.app.audit'] = None; from qfs_cli import main as program"
    words = "sys.argv = ['qfs', 'audit', '.']; program.main()"
    outcome = subprocess.run(
        [sys.executable, "-c", f"{broken}; {words}"], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 70
    assert "this is a bug in qfs" in outcome.stderr
