"""`qfs build` with real back-ends, on the small projects of tests/repro/backends.

- The back-ends come with requirements/dev.txt, so nothing is fetched here.
- The compiled projects take longer: in every run the recipe's pair of one of them, under the
  profile `nightly` both pairs of all.
- What a machine without bubblewrap can't vary is never a pass, and these tests assert that.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from qfs.app.build import BuildReport, BuildRequest, Pairs, Verdict, build
from qfs.app.build_evidence import provenance
from qfs.errors import InputError
from qfs.repro import Cause
from qfs.shell.sandbox import find_bubblewrap, find_faketime, find_locale, find_rust

FOLDER = Path(__file__).parents[1] / "repro" / "backends"
ABLE = None not in (find_bubblewrap(), find_faketime(), find_locale())
NIGHTLY = os.environ.get("QFS_PROFILE") == "nightly"
ZIP = {Cause.ZIP_MTIME, Cause.ZIP_MODE}
TAR = {Cause.GZIP_MTIME, Cause.TAR_MTIME}


@dataclass(frozen=True)
class Expected:
    """What differs between builds of the sample of one back-end."""

    name: str
    wheel: frozenset[Cause]
    """In the bare pair."""
    sdist: frozenset[Cause]
    recipe: frozenset[Cause]
    """In the sdist of the normalised pair; its wheel never differs."""


def expected(
    name: str, wheel: set[Cause] = frozenset(), sdist: set[Cause] = frozenset(),
    recipe: set[Cause] = frozenset(),
) -> Expected:  # fmt: skip
    return Expected(name, frozenset(wheel), frozenset(sdist), frozenset(recipe))


PURE = [
    expected("setuptools", ZIP, TAR | {Cause.TAR_MODE, Cause.TAR_OWNER}, TAR),
    expected("hatchling"),
    expected("flit", {Cause.ZIP_MTIME}, {Cause.TAR_MTIME}),
    expected("poetry"),
    expected("pdm", set(), TAR, {Cause.GZIP_MTIME}),
    expected("uv"),
]
COMPILED = [
    expected("meson", ZIP),
    expected("scikit-build", {Cause.ZIP_MTIME, Cause.BUILD_PATH}),
]
LOCALE = {Cause.BUILD_FAILS}
"""poetry-core asks git and reads its answer as UTF-8, whatever the locale: some gits answer so."""


def found(report: BuildReport, pair: str, end: str) -> set[Cause]:
    """Return the causes of one artefact of a pair."""
    return {
        each.cause for label, each in report.differences
        if label == pair and each.artifact.endswith(end)
    }  # fmt: skip


@pytest.mark.parametrize("sample", PURE, ids=lambda each: each.name)
def test_a_pure_project_is_built_and_what_its_back_end_lets_differ_is_named(
    sample: Expected,
) -> None:
    report = build(BuildRequest(FOLDER / sample.name, bisect=False))
    if not ABLE:
        assert report.verdict is not Verdict.REPRODUCIBLE
        return
    extra = LOCALE if sample.name == "poetry" else set()
    assert found(report, "bare", ".whl") - extra == sample.wheel
    assert found(report, "bare", ".tar.gz") - extra == sample.sdist
    assert found(report, "normalised", ".whl") == set()
    assert found(report, "normalised", ".tar.gz") == sample.recipe
    assert report.not_exercised() == ()
    assert len(report.packages) == 1


@pytest.mark.parametrize("name", [each.name for each in PURE if each.recipe])
def test_an_sdist_that_the_recipe_leaves_different_is_the_same_once_repacked(name: str) -> None:
    request = BuildRequest(FOLDER / name, Pairs.NORMALISED, ("sdist",), repack=True)
    assert build(request).verdict is (Verdict.REPRODUCIBLE if ABLE else Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("sample", COMPILED if NIGHTLY else COMPILED[:1], ids=lambda one: one.name)
def test_a_compiled_project_is_the_same_under_the_recipe_and_its_causes_are_named(
    sample: Expected,
) -> None:
    pairs = Pairs.BOTH if NIGHTLY else Pairs.NORMALISED
    request = BuildRequest(FOLDER / sample.name, pairs, ("wheel",))
    if shutil.which("cc") is None:
        with pytest.raises(InputError, match="cannot be built"):
            build(request)
        return
    report = build(request)
    if not ABLE:
        assert report.verdict is not Verdict.REPRODUCIBLE
        return
    assert found(report, "bare", ".whl") == (sample.wheel if NIGHTLY else set())
    assert found(report, "normalised", ".whl") == set()
    assert report.not_exercised() == ()


def test_a_project_in_rust_is_the_same_under_the_recipe_but_its_compiler_keeps_its_clock() -> None:
    request = BuildRequest(FOLDER / "maturin", Pairs.NORMALISED, ("wheel",))
    if find_rust() is None:
        with pytest.raises(InputError, match="install Rust"):
            build(request)
        return
    report = build(request)
    names = {each.name for each in report.not_exercised()}
    assert "clock-of-rustc" in names
    assert report.differences == ()
    assert report.verdict is Verdict.INCONCLUSIVE


def test_an_sdist_is_built_like_the_folder_that_it_was_made_of(tmp_path: Path) -> None:
    sdist, wheel = build(BuildRequest(FOLDER / "hatchling", Pairs.NORMALISED)).kept()
    (tmp_path / sdist.name).write_bytes(sdist.data)
    again = build(BuildRequest(tmp_path / sdist.name, Pairs.NORMALISED, ("wheel",)))
    assert [each.first for each in again.kept()] == [wheel.first]
    digest = hashlib.sha256(sdist.data).hexdigest()
    parameters = provenance(again, tmp_path / sdist.name).predicate["buildDefinition"]
    assert parameters["externalParameters"]["source"] == {"digest": {"sha256": digest}}
