"""What the comparison of two artefacts finds, cause by cause."""

import gzip
import io
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.repro import REMEDIES, ArchiveError, Cause, Side, compare
from tests.repro.archives import EPOCH, FILES, WHEN, sdist, wheel, with_file

BACKWARD = dict(reversed(FILES.items()))
INFO = "p-1.dist-info"

ARCHIVES = {
    Cause.ZIP_MTIME: (wheel(), wheel(date_time=(*WHEN[:5], 12))),
    Cause.ZIP_MODE: (wheel(), wheel(external_attr=0o100664 << 16)),
    Cause.ZIP_ORDER: (wheel(), wheel(BACKWARD)),
    Cause.ZIP_HOST: (wheel(), wheel(create_system=0)),
    Cause.ZIP_METHOD: (wheel(), wheel(method=zipfile.ZIP_STORED)),
    Cause.ZIP_EXTRA: (wheel(), wheel(extra=b"UT\x05\0\x03abcd")),
    Cause.ZIP_COMMENT: (wheel(), wheel(comment=b"made on a Monday")),
    Cause.ZIP_FLAGS: (wheel(), wheel(internal_attr=1)),
    Cause.DEFLATE: (wheel(), wheel(level=0)),
    Cause.GZIP_MTIME: (sdist(), sdist(gzip_time=EPOCH + 1)),
    Cause.GZIP_NAME: (sdist(gzip_name="a.tar"), sdist(gzip_name="b.tar")),
    Cause.GZIP_HEADER: (sdist(), sdist(level=1)),
    Cause.TAR_MTIME: (sdist(), sdist(mtime=EPOCH + 1)),
    Cause.TAR_MODE: (sdist(), sdist(mode=0o600)),
    Cause.TAR_OWNER: (sdist(), sdist(uid=1000, uname="somebody")),
    Cause.TAR_ORDER: (sdist(), sdist(BACKWARD)),
    Cause.TAR_FORMAT: (sdist(), sdist(form=tarfile.GNU_FORMAT)),
    Cause.TAR_TYPE: (
        sdist({"a": b""}, type=tarfile.SYMTYPE, linkname="b"),
        sdist({"a": b""}, type=tarfile.SYMTYPE, linkname="c"),
    ),
    Cause.MEMBER_SET: (wheel(), wheel(with_file("p/c.py", b"C = 3\n"))),
    Cause.RECORD_ORDER: (
        wheel({f"{INFO}/RECORD": b"a,,\nb,,\n"}),
        wheel({f"{INFO}/RECORD": b"b,,\na,,\n"}),
    ),
    Cause.RECORD_FOLLOWS: (
        wheel({f"{INFO}/RECORD": b"a,sha256=1,1\n"}),
        wheel({f"{INFO}/RECORD": b"a,sha256=2,1\n"}),
    ),
    Cause.GENERATOR: (
        wheel({f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: flit 3.9.0\n"}),
        wheel({f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: flit 3.12.0\n"}),
    ),
    Cause.WHEEL_TAG: (
        wheel({f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nTag: py2-none-any\nTag: py3-none-any\n"}),
        wheel({f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n"}),
    ),
}


@pytest.mark.parametrize("cause", ARCHIVES, ids=lambda cause: cause.value)
def test_one_thing_that_differs_in_an_archive_is_the_one_cause_named(cause: Cause) -> None:
    first, second = ARCHIVES[cause]
    assert {found.cause for found in compare("p.whl", first, second)} == {cause}
    assert {found.cause for found in compare("p.whl", second, first)} == {cause}


@pytest.mark.parametrize("make", [wheel, sdist])
def test_equal_archives_have_no_difference(make) -> None:
    assert compare("p", make(), make()) == ()


def test_hashes_in_record_are_not_a_cause_of_their_own_beside_what_they_follow_from() -> None:
    ours = wheel({"a": b"1\n", f"{INFO}/RECORD": b"a,sha256=1,2\n"})
    theirs = wheel({"a": b"2\n", f"{INFO}/RECORD": b"a,sha256=2,2\n"})
    assert [(found.member, found.cause) for found in compare("p.whl", ours, theirs)] == [
        ("a", Cause.UNKNOWN)
    ]


def test_every_cause_says_how_to_mend_it() -> None:
    assert set(REMEDIES) == set(Cause)
    for remedy in REMEDIES.values():
        assert len(remedy.fix.split()) >= 4
        assert remedy.upstream.startswith("https://") or remedy.upstream == ""


def test_archives_in_archives_are_opened() -> None:
    ours = wheel({"inner.zip": wheel({"data.gz": gzip.compress(b"x", mtime=1)})})
    theirs = wheel({"inner.zip": wheel({"data.gz": gzip.compress(b"x", mtime=2)})})
    (found,) = compare("p.whl", ours, theirs)
    assert (found.member, found.cause) == ("inner.zip!data.gz", Cause.GZIP_MTIME)


def test_a_file_under_a_random_name_is_one_renamed_file() -> None:
    ours = wheel(with_file("p/gen_tmpab12cd34.py", b"same"))
    theirs = wheel(with_file("p/gen_tmpzz98yy76.py", b"same"))
    found = compare("p.whl", ours, theirs)
    assert [difference.member for difference in found] == ["p/gen_tmpab12cd34.py"]


@given(at=st.integers(0, len(wheel()) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_wheel_is_never_silent(at: int, bit: int) -> None:
    _assert_noticed(wheel(), at, bit)


@given(at=st.integers(0, len(sdist()) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_in_an_sdist_is_never_silent(at: int, bit: int) -> None:
    _assert_noticed(sdist(), at, bit)


def _assert_noticed(data: bytes, at: int, bit: int) -> None:
    other = bytearray(data)
    other[at] ^= 1 << bit
    try:
        found = compare("p", data, bytes(other))
    except ArchiveError:
        return
    assert found != ()


FIRST = Side(
    paths=("/srv/one/project", "project-one"),
    home="/users/first",
    temporary="/scratch/one",
    host="firsthost",
    user="firstuser",
    user_number=1000,
    timezone="UTC0",
    locale="C.UTF-8",
    hash_seed="101",
    clock=(1_780_000_000, 1_780_000_010),
    source_times=(1_600_000_000, 1_600_000_100),
    variables=("first-value",),
)
SECOND = Side(
    paths=("/srv/two/deeper/project", "project-two"),
    home="/users/second",
    temporary="/scratch/two",
    host="secondhost",
    user="seconduser",
    user_number=4242,
    timezone="LINT-14",
    locale="tr_TR.UTF-8",
    hash_seed="424242",
    clock=(1_814_000_000, 1_814_000_010),
    source_times=(1_650_000_000, 1_650_000_100),
    variables=("second-value",),
)
TEXTS = [
    (Cause.BUILD_PATH, "p = '/srv/one/project/x.py'", "p = '/srv/two/deeper/project/x.py'"),
    (Cause.HOME, "h = '/users/first/.cache'", "h = '/users/second/.cache'"),
    (Cause.HOSTNAME, "on firsthost", "on secondhost"),
    (Cause.USER, "by firstuser", "by seconduser"),
    (Cause.USER, "uid=1000", "uid=4242"),
    (Cause.TIMEZONE, "zone UTC0", "zone LINT-14"),
    (Cause.LOCALE, "locale C.UTF-8", "locale tr_TR.UTF-8"),
    (Cause.HASH_SEED, "seed 101", "seed 424242"),
    (Cause.ENVIRONMENT, "v = first-value", "v = second-value"),
    (Cause.TIMESTAMP, "built 2026-05-28", "built 2027-06-26"),
    (Cause.TIMESTAMP, "built 2026-05-28T20:26:40Z", "built 2027-06-26T08:53:20Z"),
    (Cause.TIMESTAMP, "t = 1780000003.25", "t = 1814000003.5"),
    (Cause.TIMESTAMP, "t = 1780000003123456789", "t = 1814000003123456789"),
    (Cause.TIMESTAMP, "Thu May 28 20:26:40 2026", "Sat Jun 26 08:53:20 2027"),
    (Cause.TIMESTAMP, "28 May 2026", "26 Jun 2027"),
    (Cause.TIMESTAMP, "version 1.20260528", "version 1.20270626"),
    (Cause.TIMESTAMP, "version 1.dev202605282026", "version 1.dev202706260853"),
    (Cause.TIMESTAMP, "(c) 2026 us", "(c) 2027 us"),
    (Cause.SOURCE_MTIME, "m = 1600000050", "m = 1650000050"),
    (Cause.TIMEZONE, "released 2001-09-09 01:46", "released 2001-09-09 15:46"),
    (Cause.TEMP_NAME, "made in /scratch/one/tmpab12cd34", "made in /scratch/two/tmpqr56st78"),
    (Cause.ADDRESS, "<object at 0x7f12ab34cd56>", "<object at 0x7f12ab34ee90>"),
    (
        Cause.RANDOM,
        "id = 9f0c1a4e-1111-4222-8333-944455556666",
        "id = 0a0c1b4e-1111-4222-8333-944455556667",
    ),
    (Cause.FILE_ORDER, "files = [a, b, c, d]", "files = [d, c, b, a]"),
    (Cause.LINE_ORDER, "{'x', 'q', 'm', 'b'}", "{'q', 'b', 'x', 'm'}"),
    (Cause.LINE_ORDER, "q\nb\nx", "b\nx\nq"),
    (Cause.LINE_ENDINGS, "a\nb\n", "a\r\nb\r\n"),
    (Cause.UNKNOWN, "n = 17", "n = 23"),
]


@pytest.mark.parametrize(("cause", "first", "second"), TEXTS)
def test_a_trace_of_the_build_in_a_text_is_named(cause: Cause, first: str, second: str) -> None:
    files = [with_file("p/gen.py", f"# made\n{text}\n# end\n".encode()) for text in (first, second)]
    found = compare("p.whl", wheel(files[0]), wheel(files[1]), (FIRST, SECOND))
    assert [(one.member, one.cause) for one in found] == [("p/gen.py", cause)]


def test_two_causes_in_one_file_are_both_named() -> None:
    ours = wheel({"g": b"on firsthost at 2026-05-28\n"})
    theirs = wheel({"g": b"on secondhost at 2027-06-26\n"})
    causes = {found.cause for found in compare("p.whl", ours, theirs, (FIRST, SECOND))}
    assert causes == {Cause.HOSTNAME, Cause.TIMESTAMP}


def test_a_date_that_cannot_stem_from_the_build_is_not_called_its_time() -> None:
    ours, theirs = wheel({"g": b"since 1999-01-01\n"}), wheel({"g": b"since 2003-02-02\n"})
    (found,) = compare("p.whl", ours, theirs, (FIRST, SECOND))
    assert found.cause is Cause.UNKNOWN


@pytest.mark.parametrize(
    ("first", "second"),
    [("naïve".encode(), "naïve".encode("latin-1")), ("ş".encode(), "ş".encode("iso8859-9"))],
)
def test_one_text_in_two_encodings_is_named(first: bytes, second: bytes) -> None:
    (found,) = compare("p.whl", wheel({"t": first}), wheel({"t": second}))
    assert found.cause is Cause.ENCODING


def test_nothing_is_dropped_when_layout_alone_differs() -> None:
    out = io.BytesIO(wheel())
    padded = b"#!/bin/sh\n" + out.getvalue()
    found = compare("p.whl", wheel(), padded)
    assert len(found) == 1


def test_a_package_in_the_tree_of_one_build_alone_shows_in_top_level() -> None:
    sides = [wheel({f"{INFO}/top_level.txt": data}) for data in (b"images\np\n", b"p\n")]
    (found,) = compare("p-1-py3-none-any.whl", sides[0], sides[1])
    assert (found.cause, found.evidence) == (Cause.MEMBER_SET, "of one tree alone: images")
