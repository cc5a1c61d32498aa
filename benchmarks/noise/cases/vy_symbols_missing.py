"""An error prints a set of symbols."""

from types import SimpleNamespace

from vyper.exceptions import CompilerPanic
from vyper.ir.optimizer import _check_symbols

try:
    _check_symbols(set("abcdefgh"), SimpleNamespace(unique_symbols=set()))
except CompilerPanic as error:
    print(error)
