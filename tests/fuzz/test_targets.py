"""Every fuzzing target on its seeds, and on thousands of small changes to them."""

import json
import random

import pytest

from tests.fuzz.run import RECORD, SEEDS
from tests.fuzz.targets import TARGETS

CHANGES = 150
"""A seed; derived from a fixed number, so every run sees the same bytes."""


def seeds(name: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((SEEDS / name).iterdir())}


def changed(data: bytes, chance: random.Random) -> bytes:
    """A few bytes flipped, dropped, doubled or moved."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(5):
            case 0 if made:
                made[at % len(made)] ^= 1 << chance.randrange(8)
            case 1:
                del made[at : at + chance.randint(1, 9)]
            case 2:
                made[at:at] = chance.randbytes(chance.randint(1, 9))
            case 3:
                made[at:at] = made[at : at + chance.randint(1, 40)]
            case _:
                made[at : at + 1] = bytes((chance.choice(b"\x00\x1f\x7f\x80\x9f\xff\n"),))
    return bytes(made)


@pytest.mark.parametrize("name", TARGETS)
def test_a_decoder_takes_its_seeds_and_answers_whatever_else_comes(name: str) -> None:
    found = seeds(name)
    assert found
    assert {seed: TARGETS[name](data) for seed, data in found.items() if seed != "bundle"} == {
        seed: True for seed in found if seed != "bundle"
    }
    chance = random.Random(302)
    refused = 0
    for data in found.values():
        for _ in range(CHANGES):
            refused += not TARGETS[name](changed(data, chance))
    assert refused > CHANGES // 2


def test_what_was_fuzzed_is_on_record() -> None:
    record = json.loads(RECORD.read_text("utf-8"))
    assert set(record["targets"]) == set(TARGETS)
    assert record["total"]["crashes"] == 0
    assert all(one["executions"] > 1_000 for one in record["targets"].values())
