"""What a build leaves in archives and in binary files, told without another build."""

import datetime as dt
import io
import marshal
import struct
import tarfile
import zlib

import pytest

from qfs.repro import Cause, compare
from tests.repro.archives import sdist, wheel
from tests.repro.test_compare import FIRST, INFO, SECOND

SIDES = (FIRST, SECOND)
OURS, THEIRS = FIRST.clock[0] + 2, SECOND.clock[0] + 3
OLD, NEW = FIRST.source_times[0] + 7, SECOND.source_times[0] + 9
FIXED = 1_000_000_000


def date(second: int) -> tuple[int, ...]:
    return dt.datetime.fromtimestamp(second, dt.UTC).timetuple()[:6]


def png(drawn: int, width: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        head = struct.pack(">I", len(data)) + kind + data
        return head + struct.pack(">I", zlib.crc32(kind + data))

    when = struct.pack(">HBBBBB", *date(drawn))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0)),
            chunk(b"tIME", when),
            chunk(b"IEND", b""),
        ]
    )


def bytecode(second: int, path: str) -> bytes:
    head = b"\xa7\x0d\r\n" + bytes(4) + struct.pack("<II", second, 40)
    return head + marshal.dumps(compile("A = 1", path, "exec"))


FILES = [
    ("tIME of a picture", Cause.TIMESTAMP, png(OURS), png(THEIRS)),
    ("tIME of another day", Cause.UNKNOWN, png(FIXED), png(FIXED + 86_400 * 99)),
    ("another picture", Cause.UNKNOWN, png(OURS, 1), png(THEIRS, 2)),
    ("seconds", Cause.TIMESTAMP, *(b"\0db\0" + struct.pack("<q", t) for t in (OURS, THEIRS))),
    ("seconds, big", Cause.TIMESTAMP, *(b"\0db\0" + struct.pack(">I", t) for t in (OURS, THEIRS))),
    ("file times", Cause.SOURCE_MTIME, *(b"\0db\0" + struct.pack("<I", t) for t in (OLD, NEW))),
    ("a number", Cause.UNKNOWN, *(b"\0db\0" + struct.pack("<I", t) for t in (OURS, NEW))),
    (
        "compiled under a name of its own",
        Cause.PYC_MTIME,
        bytecode(OLD, "a.py"),
        bytecode(NEW, "a.py"),
    ),
    (
        "compiled elsewhere",
        Cause.PYC_PATH,
        bytecode(OLD, "/srv/one/project/a.py"),
        bytecode(OLD, "/srv/two/deeper/project/a.py"),
    ),
]


@pytest.mark.parametrize(
    ("cause", "ours", "theirs"), [row[1:] for row in FILES], ids=[row[0] for row in FILES]
)
def test_a_time_in_a_binary_file_is_named_if_it_is_of_the_build(
    cause: Cause, ours: bytes, theirs: bytes
) -> None:
    (found,) = compare("p.whl", wheel({"p/data": ours}), wheel({"p/data": theirs}), SIDES)
    assert found.cause is cause


@pytest.mark.parametrize(
    ("ours", "theirs", "cause"),
    [
        (FIXED, FIXED + 14 * 3600, Cause.TIMEZONE),
        (FIXED, FIXED + 40 * 3600, Cause.ZIP_MTIME),
        (OURS, THEIRS, Cause.ZIP_MTIME),
        (OLD, NEW, Cause.ZIP_MTIME),
    ],
)
def test_a_fixed_moment_in_local_time_is_a_time_zone_and_others_are_zip_times(
    ours: int, theirs: int, cause: Cause
) -> None:
    archives = [wheel({"p/a.py": b"A = 1\n"}, date_time=date(t)) for t in (ours, theirs)]
    (found,) = compare("p.whl", archives[0], archives[1], SIDES)
    assert found.cause is cause


@pytest.mark.parametrize(
    ("ours", "theirs", "cause"),
    [
        ("/srv/one/project/x", "/srv/two/deeper/project/x", Cause.BUILD_PATH),
        ("x", "y", Cause.TAR_TYPE),
    ],
)
def test_a_link_into_the_folder_of_the_build_is_named_by_it(
    ours: str, theirs: str, cause: Cause
) -> None:
    links = [sdist({"a": b""}, type=tarfile.SYMTYPE, linkname=to) for to in (ours, theirs)]
    (found,) = compare("p.tar.gz", links[0], links[1], SIDES)
    assert found.cause is cause


@pytest.mark.parametrize(("follows", "causes"), [(True, {Cause.ZIP_ORDER}), (False, None)])
def test_a_record_in_the_order_of_the_entries_follows_from_it(
    follows: bool, causes: set[Cause] | None
) -> None:
    def ordered(names: list[str], listed: list[str]) -> bytes:
        record = "".join([f"{name},,\n" for name in [*listed, f"{INFO}/RECORD"]])
        return wheel({**dict.fromkeys(names, b""), f"{INFO}/RECORD": record.encode()})

    ours = ordered(["p/a", "p/b", "p/c"], ["p/a", "p/b", "p/c"])
    theirs = ordered(
        ["p/c", "p/a", "p/b"], ["p/c", "p/a", "p/b"] if follows else ["p/b", "p/a", "p/c"]
    )
    found = {each.cause for each in compare("p.whl", ours, theirs, SIDES)}
    assert found == (causes or {Cause.ZIP_ORDER, Cause.RECORD_ORDER})


@pytest.mark.parametrize("form", ["{name}={value}\n", "{name!r}: {value!r}, "])
def test_the_environment_written_whole_is_one_cause(form: str) -> None:
    def dump(side: int, **more: str) -> bytes:
        known = {
            "HOME": SIDES[side].home,
            "LANG": SIDES[side].locale,
            "TZ": SIDES[side].timezone,
            "USER": SIDES[side].user,
            **more,
        }
        return "".join([form.format(name=n, value=v) for n, v in known.items()]).encode()

    ours, theirs = (wheel({"p/env": dump(side, OTHER=f"9{side}x")}) for side in (0, 1))
    causes = {found.cause for found in compare("p.whl", ours, theirs, SIDES)}
    assert causes == {Cause.ENVIRONMENT}


def test_two_settings_are_no_environment() -> None:
    ours, theirs = (
        wheel({"p/env": f"HOME={side.home}\nTZ={side.timezone}\n".encode()}) for side in SIDES
    )
    causes = {found.cause for found in compare("p.whl", ours, theirs, SIDES)}
    assert causes == {Cause.HOME, Cause.TIMEZONE}


def test_members_below_a_folder_with_the_version_are_paired_and_compared() -> None:
    def made(version: str, text: str) -> bytes:
        return wheel(
            {f"p-{version}/A": b"", f"p-{version}/B": b"", f"p-{version}/C": text.encode()}
        )

    ours, theirs = made("1.20260528", "on firsthost\n"), made("1.20270626", "on secondhost\n")
    found = {each.cause for each in compare("p.whl", ours, theirs, SIDES)}
    assert found == {Cause.TIMESTAMP, Cause.HOSTNAME}


def test_a_lone_build_id_is_no_consequence_of_something_else() -> None:
    def linked(build_id: bytes, text: bytes) -> bytes:
        return wheel({"p/a.so": elf({".note.gnu.build-id": build_id, ".text": text})})

    alone = compare("p.whl", linked(b"1" * 20, b"x"), linked(b"2" * 20, b"x"), SIDES)
    beside = compare("p.whl", linked(b"1" * 20, b"x"), linked(b"2" * 20, b"y"), SIDES)
    assert [found.cause for found in alone] == [Cause.BUILD_ID]
    assert [found.cause for found in beside] == [Cause.ELF]


def elf(sections: dict[str, bytes]) -> bytes:
    """Return a 64-bit ELF file of nothing but sections (System V gABI chapter 4)."""
    out, heads, names = io.BytesIO(bytes(64)), [bytes(64)], b"\0"
    out.seek(64)
    for name, data in {**sections, ".shstrtab": b""}.items():
        number, names = len(names), names + name.encode() + b"\0"
        body = names if name == ".shstrtab" else data
        heads.append(struct.pack("<2I4Q2I2Q", number, 1, 0, 0, out.tell(), len(body), 0, 0, 1, 0))
        out.write(body)
    table = out.tell()
    out.write(b"".join(heads))
    out.seek(0)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    last = len(heads) - 1
    out.write(
        ident + struct.pack("<2HI3QI6H", 3, 62, 1, 0, 0, table, 0, 64, 0, 0, 64, last + 1, last)
    )
    return out.getvalue()
