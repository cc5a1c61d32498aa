"""The build sample: drawn as the seed says, measured in that order, nothing left out."""

from benchmarks._sample_draw import COMPILED, PURE, drawn, popular
from benchmarks._sample_run import DRAWN, OUTCOMES, first, latest, lines
from benchmarks.build_sample import counts, unnamed, upto


def test_the_list_has_200_names_and_the_draw_is_an_order_of_them() -> None:
    assert len(set(popular())) == len(popular()) == 200
    assert sorted(drawn()) == sorted(popular())
    assert drawn()[:4] == ["protobuf", "aiobotocore", "et-xmlfile", "six"]


def test_what_was_looked_up_is_the_beginning_of_the_draw() -> None:
    names = [line["name"] for line in lines(DRAWN)]
    assert names == drawn()[: len(names)]


def test_the_sample_is_the_first_packages_of_each_sort_and_each_has_an_outcome() -> None:
    found = [line for line in lines(DRAWN) if line["sdist"]]
    pure = [line["name"] for line in found if line["sort"] == "pure"][:PURE]
    compiled = [line["name"] for line in found if line["sort"] == "compiled"]
    now = latest()
    assert set(pure) <= now.keys()
    assert set(now) <= {*pure, *compiled}
    sample = upto([line for line in found if line["sort"] == "compiled"], now)
    assert [line["name"] for line in sample] == compiled[: len(sample)]
    built = [line for line in sample if now[line["name"]]["wheel"] != "cannot be built"]
    assert len(built) <= COMPILED


def test_the_first_outcome_of_a_package_stays_and_the_last_one_counts() -> None:
    for name, line in first().items():
        of_it = [each for each in lines(OUTCOMES) if each["name"] == name]
        assert (line, latest()[name]) == (of_it[0], of_it[-1])
    for line in lines(OUTCOMES):
        assert line["qfs"]
        assert line["wheel"] in ("identical", "different", "inconclusive", "cannot be built")


def outcome(agreement: str, *causes: str, wheel: str = "identical", repacked: str = "identical"):
    """Return an outcome as the sample has them."""
    return {
        "wheel": wheel,
        "sdist": "different",
        "repacked": repacked,
        "published": {
            "agreement": agreement,
            "reason": "",
            "causes": [[cause, 1, "here"] for cause in causes],
        },
    }


def test_outcomes_are_counted_by_what_they_are() -> None:
    found = [
        outcome("BIT-FOR-BIT"),
        outcome("CONTENT-IDENTICAL", "zip-mtime"),
        outcome("METADATA-DIFFERS", "unknown", wheel="different"),
        outcome("NOT-COMPARABLE", wheel="cannot be built", repacked="cannot be built"),
    ]
    assert [unnamed(line) for line in found] == [False, False, True, True]
    told = counts(found)
    assert told["wheels: can be built"] == "3 of 4"
    assert told["wheels: the same twice under the recipe"] == "2 of 3"
    assert told["sdists: the same twice, repacked"] == "3 of 3"
    assert told["published wheels: bit for bit"] == "1 of 4 (25 %)"
    assert told["published wheels: at least identical contents"] == "2 of 4 (50 %)"
    assert told["misses without a named cause"] == "2"
