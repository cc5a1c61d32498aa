"""Token specifications, fees and amounts as text."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.errors import InputError, UsageError
from qfs.ledger.tokens import (
    BALANCE_MAX,
    TOKENS,
    Movement,
    Supply,
    TokenSpec,
    amount_of,
    div_ceiling,
    token_number,
    written,
)


def test_the_five_tokens_are_what_the_documentation_says() -> None:
    assert [spec.symbol for spec in TOKENS] == ["CHR", "FLX", "PSYNC", "ATR", "RES"]
    chr_ = TOKENS[0]
    assert chr_.cap_minor == 10_000_000_000 * 10**18
    assert (chr_.movement, chr_.supply) == (Movement.BY_ROLE, Supply.FIXED)
    assert [spec.movement for spec in TOKENS[1:]] == [Movement.FREE] * 4
    assert [spec.fee_rate for spec in TOKENS] == [0, 0, 1_000, 0, 0]
    assert len({spec.issuance for spec in TOKENS}) == 5


@pytest.mark.parametrize("number", range(5))
def test_a_symbol_leads_to_its_token(number: int) -> None:
    assert token_number(TOKENS[number].symbol) == number


@pytest.mark.parametrize("symbol", ["", "chr", "CHR ", "XYZ"])
def test_another_symbol_leads_to_none(symbol: str) -> None:
    assert token_number(symbol) is None


@pytest.mark.parametrize(
    ("amount", "fee"),
    [(0, 0), (1, 1), (9, 1), (10, 1), (11, 2), (10**18, 10**17), (10**18 + 1, 10**17 + 1)],
)
def test_the_psync_fee_is_ten_per_cent_rounded_up(amount: int, fee: int) -> None:
    assert TOKENS[2].fee(amount) == fee
    assert TOKENS[1].fee(amount) == 0


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
def test_ceiling_division_agrees_with_fractions(number: int, divisor: int) -> None:
    assert div_ceiling(number, divisor) == -((-Fraction(number, divisor)).__floor__())


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ("symbol", "X"),
        ("symbol", "abc"),
        ("symbol", "LONGSYMBOL"),
        ("symbol", "Ä\u00c4"),
        ("cap_minor", 0),
        ("cap_minor", BALANCE_MAX + 1),
        ("issuance", 0),
        ("issuance", 1_000),
        ("fee_rate", -1),
        ("fee_rate", 10_001),
    ],
)
def test_a_senseless_token_is_refused(changed: str, value: object) -> None:
    good = {"symbol": "ABC", "issuance": 9, "cap_minor": 1, "fee_rate": 0}
    TokenSpec(**good)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        TokenSpec(**{**good, changed: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("0", 0),
        ("1", 10**18),
        ("12.5", 125 * 10**17),
        ("0.000000000000000001", 1),
        ("10.50", 105 * 10**17),
        ("21267647932558653966.460912964485513215", BALANCE_MAX),
    ],
)
def test_an_amount_is_read_exactly(text: str, minor: int) -> None:
    assert amount_of(text) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        ".5",
        "5.",
        "01",
        "00",
        "-1",
        "+1",
        "1e3",
        "1_000",
        "1,5",
        " 1",
        "1 ",
        "\u0661",
        "0x10",
        "nan",
        "1.2.3",
        "0.0000000000000000001",
        "21267647932558653966.460912964485513216",
        "9" * 65,
        "9" * 5000,
    ],
)
def test_another_text_is_no_amount(text: str) -> None:
    with pytest.raises(InputError):
        amount_of(text)


@given(st.integers(0, BALANCE_MAX))
def test_an_amount_written_is_read_back(minor: int) -> None:
    text = written(minor)
    assert amount_of(text) == minor
    with localcontext() as context:
        context.prec = 60
        assert Decimal(text).scaleb(18) == minor
