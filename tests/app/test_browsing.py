"""A log through time: every answer of the browser, on real logs."""

import dataclasses
from pathlib import Path

import pytest

from qfs import packet
from qfs.app.browsing import CHECKPOINT_PACKETS, KEYS_MAX, NEAR, Browser, Cancelled
from qfs.app.browsing_text import moment_of, parts_of, told
from qfs.app.browsing_views import CHANGES_MAX, Change
from qfs.app.importing import ImportRequest, import_history
from qfs.app.snapshots import prune, take
from qfs.canon import ZERO_DIGEST, ArrayKind, TypedArray
from qfs.errors import InputError, UsageError
from qfs.halt import Halt
from qfs.kernel import Tick
from qfs.keys import Role
from tests.app.logs import MINE, OTHER, House, actions, make_log


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    make_log(folder, 16)
    return folder


def test_a_log_is_a_list_of_packets_whose_answers_come_with_deriving(house: Path) -> None:
    browser = Browser(house)
    assert (browser.overview.name, browser.overview.packets) == ("test house", 16)
    assert (browser.overview.damage, browser.first, browser.last) == ("", 0, 16)
    assert browser.begin() == 16
    assert dataclasses.astuple(browser.line(0)) == (0, "-", "genesis", "", None, None)
    line = browser.line(5)
    assert (line.seq, line.time, line.kind) == (5, "1970-01-01 00:00:05", "transactions")
    assert (line.accepted, line.refused) == (None, None)
    browser.sight(0, 8)
    told_ = [(one.kind, one.accepted, one.refused) for one in map(browser.line, range(1, 9))]
    yes, no, tick = ("transactions", 1, 0), ("transactions", 0, 1), ("tick", 0, 0)
    assert told_ == [yes, yes, yes, yes, no, yes, tick, no]


def test_a_packet_shows_its_commands_and_their_answers(house: Path) -> None:
    browser = Browser(house)
    yes, no = browser.packet(4), browser.packet(5)
    facts = dict(yes.facts)
    assert facts["state root"] == browser.frames[4].root.hex()
    assert facts["signed by"] == browser.line(4).signer
    (one,) = yes.transactions
    assert (one.answer, one.orders[0].title) == ("", "ledger Transfer")
    assert dict(one.orders[0].parts)["credit"] == str(OTHER)
    (two,) = no.transactions
    assert two.answer == f"ledger {two.orders[0].refusal}"
    assert "BALANCE" in two.answer
    genesis = browser.packet(0)
    assert genesis.transactions == ()
    assert ("machine", "ledger version 1") in genesis.facts
    assert [one.orders for one in browser.packet(7).transactions] == []


def test_a_state_is_machines_fields_and_keys(house: Path) -> None:
    browser = Browser(house)
    machines, total = browser.places(3)
    assert ([one.name for one in machines], total) == (["keys", "ledger", "notary"], 3)
    inside = {one.name: one for one in browser.places(3, ("ledger",))[0]}
    assert inside["accounts"].way == ("ledger", "accounts")
    keys, total = browser.places(3, ("ledger", "accounts"))
    assert total == len(keys)
    nonces = {one.name: dict(one.parts)["nonce"] for one in keys}
    assert nonces[str(MINE)] == "1"
    later = {one.name: dict(one.parts) for one in browser.places(4, ("ledger", "accounts"))[0]}
    assert later[str(MINE)]["nonce"] == "2"
    assert [one.name for one in browser.places(3, ("ledger", "accounts"), total - 1)[0]] == [
        keys[-1].name
    ]


def test_two_packets_are_compared_down_to_the_field(house: Path) -> None:
    browser = Browser(house)
    found = browser.compare(3, 4)
    places = {one.place: (one.before, one.after) for one in found.changes}
    assert places[f"ledger.accounts[{MINE}].nonce"] == ("1", "2")
    assert places[f"ledger.accounts[{OTHER}].balances[1]"] == ("1", "3")
    assert not found.more
    assert browser.compare(6, 7).changes == ()
    opened = browser.compare(0, 1)
    assert [one.before for one in opened.changes if str(OTHER) in one.place] == ["(absent)"]


SEARCHES = (
    ("an account", str(OTHER), 1, False, 1),
    ("a kind", "tick", 1, False, 7),
    ("the next", "tick", 8, False, 12),
    ("the one before", "tick", 11, True, 7),
    ("round the end", "tick", 13, False, 7),
    ("round the beginning", "tick", 6, True, 12),
    ("a number of a packet's time", "00:00:09", 1, False, 9),
    ("the name in genesis", "TEST HOUSE", 3, False, 0),
    ("nothing", "nothing of this name", 3, False, None),
    ("a refusal that is not known yet", "exceeds", 1, False, None),
)


@pytest.mark.parametrize(("sentence", "text", "seq", "backward", "expected"), SEARCHES)
def test_a_search_goes_through_the_log_and_round_its_end(
    sentence: str, text: str, seq: int, backward: bool, expected: int | None, house: Path
) -> None:
    assert Browser(house).search(text, seq, backward=backward) == expected, sentence


def test_identities_signers_roots_and_known_refusals_are_found(house: Path) -> None:
    browser = Browser(house)
    facts = dict(browser.packet(9).facts)
    for name in ("identity", "state root"):
        assert browser.search(facts[name][:16], 1) == 9
    assert browser.search(facts["signed by"][:16], 3) == 3
    browser.sight(1, 16)
    assert browser.search("exceeds", 1) == 5


@pytest.mark.parametrize(
    ("text", "seq"), [("7", 7), (" 16 ", 16), ("0", 0), ("-1", 16), ("-17", 0), ("END", 16)]
)
def test_a_packet_is_named_by_number_or_from_the_end(text: str, seq: int, house: Path) -> None:
    assert Browser(house).at(text) == seq


@pytest.mark.parametrize("text", ["17", "-18", "", "seven", "1.5"])
def test_what_names_no_packet_is_refused(text: str, house: Path) -> None:
    with pytest.raises(UsageError) as error:
        Browser(house).at(text)
    assert error.value.way_out


def test_places_of_a_state_are_found_by_key_and_value(house: Path) -> None:
    browser = Browser(house)
    found, more = browser.find_places(4, str(OTHER))
    assert [one.name for one in found] == [f"ledger.accounts[{OTHER}]"]
    assert not more
    operators, _ = browser.find_places(4, Role.OPERATOR.name)
    assert all("operator" in one.value for one in operators)
    assert len(operators) == 1


def test_looking_changes_nothing_and_may_be_given_up(house: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in house.rglob("*")}
    browser = Browser(house)

    def give_up(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        browser.packet(16, give_up)
    with pytest.raises(Cancelled):
        browser.search("no", 1, progress=give_up)
    browser.packet(16)
    browser.compare(2, 16)
    assert {path: path.stat().st_mtime_ns for path in house.rglob("*")} == before


def test_a_long_log_is_walked_in_any_direction_from_what_is_nearest(tmp_path: Path) -> None:
    count = 3 * CHECKPOINT_PACKETS
    house = House(tmp_path)
    with house.writer:
        for action in (*actions(house, 20), *[Tick()] * (count - 20)):
            house.send(action)
    browser = Browser(tmp_path)
    derived: list[int] = []
    for seq in (count, 10, count - 5, CHECKPOINT_PACKETS + 40, CHECKPOINT_PACKETS + 41, 3):
        steps: list[int] = []
        view = browser.packet(seq, lambda done, total, steps=steps: steps.append(total))
        assert dict(view.facts)["state root"] == browser.frames[seq].root.hex()
        derived.append(max(steps, default=0))
    assert derived[0] == count
    assert max(derived[1:]) <= CHECKPOINT_PACKETS
    assert NEAR > CHECKPOINT_PACKETS


def test_the_last_packet_is_begun_with_where_a_snapshot_is_near(tmp_path: Path) -> None:
    house = House(tmp_path, signed=True)
    with house.writer:
        for action in actions(house, 6):
            house.send(action)
            house.writer.sync()
    take(tmp_path)
    assert Browser(tmp_path).begin() == 6
    prune(tmp_path)
    browser = Browser(tmp_path)
    assert (browser.first, browser.overview.first, browser.begin()) == (6, 7, 6)
    assert browser.line(3).kind == "pruned"
    assert dict(browser.packet(6).facts)["state root"] == browser.frames[6].root.hex()
    with pytest.raises(UsageError):
        browser.at("3")
    with pytest.raises(InputError, match="pruned"):
        browser.places(3)


def test_what_is_damaged_is_said_and_what_stands_before_it_is_shown(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.writer:
        for action in actions(house, 4):
            house.send(action)
        body = house.body(Tick())
        house.writer.append(packet.encode(body, bytes(4627)), ZERO_DIGEST)
        house.writer.sync()
    browser = Browser(tmp_path)
    assert browser.packet(4).transactions
    with pytest.raises(Halt, match="ROOT"):
        browser.places(5)
    assert browser.packet(3).seq == 3
    file = tmp_path / "log/00000001.log"
    file.write_bytes(file.read_bytes()[:-200])
    assert Browser(tmp_path).overview.damage
    with pytest.raises(InputError):
        Browser(tmp_path / "nowhere")


def test_many_keys_and_many_changes_are_shown_in_part(tmp_path: Path) -> None:
    source = tmp_path / "many.jsonl"
    source.write_text("".join([f'{{"n": {n}}}\n' for n in range(600)]), encoding="utf-8")
    import_history(ImportRequest(source, tmp_path / "log", stream="n"))
    browser = Browser(tmp_path / "log")
    way = ("records", "streams")
    first, total = browser.places(1, way)
    last, _ = browser.places(1, way, 600 - 5)
    assert (len(first), len(last), total) == (KEYS_MAX, 5, 600)
    found = browser.compare(0, 1)
    assert (len(found.changes), found.more) == (CHANGES_MAX, True)
    assert found.changes[0] == Change("records.recent[(0, )]", "packet 0", "packet 1")
    places, more = browser.find_places(1, "stream")
    assert (len(places), more) == (KEYS_MAX, True)


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    role: Role
    fields: tuple[tuple[str, str], ...]


TEXTS = (
    (b"\x00\xff", "00ff"),
    (b'{"a": 1}\n', "'{\"a\": 1}\\n'"),
    (b"r" * 32, "72" * 32),
    (None, "-"),
    (Role.ROOT, "root"),
    ((1, "a", None), "(1, a, -)"),
    (tuple(range(70))[:3] * 30, None),
    (TypedArray.of(ArrayKind.U64, [1, 2]), "(1, 2)"),
    (Sample(Role.OPERATOR, (("a", "1"),)), "Sample(role=operator, fields.a=1)"),
)


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_values_are_told_as_texts(value: object, text: str | None) -> None:
    assert told(value) == text if text is not None else told(value).endswith("... 26 more)")


def test_a_record_has_parts_and_nothing_else_has() -> None:
    assert parts_of(Sample(Role.ROOT, (("a", "1"), ("b", "2")))) == (
        ("role", "root"),
        ("fields.a", "1"),
        ("fields.b", "2"),
    )
    assert parts_of(Role.ROOT) == parts_of(5) == parts_of(Sample) == ()


@pytest.mark.parametrize(
    ("time_us", "text"),
    [
        (0, "-"),
        (1, "1970-01-01 00:00:00"),
        (10**15, "2001-09-09 01:46:40"),
        (2**63 - 1, f"{2**63 - 1} us"),
    ],
)
def test_a_time_is_told_in_utc(time_us: int, text: str) -> None:
    assert moment_of(time_us) == text
