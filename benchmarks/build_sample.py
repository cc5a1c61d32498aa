"""What `qfs build` and `qfs verify` find on popular packages, drawn before anything was measured.

- ``python -m benchmarks build_sample`` measures what has no outcome yet, then writes the page;
  ``python -m benchmarks._sample_run NAME ...`` measures packages again.
- List, seed and rule: benchmarks/_sample_draw.py. Outcomes: benchmarks/build_sample/*.jsonl, where
  later outcomes stand below earlier ones and nothing is taken out.
"""

from collections.abc import Iterable, Mapping

from benchmarks._sample_draw import COMPILED, PURE, SEED, drawn
from benchmarks._sample_run import DRAWN, Line, first, go_on, latest, lines
from benchmarks.common import Report, Table

BEST = ("BIT-FOR-BIT", "CONTENT-IDENTICAL", "METADATA-DIFFERS", "CODE-DIFFERS", "NOT-COMPARABLE")


def run() -> Report:
    go_on()
    return page()


def page() -> Report:
    """Return the page of what has been measured so far."""
    found = {line["name"]: line for line in lines(DRAWN)}
    order = [found[name] for name in drawn() if name in found]
    before, now = first(), latest()
    pure = [one for one in order if one["sort"] == "pure" and one["name"] in now][:PURE]
    compiled = upto([one for one in order if one["sort"] == "compiled"], now)
    return Report(
        "build_sample",
        "Reproducible builds: popular packages",
        f"{PURE} pure and {COMPILED} compiled packages out of the 200 most downloaded of PyPI, in "
        f"the order that the seed `{SEED}` gives; list, seed and rule were committed before "
        "anything was measured. Each is built from its published sdist, twice under the recipe of "
        "`qfs build` (no network, the clock moved by 400 days or more, another number of "
        "processors, another kernel name); then `qfs verify` rebuilds its published wheel. pip "
        "runs with its default index and configuration.",
        [
            summary(pure, before, now),
            each_pure(pure, now),
            each_compiled(compiled, now),
            passed_over(order),
        ],
        ("pip", "build"),
    )


def summary(pure: list[Line], before: Mapping[str, Line], now: Mapping[str, Line]) -> Table:
    """Count the pure packages, at their first outcome and at the last."""
    commits = [before[one["name"]]["qfs"] for one in pure]
    early = commits.count(commits[0]) if commits else 0
    columns = [counts([outcomes[one["name"]] for one in pure]) for outcomes in (before, now)]
    rows = [
        (title, columns[0][title], columns[1][title], GOALS.get(title, "")) for title in columns[1]
    ]
    note = (
        "Identical contents are the same files in other wrapping: `qfs verify` does not call that "
        f"reproduced. After {early} of the first outcomes the tool learned from their misses: the "
        "day and the time zone of the build are read off the wheel now, and a tag or a package "
        "that only one tree held is named. The last figures therefore say less about other "
        "packages than those first ones do; each outcome names the commit that gave it."
    )
    return Table(f"{len(pure)} pure packages", ("", "first", "last", "goal"), rows, note)


GOALS = {
    "wheels: the same twice under the recipe": "all that build",
    "sdists: the same twice, repacked": "all that build",
    "published wheels: bit for bit": "reported",
    "published wheels: at least identical contents": "reported",
    "misses without a named cause": "0",
}


def counts(found: list[Line]) -> dict[str, str]:
    """Count outcomes by title."""
    agreements = [line["published"]["agreement"] for line in found]
    same = sum(each == "BIT-FOR-BIT" for each in agreements)
    alike = same + sum(each == "CONTENT-IDENTICAL" for each in agreements)
    built = sum(line["wheel"] != "cannot be built" for line in found)
    packed = sum(line["repacked"] != "cannot be built" for line in found)
    return {
        "wheels: can be built": f"{built} of {len(found)}",
        "wheels: the same twice under the recipe": of(found, "wheel", built),
        "sdists: the same twice under the recipe, as they are": of(found, "sdist", packed),
        "sdists: the same twice, repacked": of(found, "repacked", packed),
        "published wheels: bit for bit": share(same, len(found)),
        "published wheels: at least identical contents": share(alike, len(found)),
        **{
            f"published wheels: {name}": str(agreements.count(name))
            for name in BEST[2:]
            if name in agreements
        },
        "misses without a named cause": str(sum(unnamed(line) for line in found)),
    }


def of(found: Iterable[Line], key: str, built: int) -> str:
    return f"{sum(line[key] == 'identical' for line in found)} of {built}"


def share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part // max(whole, 1)} %)"


def unnamed(line: Line) -> bool:
    """Say whether an outcome holds a difference of which nobody knows the cause."""
    published = line["published"]
    if published["agreement"] == "NOT-COMPARABLE":
        return not published["reason"]
    return any(cause == "unknown" for cause, _, _ in published["causes"])


def each_pure(pure: list[Line], now: Mapping[str, Line]) -> Table:
    """Show one row a pure package."""
    rows = []
    for one in pure:
        line = now[one["name"]]
        published = line["published"]
        rows.append(
            (
                f"{one['name']} {one['version']}",
                published.get("generator", ""),
                line["wheel"],
                f"{line['sdist']}, {line['repacked']}",
                published["agreement"],
                published.get("attempt", ""),
                why(line),
            )
        )
    header = ("package", "made by", "wheel", "sdist, repacked", "published wheel", "rebuilt", "why")
    return Table("Each pure package", header, rows)


def upto(compiled: list[Line], now: Mapping[str, Line]) -> list[Line]:
    """Return the packages as they were drawn, up to the last one that the sample needs."""
    tried: list[Line] = []
    built = 0
    for one in compiled:
        if built == COMPILED or one["name"] not in now:
            break
        tried.append(one)
        built += now[one["name"]]["wheel"] != "cannot be built"
    return tried


def each_compiled(compiled: list[Line], now: Mapping[str, Line]) -> Table:
    """Show one row a compiled package that was tried."""
    rows = []
    for one in compiled:
        line = now[one["name"]]
        agreement = line["published"]["agreement"]
        made = line.get("wheel_made", "")
        rows.append((f"{one['name']} {one['version']}", line["wheel"], made, agreement, why(line)))
    built = [one for one in compiled if now[one["name"]]["wheel"] != "cannot be built"]
    same = sum(now[one["name"]]["wheel"] == "identical" for one in built)
    note = (
        f"{same} of {len(built)} that can be built here are the same twice under the recipe. A "
        "published compiled wheel depends on the image that it was compiled in, which it does not "
        "name. Inconclusive means the same bytes, but a clock that stood still in both builds, "
        "which is no pass; some build a pure wheel unless they are told to compile. A build has "
        "300 s, no network, and the compilers and libraries of this machine."
    )
    header = ("package", "wheel, twice", "what is built", "published wheel", "why")
    return Table(f"{len(compiled)} compiled packages", header, rows, note)


def why(line: Line) -> str:
    """Return the causes of one outcome in a few words."""
    told = [f"{cause} ({count})" for cause, count, _ in line["published"]["causes"]]
    if line["published"]["agreement"] == "NOT-COMPARABLE" and line["wheel"] != "cannot be built":
        told.append(line["published"]["reason"])
    told += line["causes"][:2]
    return "; ".join(told).replace("|", "/").replace("<", "&lt;").replace("\n", " ")[:300]


def passed_over(order: list[Line]) -> Table:
    """Show what was drawn and could not be in the sample."""
    rows = [(one["name"], one["reason"]) for one in order if one["sdist"] == ""]
    rows = rows or [("none", "each has a wheel and an sdist")]
    return Table("Drawn and passed over", ("package", "why"), rows)
