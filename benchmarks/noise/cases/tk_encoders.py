"""What was registered earlier in the process decides how a value is written."""

import sys

import tomlkit
from tomlkit.exceptions import ConvertError


def as_text(value, **_):
    if isinstance(value, complex):
        return tomlkit.string(str(value))
    raise ConvertError("no complex number")


if sys.argv[1] == "2":
    tomlkit.register_encoder(as_text)
try:
    print(tomlkit.item(1j).as_string())
except ConvertError as error:
    print(error)
