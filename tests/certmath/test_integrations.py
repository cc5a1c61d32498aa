"""``Fixed`` in json, pydantic and msgspec: text in, text out, no number through a float."""

import json
from typing import Any

import msgspec
import pydantic
import pytest
from hypothesis import given

from qfs.certmath import Fixed, FloatOperation
from qfs.shell.hypothesis_fixed import fixed_numbers


class Invoice(pydantic.BaseModel):
    total: Fixed


class Payment(msgspec.Struct):
    total: Fixed


def read_fixed(kind: type, value: Any) -> Any:
    return kind(value)


@given(fixed_numbers())
def test_numbers_come_back_from_every_format(x: Fixed) -> None:
    assert Invoice.model_validate_json(Invoice(total=x).model_dump_json()).total == x
    data = msgspec.json.encode(Payment(x), enc_hook=str)
    assert msgspec.json.decode(data, type=Payment, dec_hook=read_fixed).total == x
    packed = msgspec.msgpack.encode(Payment(x), enc_hook=str)
    assert msgspec.msgpack.decode(packed, type=Payment, dec_hook=read_fixed).total == x


def test_json_reads_decimals_exactly() -> None:
    assert json.loads('{"a": 0.1, "b": [1.10]}', parse_float=Fixed) == {
        "a": Fixed("0.1"),
        "b": [Fixed("1.1")],
    }
    with pytest.raises(ValueError, match="no fixed-point number"):
        json.loads('{"a": 1e5}', parse_float=Fixed)


@pytest.mark.parametrize(
    "text", ['{"total":1.25}', '{"total":1}', '{"total":"1e5"}', '{"total":"NaN"}']
)
def test_pydantic_refuses_what_is_not_decimal_text(text: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        Invoice.model_validate_json(text)


def test_pydantic_shows_text_in_its_schema() -> None:
    assert Invoice.model_json_schema()["properties"]["total"]["type"] == "string"
    assert Invoice(total="1.25").model_dump_json() == '{"total":"1.25"}'  # type: ignore[arg-type]


def test_msgspec_refuses_a_float() -> None:
    with pytest.raises(FloatOperation):
        read_fixed(Fixed, 1.25)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"total":1.25}', type=Payment, dec_hook=read_fixed)
