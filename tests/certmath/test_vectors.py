"""Every vector, interpreted, compiled, and by every interpreter that this machine has."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.certmath import CertifiedMathError, Rounding, raw
from tests.certmath import digest
from tests.certmath.vectors import FILE, Vector, read, say

ROOT = Path(__file__).parents[2]
MODES, VECTORS = read()
FUNCTIONS = tuple(sorted({vector.function for vector in VECTORS}))


def test_there_are_at_least_twenty_thousand_vectors_over_all_modes() -> None:
    assert len(VECTORS) * len(MODES) >= 20_000
    assert [str(mode) for mode in Rounding] == MODES


def test_there_are_vectors_for_every_function() -> None:
    helpers = {"div_exact", "mul_exact", "saturate", "wrap", "MAX_RAW", "MIN_RAW"}
    assert set(FUNCTIONS) == set(raw.__all__) - helpers


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_vector_is_met_in_every_mode(function: str) -> None:
    for vector in [v for v in VECTORS if v.function == function]:
        for index, mode in enumerate(Rounding):
            if function == "allocate" and mode is not Rounding.ROUND_FLOOR:
                continue
            assert _given(vector, mode) == vector.expected(index), (vector, mode)


def _given(vector: Vector, mode: Rounding) -> object:
    call = getattr(raw, vector.function)
    try:
        if vector.function in ("add", "sub", "sum"):
            return call(*vector.arguments)
        return call(*vector.arguments, mode)
    except CertifiedMathError as error:
        return type(error).__name__


@pytest.fixture(scope="session")
def interpreted() -> str:
    return _digest([sys.executable], ROOT)


def test_the_digest_of_all_vectors_is_the_recorded_one(interpreted: str) -> None:
    recorded = (FILE.parent / "digest.txt").read_text(encoding="ascii").split()[0]
    assert interpreted.split(maxsplit=1)[0] == recorded


def test_every_supported_interpreter_of_this_machine_gives_the_same_digest(
    interpreted: str,
) -> None:
    others = _interpreters()
    for program in others.values():
        assert _digest([program], ROOT).split(maxsplit=1)[0] == interpreted.split(maxsplit=1)[0], (
            program
        )
    for version in ("3.11", "3.12", "3.13", "3.14"):
        if version not in others:
            say(f"Python {version}: NOT RUN (no such interpreter here)")


def test_optimised_bytecode_gives_the_same_digest(interpreted: str) -> None:
    assert _digest([sys.executable, "-OO"], ROOT) == interpreted


def test_the_hot_modules_compiled_by_mypyc_give_the_same_digest(
    interpreted: str, tmp_path: Path
) -> None:
    if shutil.which("cc") is None:
        say("mypyc: NOT RUN (no C compiler here)")
        return
    (tmp_path / "qfs").mkdir()
    for name in ("__init__.py", "errors.py", "canon", "certmath"):
        source = ROOT / "qfs" / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / "qfs" / name)
    hot = [f"qfs/certmath/{name}.py" for name in digest.HOT]
    subprocess.run(
        [sys.executable, "-m", "mypyc", "--ignore-missing-imports", *hot],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        env={**os.environ, "MYPYC_OPT_LEVEL": "0"},
    )
    words = _digest([sys.executable], tmp_path).split()
    assert words[1] == str(len(digest.HOT))
    assert words[0] == interpreted.split(maxsplit=1)[0]


def _digest(program: list[str], root: Path) -> str:
    done = subprocess.run(
        [*program, str(Path(digest.__file__)), str(FILE)],
        check=True,
        capture_output=True,
        text=True,
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": os.environ.get("PATH", "")},
    )
    return done.stdout.strip()


def _interpreters() -> dict[str, str]:
    """Find one of each Python from 3.11 on PATH and beside the running one's installation."""
    names = re.compile(r"python3\.\d+$")
    places = [Path(place) for place in os.environ.get("PATH", "").split(os.pathsep)]
    places += sorted(Path(sys.base_prefix).parent.glob("*/bin"))
    found: dict[str, str] = {}
    for place in places:
        for program in sorted(place.glob("python3.*")) if place.is_dir() else []:
            if names.match(program.name):
                version = _version(str(program))
                if version and tuple(int(n) for n in version.split(".")) >= (3, 11):
                    found.setdefault(version, str(program))
    return found


def _version(program: str) -> str:
    done = subprocess.run(
        [program, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
