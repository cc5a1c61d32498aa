"""What `qfs lock --check` finds in a lock file, and what it leaves alone."""

import pytest

from qfs.repro.locks import problems, requirements

HASH = f"--hash=sha256:{'ab' * 32}"
GOOD = f"""\
alpha==1.2 \\
    {HASH} \\
    {HASH}
    # via -r requirements/runtime.in
beta==3.0 ; python_version < "4" \\
    {HASH}
    # via
    #   -r requirements/runtime.in
    #   alpha

# A sentence that belongs to nothing.
gamma==0.1rc1 {HASH}
    # via alpha
"""
ASKED = [("requirements/runtime.in:1", "alpha>=1"), ("requirements/runtime.in:2", "Beta")]
INPUTS = ["-r requirements/runtime.in"]


def found(text: str, asked=ASKED) -> list[str]:
    """Return the sentences about a lock file."""
    return [each.sentence for each in problems("lock.txt", text, asked, INPUTS)]


def test_a_lock_that_fits_has_no_problem() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD.replace("alpha==1.2", "alpha==0.9"), "the locked 0.9 does not satisfy it"),
        (GOOD.replace("alpha==1.2", "alpha>=1.2"), "no exact version: alpha>=1.2"),
        (GOOD.replace("alpha==1.2", "alpha==1.*"), "no exact version: alpha==1.*"),
        (GOOD.replace(HASH, ""), "no SHA-256: alpha==1.2"),
        (GOOD.replace("sha256", "md5"), "no SHA-256: alpha==1.2"),
        (GOOD.replace("    # via alpha\n", ""), "gamma is there for no named reason"),
        (GOOD.replace("# via alpha", "# via delta"), "gamma is there for delta, which is not"),
        ("--prefer-binary\n" + GOOD, "ties the file to one place"),
        ("-e ./local\n" + GOOD, "ties the file to one place"),
        ("x @ file:///x.whl\n" + GOOD, "ties the file to one place"),
        ("!!!\n" + GOOD, "no requirement: !!!"),
    ],
)
def test_a_lock_that_does_not_fit_is_named(text: str, sentence: str) -> None:
    assert [each for each in found(text) if sentence in each]


@pytest.mark.parametrize(
    ("requirement", "sentence"),
    [
        ("delta", "it is not locked"),
        ("alpha<1", "does not satisfy it"),
        ("not a requirement (", "it is no requirement"),
        ("delta; python_version < '3'", ""),
        ("gamma", ""),
    ],
)
def test_what_is_asked_for_is_compared_with_what_is_locked(requirement: str, sentence: str) -> None:
    sentences = found(GOOD, [*ASKED, ("requirements/more.in:1", requirement)])
    assert bool(sentences) is bool(sentence)
    assert all(sentence in each for each in sentences)


def test_comments_and_empty_lines_are_not_requirements() -> None:
    assert list(requirements("# why\n\nalpha  # because\n-r other.in\n")) == [
        (3, "alpha"),
        (4, "-r other.in"),
    ]
