"""The standard library of the running interpreter: every public name has one classification."""

from qfs.app.audit import rulebook
from tools.stdlib_names import classify, counted

BOOK = rulebook(("all",))
UNKNOWN_MAX = 60  # names of versions newer than the summaries; on 3.11 there are fewer than ten


def test_almost_no_public_name_of_the_standard_library_is_unknown() -> None:
    counts, unknown = counted(BOOK)
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
    ("os.getenv", "effect"),
    ("numpy.lexsort", "pure"),
    ("numpy.mean", "effect"),
    ("cryptography.hazmat.primitives.hashes.SHA256", "pure"),
    ("pydantic.PastDate", "effect"),
    ("pydantic.StringConstraints", "pure"),
    ("msgspec.json.encode", "pure"),
    ("cbor2.dumps", "pure"),
    ("hashlib.sha256", "pure"),
    ("builtins.sorted", "modelled"),
    ("somebody.compute", "unknown"),
]


def test_well_known_names_are_what_they_are() -> None:
    assert [(name, classify(BOOK, name)) for name, _kind in CLASSIFIED] == CLASSIFIED
