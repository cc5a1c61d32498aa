"""Interpreted, compiled and naive: the same answer to the same batches, and the same root.

The compiled core is mypyc's build of the very source; it answers in a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import ArrayKind, TypedArray, Value, decode, encode
from qfs.crypto.ports import KeyId
from qfs.ledger import COMMANDS, Batch, Leg, State, Transact
from tests.ledger.answering import answers
from tests.ledger.books import (
    ALICE,
    ALICE_ACCOUNT,
    BOB,
    BOB_ACCOUNT,
    FLX,
    OPERATOR,
    SHOP_ACCOUNT,
    brimful,
    key,
    market,
)
from tests.ledger.model import Model
from tools.compiled import LEDGER_CORE, compile_modules

ROOT = Path(__file__).resolve().parents[2]
EDGES = (2**62 - 1, 2**62, 2**63 - 1, 2**63, 2**64, 2**124 - 1, 2**124, 2**127 - 1, 10**20)
OWN = (1, 2, 3, 4, 5, 1_000, 1_001)
accounts = st.sampled_from(
    (ALICE_ACCOUNT, BOB_ACCOUNT, SHOP_ACCOUNT) * 4 + OWN + (0, 9_999, 2**63, 2**64 - 1)
)
tokens = st.sampled_from((1, 1, 1, 2, 2, 3, 4, 0, 5, 255))
amounts = st.integers(1, 60) | st.sampled_from(EDGES)
changes = amounts.flatmap(lambda amount: st.sampled_from((amount, -amount))) | st.just(0)
actors = st.sampled_from((ALICE, ALICE, OPERATOR, OPERATOR, BOB))


@st.composite
def rows(draw: st.DrawFn) -> Transact:
    """A transfer, mostly, with slips; or any legs at all."""
    start = draw(accounts)
    if draw(st.integers(0, 3)):
        token, amount = draw(tokens), draw(amounts)
        legs = [Leg(start, token, -amount), Leg(draw(accounts), token, amount)]
        if draw(st.booleans()):
            legs.reverse()
        if token == 2 and draw(st.booleans()):
            fee = -(-amount // 10)
            legs = [Leg(start, 2, -amount - fee), legs[-1], Leg(1_000, 2, fee)]
    else:
        some = st.builds(Leg, accounts, tokens, changes)
        legs = draw(st.lists(some, max_size=5) | st.just([Leg(start, FLX, 1)] * 65))
    nonce = draw(st.sampled_from((0,) * 6 + (1, 2, 3, 5, 2**62, 2**64 - 1)))
    fits = [replace(leg, change=max(-(2**127), min(leg.change, 2**127 - 1))) for leg in legs]
    return Transact(start, nonce, key(draw(st.integers(0, 30))), tuple(fits))


@st.composite
def batches(draw: st.DrawFn) -> tuple[int, KeyId, list[Transact]]:
    """Rows between so many plain ones that the short way is open; or few, by the long way."""
    chosen = draw(st.lists(rows(), min_size=1, max_size=6))
    actor = draw(actors)
    if draw(st.booleans()):
        mine, first = {ALICE: (ALICE_ACCOUNT, 0), OPERATOR: (2, 1), BOB: (BOB_ACCOUNT, 0)}[actor]
        legs = (Leg(mine, FLX, -1), Leg(SHOP_ACCOUNT, FLX, 1))
        plain = [Transact(mine, first + n, key(100 + n), legs) for n in range(64)]
        at = draw(st.integers(0, 64))
        if draw(st.booleans()):
            chosen = [replace(row, key=key(1_000 + n)) for n, row in enumerate(chosen)]
        chosen = [*plain[:at], *chosen, *plain[at:]]
    return draw(st.sampled_from((1, 1, 2, 65_537))), actor, chosen


@pytest.fixture(scope="module")
def starts() -> tuple[State, State]:
    return market().state, brimful()


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Value], Value]]:
    """Ask the compiled core."""
    core = tmp_path_factory.mktemp("core") / "core"
    compile_modules(core, LEDGER_CORE, optimise=0)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.answering"],
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(core), str(ROOT)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "compiled\n"

        def ask(asked: Value) -> Value:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(encode(asked).hex() + "\n")
            child.stdin.flush()
            return decode(bytes.fromhex(child.stdout.readline()))

        yield ask
        child.stdin.close()


@given(asked=st.lists(batches(), min_size=1, max_size=3), number=st.integers(0, 1))
def test_interpreted_compiled_and_naive_agree(
    starts: tuple[State, State],
    compiled: Callable[[Value], Value],
    asked: list[tuple[int, KeyId, list[Transact]]],
    number: int,
) -> None:
    start = starts[number]
    ordered = sorted(asked, key=lambda one: one[0])
    value: list[Value] = [
        [seq, bytes(actor), COMMANDS.pack(Batch.of(chosen))] for seq, actor, chosen in ordered
    ]
    here = answers(start, decode(encode(value)))
    assert compiled([number, value]) == here
    model = Model.of(start)
    naive = [
        bytes([model.ask(row, (actor,), seq) for row in chosen]) for seq, actor, chosen in ordered
    ]
    assert here[:-1] == naive


columns = st.fixed_dictionaries(
    {
        "accounts": st.sampled_from((0, 1, 2, 3)),
        "nonces": st.sampled_from((2, 2, 1, 3)),
        "keys": st.sampled_from((32, 32, 16, 31, 0)),
        "counts": st.sampled_from(
            (b"\x02\x02", b"\x02\x02", b"\x01\x03", b"\x02", b"", b"\xff\xff")
        ),
        "leg_accounts": st.sampled_from((4, 4, 4, 3)),
        "leg_tokens": st.sampled_from((4, 4, 4, 5)),
        "leg_changes": st.sampled_from((64, 64, 64, 63, 80)),
    }
)


@given(sizes=columns, fill=st.integers(0, 255))
def test_columns_of_any_lengths_are_answered_alike(
    starts: tuple[State, State],
    compiled: Callable[[Value], Value],
    sizes: dict[str, int | bytes],
    fill: int,
) -> None:
    def of(name: str, width: int) -> bytes:
        size = sizes[name]
        return size if isinstance(size, bytes) else bytes([fill]) * (size * width)

    batch = Batch(
        TypedArray(ArrayKind.U64, of("accounts", 8)),
        TypedArray(ArrayKind.U64, of("nonces", 8)),
        of("keys", 1),
        of("counts", 1),
        TypedArray(ArrayKind.U64, of("leg_accounts", 8)),
        of("leg_tokens", 1),
        of("leg_changes", 1),
    )
    asked: list[Value] = [[1, bytes(ALICE), COMMANDS.pack(batch)]]
    assert compiled([0, asked]) == answers(starts[0], decode(encode(asked)))
