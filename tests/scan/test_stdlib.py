"""The standard library of the running interpreter: every public name has one classification."""

from qfs.app.audit import rulebook
from qfs.scan.builtin_functions import BUILTINS
from qfs.scan.rule import lookup
from tools.stdlib_names import public_callables

BOOK = rulebook(("all",))
UNKNOWN_MAX = 60  # names of versions newer than the summaries; on 3.11 there are fewer than ten


def classify(name: str) -> str:
    full = BOOK.summaries.canonical(name)
    if full in BUILTINS:
        return "modelled"
    matched, hits = lookup(BOOK.index.calls, full)
    pure = BOOK.summaries.pattern(full)
    if hits and len(matched) >= len(pure):
        return "effect"
    return "pure" if pure or full in BOOK.summaries.returns else "unknown"


def test_almost_no_public_name_of_the_standard_library_is_unknown() -> None:
    counts: dict[str, int] = {}
    unknown = []
    for module, names in public_callables().items():
        for name in names:
            kind = classify(f"{module}.{name}")
            counts[kind] = counts.get(kind, 0) + 1
            if kind == "unknown":
                unknown.append(f"{module}.{name}")
    assert counts["effect"] > 1500
    assert counts["pure"] > 900
    assert counts["modelled"] > 60
    assert len(unknown) <= UNKNOWN_MAX, unknown


CLASSIFIED = [
    ("time.time", "effect"),
    ("random.Random", "effect"),
    ("uuid.uuid5", "pure"),
    ("os.path.join", "pure"),
    ("os.path.abspath", "effect"),
    ("posixpath.join", "pure"),
    ("hashlib.sha256", "pure"),
    ("builtins.sorted", "modelled"),
    ("somebody.compute", "unknown"),
]


def test_well_known_names_are_what_they_are() -> None:
    assert [(name, classify(name)) for name, _kind in CLASSIFIED] == CLASSIFIED
