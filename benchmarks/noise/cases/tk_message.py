"""The message of a refused literal string prints a set of characters."""

from tomlkit.exceptions import InvalidStringError
from tomlkit.items import String, StringType

try:
    String.from_raw("\x00", StringType.SLL)
except InvalidStringError as error:
    print(error)
