"""An error lists unknown and known fields in the order of sets."""

from types import SimpleNamespace

from eth.vm.base import VM

header = SimpleNamespace(_meta=SimpleNamespace(field_names=list("abcdefgh")))
block = SimpleNamespace(uncles=())
try:
    VM.pack_block(SimpleNamespace(get_header=lambda: header), block, **dict.fromkeys("pqrstuvw", 1))
except AttributeError as error:
    print(str(error).partition("on the")[0])
