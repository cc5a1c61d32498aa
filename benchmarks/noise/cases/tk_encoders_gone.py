"""What somebody else in the process takes away is missing for everybody."""

import sys

import tomlkit
from tomlkit.exceptions import ConvertError


@tomlkit.register_encoder
def as_text(value, **_):
    if isinstance(value, complex):
        return tomlkit.string(str(value))
    raise ConvertError("no complex number")


if sys.argv[1] == "2":
    tomlkit.unregister_encoder(as_text)
try:
    print(tomlkit.item(1j).as_string())
except ConvertError as error:
    print(error)
