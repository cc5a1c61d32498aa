"""Scenarios: what the reader takes and what it refuses, beside what the JSON Schema says."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from examples.scenarios.market_day import scenario as market_day
from qfs.app.scenario import (
    OWN_ACCOUNTS,
    SCHEMA,
    Scenario,
    key_of,
    read_scenario,
    seed_of,
)
from qfs.crypto import KeyId
from qfs.errors import InputError
from qfs.kernel import TransactionRefusal
from qfs.ledger import TOKENS, Leg, Refusal, Transact, Transfer
from qfs.machines.settlement.holds.events import Refusal as HoldsRefusal

DOCUMENT = json.loads(files("qfs.app").joinpath("scenario.schema.json").read_text("utf-8"))
WHOLE = Draft202012Validator(DOCUMENT)
HEADER = {"schema": SCHEMA, "name": "day", "by": "op", "accounts": {"a": 1024, "b": 1025}}
PAY = {"do": "transfer", "token": "FLX", "from": "a", "to": "b", "amount": "1.5"}
SWAP = {
    "do": "transact",
    "account": "a",
    "legs": [
        {"account": "a", "token": "FLX", "change": "-1"},
        {"account": 1025, "token": "FLX", "change": "1"},
    ],
}
OPEN = {"do": "open", "account": "a", "owner": "op"}


def part(name: str) -> Draft202012Validator:
    return Draft202012Validator({**DOCUMENT, "$ref": f"#/$defs/{name}"})


def lines(folder: Path, header: dict[str, Any], *steps: dict[str, Any]) -> Path:
    path = folder / "day.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in (header, *steps)), "utf-8")
    return path


def without(step: dict[str, Any], name: str) -> dict[str, Any]:
    return {field: value for field, value in step.items() if field != name}


GOOD_STEPS: list[dict[str, Any]] = [
    OPEN,
    {"do": "propose", "hold": "swap", "packets": 9, "legs": SWAP["legs"]},
    {"do": "lock", "hold": "swap", "account": "a", "token": "FLX", "nonce": 3, "fence": 7},
    {"do": "prepare", "hold": "swap"},
    {"do": "commit", "hold": "swap", "fence": 1, "expect": "STALE_FENCE"},
    {"do": "finish", "hold": "swap"},
    {"do": "roll-back", "hold": "swap", "packet": "new"},
    {**OPEN, "do": "assign"},
    {"do": "delegate", "account": "treasury", "to": "op"},
    {"do": "undelegate", "account": 7, "to": "op"},
    {"do": "issue", "token": "RES", "to": "a", "amount": "0.000000000000000001"},
    {"do": "burn", "token": "RES", "from": "fees", "amount": "0"},
    PAY,
    {**PAY, "by": "x", "nonce": 0, "key": "c0ffee", "note": "!", "packet": "new"},
    {**PAY, "to": "issuance/CHR", "expect": "EXCEEDS_BALANCE"},
    SWAP,
    {**SWAP, "legs": []},
]
BAD_STEPS: list[tuple[dict[str, Any], str]] = [
    # the step, and the column (a field's value, or 1 for the step) where it is refused
    (without(PAY, "do"), "1"),
    ({**PAY, "do": "mint"}, "do"),
    (without(PAY, "amount"), "1"),
    ({**PAY, "amount": 1}, "amount"),
    ({**PAY, "amount": 1.5}, "amount"),
    ({**PAY, "amount": "-1.5"}, "amount"),
    ({**PAY, "amount": "1e3"}, "amount"),
    ({**PAY, "amount": "01"}, "amount"),
    ({**PAY, "amount": "0.0000000000000000001"}, "amount"),
    ({**PAY, "token": "flx"}, "token"),
    ({**PAY, "token": 1}, "token"),
    ({**PAY, "from": -1}, "from"),
    ({**PAY, "from": True}, "from"),
    ({**PAY, "to": 2**64}, "to"),
    ({**PAY, "tip": "1"}, "tip"),
    ({**PAY, "nonce": "1"}, "nonce"),
    ({**PAY, "nonce": -1}, "nonce"),
    ({**PAY, "key": "c0f"}, "key"),
    ({**PAY, "key": "C0FFEE"}, "key"),
    ({**PAY, "expect": "EXCEEDS"}, "expect"),
    ({**PAY, "packet": "old"}, "packet"),
    ({**PAY, "note": 1}, "note"),
    ({**OPEN, "nonce": 1}, "nonce"),
    ({**SWAP, "legs": {}}, "legs"),
    ({**SWAP, "legs": [1]}, "legs"),
    ({**SWAP, "legs": [{**SWAP["legs"][0], "change": "+1"}]}, "change"),
    ({**SWAP, "legs": [{**SWAP["legs"][0], "fee": "1"}]}, "fee"),
    ({**SWAP, "legs": [without(SWAP["legs"][0], "change")]}, "{ in legs"),
]


@pytest.mark.parametrize("step", GOOD_STEPS)
def test_a_good_step_is_read_and_fits_the_schema(tmp_path: Path, step: dict[str, Any]) -> None:
    (read,) = read_scenario(lines(tmp_path, HEADER, step)).steps
    assert (read.do, read.by) == (step["do"], step.get("by", "op"))
    assert read.place == "day.jsonl:2:1"
    part("step").validate(step)


@pytest.mark.parametrize(("step", "where"), BAD_STEPS)
def test_a_bad_step_is_refused_where_it_stands_and_does_not_fit_the_schema(
    tmp_path: Path, step: dict[str, Any], where: str
) -> None:
    with pytest.raises(InputError) as error:
        read_scenario(lines(tmp_path, HEADER, step))
    text = json.dumps(step)
    if where == "1":
        column = 1
    elif where == "{ in legs":
        column = text.index("[{") + 2
    else:
        column = text.index(f'"{where}": ') + len(f'"{where}": ') + 1
        column += text[column - 1] == "[" if where == "legs" and step["legs"] else 0
    assert error.value.place == f"day.jsonl:2:{column}"
    assert not part("step").is_valid(step)


def test_names_that_nobody_declared_are_refused_though_no_schema_can_tell(tmp_path: Path) -> None:
    for step in ({**PAY, "to": "nobody"}, {**PAY, "amount": "99999999999999999999999"}):
        with pytest.raises(InputError, match=r"no account is called|exceeds every balance"):
            read_scenario(lines(tmp_path, HEADER, step))
        part("step").validate(step)
    with pytest.raises(InputError, match="nobody signs"):
        read_scenario(lines(tmp_path, without(HEADER, "by"), PAY))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", "qfs.scenario/2"),
        ("name", ""),
        ("name", "x" * 65),
        ("by", 1),
        ("batch", 0),
        ("batch", 10_001),
        ("seed", "00"),
        ("start_time_us", -1),
        ("start_time_us", 2**63),
        ("step_time_us", 0),
        ("accounts", {"a": "x"}),
        ("accounts", []),
        ("keys", {"a": "00"}),
        ("colour", "red"),
    ],
)
def test_a_bad_header_is_refused_and_does_not_fit_the_schema(
    tmp_path: Path, name: str, value: object
) -> None:
    assert read_scenario(lines(tmp_path, HEADER)).steps == ()
    part("header").validate(HEADER)
    bad = {**HEADER, name: value}
    with pytest.raises(InputError) as error:
        read_scenario(lines(tmp_path, bad))
    assert error.value.place.startswith("day.jsonl:1:")
    assert not part("header").is_valid(bad)


def test_the_ledgers_own_account_names_are_taken(tmp_path: Path) -> None:
    for name in OWN_ACCOUNTS:
        with pytest.raises(InputError, match="the ledger's own"):
            read_scenario(lines(tmp_path, {**HEADER, "accounts": {name: 5000}}))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("\n\n")
    with pytest.raises(InputError, match="empty"):
        read_scenario(path)


def test_toml_and_json_lines_say_the_same(tmp_path: Path) -> None:
    toml = tmp_path / "day.toml"
    text = market_day()
    toml.write_text(text, "utf-8")
    value = tomllib.loads(text)
    steps = value.pop("step")
    one, other = read_scenario(toml), read_scenario(lines(tmp_path, value, *steps))
    assert len(one.steps) == len(other.steps) > 300
    assert [asked(one, n) for n in range(len(steps))] == [
        asked(other, n) for n in range(len(steps))
    ]


def asked(scenario: Scenario, number: int) -> tuple[Any, ...]:
    """Return all that a step asks, for comparison; names of keys stand for themselves."""
    step = scenario.steps[number]
    key = key_of(scenario, number) if step.key is None else step.key
    command = step.command(lambda name: KeyId(name.encode()), step.nonce or 0, key)
    return step.by, step.expect, step.new_packet, step.start, command


def test_a_step_becomes_the_command_it_says(tmp_path: Path) -> None:
    scenario = read_scenario(lines(tmp_path, HEADER, PAY, SWAP))
    pay, swap = scenario.steps
    nobody = KeyId(b"")
    assert pay.command(lambda _: nobody, 3, b"k") == Transfer(1024, 1025, 1, 15 * 10**17, 3, b"k")
    assert swap.command(lambda _: nobody, 4, b"k") == Transact(
        1024, 4, b"k", (Leg(1024, 1, -(10**18)), Leg(1025, 1, 10**18))
    )
    assert key_of(scenario, 1) != key_of(scenario, 2)
    assert len(key_of(scenario, 1)) == 16
    assert len(seed_of(bytes(32), 1)) == 32


def test_the_schema_lists_the_tokens_and_refusals_that_there_are() -> None:
    definitions = DOCUMENT["$defs"]
    assert definitions["token"]["enum"] == [spec.symbol for spec in TOKENS]
    classes = (Refusal, HoldsRefusal, TransactionRefusal)
    names = list(dict.fromkeys([member.name for cls in classes for member in cls]))
    for step in definitions["step"]["oneOf"]:
        name = step["$ref"].removeprefix("#/$defs/")
        assert definitions[name]["properties"]["expect"]["enum"] == ["", *names]


def test_the_committed_example_is_what_its_script_writes_and_fits_the_schema() -> None:
    committed = Path(__file__).parents[2] / "examples/scenarios/market-day.toml"
    text = committed.read_text("utf-8")
    assert text == market_day()
    WHOLE.validate(tomllib.loads(text))
    scenario = read_scenario(committed)
    expected = {step.expect for step in scenario.steps}
    assert len(expected - {None}) >= 14
    assert {step.do for step in scenario.steps} == {
        "open", "assign", "delegate", "undelegate", "issue", "transfer", "burn", "transact"
    }  # fmt: skip
