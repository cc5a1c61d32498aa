"""What a wheel shows of its making."""

from dataclasses import replace

import pytest

from qfs.repro import Cause, Difference
from qfs.repro.bisect import REPEAT, blamed, culprits, traces
from qfs.repro.causes import REMEDIES
from qfs.repro.environment import CAUSE_OF, FIRST, VARIATIONS, normalised, varied
from qfs.repro.recipe import LAST_WITHOUT_OWN_WHEELS, infer, pinned
from qfs.repro.verdicts import Agreement, agreement
from tests.repro.archives import EPOCH, wheel


def made_by(generator: str, **fields: object) -> bytes:
    """Return a wheel that says who made it."""
    text = f"Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\n"
    return wheel({"p/__init__.py": b"", "p-1.dist-info/WHEEL": text.encode()}, **fields)


@pytest.mark.parametrize(
    ("generator", "pins"),
    [
        ("hatchling 1.27.0", ("hatchling==1.27.0",)),
        ("setuptools (80.9.0)", ("setuptools==80.9.0",)),
        ("bdist_wheel (0.43.0)", ("wheel==0.43.0", LAST_WITHOUT_OWN_WHEELS)),
        ("flit 3.12.0", ("flit-core==3.12.0",)),
        ("poetry-core 2.1.3", ("poetry-core==2.1.3",)),
        ("pdm-backend (2.4.5)", ("pdm-backend==2.4.5",)),
        ("uv 0.8.4", ("uv-build==0.8.4",)),
        ("somebody 1.0", ()),
        ("hatchling", ()),
        ("hatchling 1; rm -rf", ("hatchling==1",)),
    ],
)
def test_the_back_end_is_pinned_as_the_wheel_names_it(
    generator: str, pins: tuple[str, ...]
) -> None:
    found = infer("p-1-py3-none-any.whl", made_by(generator)).pins
    assert found == pins or (";" in generator and found == ())


def test_a_back_end_without_a_version_is_named_alone() -> None:
    assert infer("p-1-py3-none-any.whl", made_by("meson")).generator == "meson"


def test_date_modes_and_purity_are_read_off_the_entries() -> None:
    recipe = infer("p-1-py3-none-any.whl", made_by("x 1"))
    assert (recipe.epoch, recipe.one_time, recipe.umask, recipe.pure) == (EPOCH, True, 0o022, True)
    shared = infer("p-1-py3-none-any.whl", made_by("x 1", external_attr=0o100664 << 16))
    assert shared.umask == 0o002
    assert not infer("p-1-cp311-cp311-linux_x86_64.whl", made_by("x 1")).pure


def test_pins_replace_what_they_name() -> None:
    asked = ("Setuptools>=61", "wheel", "setuptools_scm[toml]>=8")
    assert pinned(asked, ("setuptools==80.9.0",)) == (
        "wheel",
        "setuptools_scm[toml]>=8",
        "setuptools==80.9.0",
    )


def found(member: str, cause: Cause) -> Difference:
    """Return a difference."""
    return Difference("p.whl", member, cause, "x and y")


AGREEMENTS = [
    (Agreement.BIT_FOR_BIT, []),
    (Agreement.CONTENT_IDENTICAL, [found("a", Cause.ZIP_MTIME), found("a", Cause.ZIP_MODE)]),
    (Agreement.METADATA_DIFFERS, [found("p-1.dist-info/METADATA", Cause.UNKNOWN)]),
    (Agreement.CODE_DIFFERS, [found("p/a.py", Cause.TIMESTAMP), found("a", Cause.ZIP_MODE)]),
    (Agreement.CODE_DIFFERS, [found("p/data.gz", Cause.UNKNOWN)]),
    (Agreement.CODE_DIFFERS, [found("p/inner.zip!a", Cause.ZIP_MTIME)]),
    (Agreement.CODE_DIFFERS, [found("p/b.py", Cause.MEMBER_SET)]),
]


@pytest.mark.parametrize(("expected", "differences"), AGREEMENTS)
def test_only_the_same_bytes_are_a_reproduction(
    expected: Agreement, differences: list[Difference]
) -> None:
    assert agreement(differences) is expected


def test_each_variation_changes_one_thing_and_has_its_cause() -> None:
    for name in VARIATIONS:
        assert varied(FIRST, (name,), "first") != FIRST
        assert CAUSE_OF[name] in REMEDIES
    assert set(CAUSE_OF) == {*VARIATIONS, REPEAT}
    first, second = normalised(0)
    assert first.folder == second.folder
    assert first.clock_shift != second.clock_shift


@pytest.mark.parametrize("guilty", [*[(name,) for name in VARIATIONS], ("umask", "kernel", "path")])
def test_a_bisect_finds_each_culprit_with_few_builds(guilty: tuple[str, ...]) -> None:
    builds = 0

    def tried(names: tuple[str, ...]):
        nonlocal builds
        builds += 1
        return {("m", Cause.UNKNOWN): "x and y"} if set(names) & set(guilty) else {}

    blame = culprits(VARIATIONS, frozenset(["m"]), {}, tried)
    assert set(blame) == set(guilty)
    assert builds <= 2 * len(guilty) * len(VARIATIONS).bit_length()


def test_a_guess_is_replaced_by_what_is_to_blame() -> None:
    guess = [found("m", Cause.UNKNOWN), found("n", Cause.LINE_ORDER), found("o", Cause.BUILD_PATH)]
    changed = {
        REPEAT: traces([found("n", Cause.LINE_ORDER)]),
        "umask": traces([found("m", Cause.UNKNOWN)]),
    }
    causes = [(each.member, each.cause) for each in blamed(guess, changed)]
    assert causes == [("m", Cause.UMASK), ("n", Cause.CHANCE_ORDER), ("o", Cause.BUILD_PATH)]


def test_a_guess_that_nothing_explains_stays() -> None:
    guess = [found("m", Cause.UNKNOWN)]
    assert list(blamed(guess, {REPEAT: {}})) == guess


@pytest.mark.parametrize(
    ("shift", "zone"), [(0, 0), (7_200, 7_200), (-34_200, -34_200), (7_201, 0), (15 * 3_600, 0)]
)
def test_the_time_zone_shows_in_file_times_that_are_all_as_far_from_the_sources(
    shift: int, zone: int
) -> None:
    moments = {"p-1/p/a.py": EPOCH - 1_001, "p-1/p/b.py": EPOCH - 50_000}
    entries = {name[4:]: moment - moment % 2 + shift for name, moment in moments.items()}
    recipe = replace(infer("p-1-py3-none-any.whl", made_by("x 1")), times=entries)
    assert recipe.zone(moments) == zone
    assert recipe.zone({}) == 0


def test_when_it_was_made_is_what_most_of_the_metadata_says() -> None:
    recipe = infer("p-1-py3-none-any.whl", made_by("x 1"))
    assert (recipe.built, recipe.newest) == (EPOCH, EPOCH)
    assert set(recipe.times.values()) == {EPOCH}
