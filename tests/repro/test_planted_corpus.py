"""The corpus that others planted (tests/repro/planted): what needs no new build to be judged.

- The pairs are artefacts of real builds, made by ``python -m tests.repro.make_pairs``.
- A few are built anew in every run, all of them under the profile `nightly`.
- The whole corpus, with the first sight, is docs/benchmarks/build_planted.md.
"""

import os
from pathlib import Path

import pytest

from qfs.app.build import Verdict
from qfs.repro import compare
from qfs.repro.causes import REMEDIES, Cause
from qfs.shell.sandbox import find_bubblewrap, find_faketime, find_locale
from tests.repro.judging import (
    ACCEPTED,
    FoundPair,
    Judged,
    Planted,
    answers,
    corpus,
    first_sight,
    judged,
    pairs,
    report,
)

PAIRS = pairs()
FEW = ("erica-link", "freesia-nightly", "nail-env-order", "ok-by-hand", "rowan-zip-order")
BUILT = [one for one in corpus() if os.environ.get("QFS_PROFILE") == "nightly" or one.name in FEW]
ABLE = all(find() is not None for find in (find_bubblewrap, find_faketime, find_locale))


@pytest.mark.parametrize("planted", BUILT, ids=lambda planted: planted.name)
def test_a_planted_project_that_is_built_anew_is_explained_or_is_no_pass(
    planted: Planted, tmp_path: Path
) -> None:
    made = report(planted, tmp_path / planted.name)
    answer = judged(planted, answers(made))
    if planted.cause == "none":
        assert not answer.found
    elif ABLE or answer.found:
        assert answer.named, answer.answers
        assert answer.mended, answer.answers
    else:
        assert made.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.planted.name)
def test_a_planted_cause_is_named_with_its_fix_by_looking_alone(pair: FoundPair) -> None:
    given = seen(pair)
    answer = judged(pair.planted, given)
    assert answer.named, given
    assert answer.mended, given


def test_at_least_half_of_the_corpus_can_be_told_by_looking() -> None:
    planted = [one for one in corpus() if one.cause != "none"]
    assert len(planted) == 64
    assert 2 * len(PAIRS) >= len(planted)


def test_every_planted_cause_is_mapped_to_causes_whose_fix_holds_the_word() -> None:
    for planted in corpus():
        for cause, word in ACCEPTED[planted.cause].items():
            if (planted.cause, cause) != ("version-from-clock", "timestamp"):
                assert word in REMEDIES[Cause(cause)].fix


def test_a_wrong_cause_a_missing_one_and_one_too_many_are_not_right() -> None:
    planted = next(one for one in corpus() if one.cause == "gzip-time" and one.kind == "wheel")
    right = ("gzip-mtime", REMEDIES[Cause.GZIP_MTIME].fix)
    wrong = ("random", REMEDIES[Cause.RANDOM].fix)
    assert marks(judged(planted, [right])) == (True, True, True)
    assert marks(judged(planted, [right, wrong])) == (True, False, True)
    assert marks(judged(planted, [wrong])) == (True, False, False)
    assert marks(judged(planted, [])) == (False, False, False)


def test_the_first_sight_is_kept_as_it_was_and_covers_the_corpus() -> None:
    assert [one.planted.name for one in first_sight()] == [one.name for one in corpus()]


def seen(pair: FoundPair) -> list[tuple[str, str]]:
    found = compare(pair.name, pair.first, pair.second, pair.sides)
    return sorted({(each.cause.value, each.fix) for each in found})


def marks(one: Judged) -> tuple[bool, bool, bool]:
    return one.found, one.named, one.mended
