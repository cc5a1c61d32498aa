"""A ledger that answers batches over a pipe: what the compiled core runs in a process of its own.

A line in: hexadecimal canonical [start, [[seq, actor, batch record] ...]]. A line out: the codes of
each batch, or the name of its refusal, and the root after all of them. Each line begins from the
market, where start is 0, or from the brimful one.
"""

import sys

from qfs.canon import Value, decode, encode
from qfs.crypto.ports import KeyId
from qfs.kernel import Decision
from qfs.ledger import COMMANDS, MACHINE, State, pages, rows
from tests.ledger.books import brimful, context, market, root


def answers(start: State, asked: Value) -> list[Value]:
    """Return the answers to batches, each after the one before it, and the last root."""
    assert isinstance(asked, list)
    state, said = start, list[Value]()
    for one in asked:
        assert isinstance(one, list)
        seq, actor, record = one
        assert isinstance(seq, int)
        assert isinstance(actor, bytes)
        command = COMMANDS.unpack(record)
        answer = MACHINE.decide(state, command, context(KeyId(actor), seq))
        if isinstance(answer, Decision):
            assert answer.after is not None
            state = answer.after
            said.append(answer.results)
        else:
            assert not hasattr(answer, "spent")
            said.append(answer.name)
    said.append(root(state))
    return said


def main() -> None:
    compiled = all(not str(one.__file__).endswith(".py") for one in (rows, pages))
    sys.stdout.write("compiled\n" if compiled else "interpreted\n")
    sys.stdout.flush()
    starts = (market().state, brimful())
    for line in sys.stdin:
        number, asked = decode(bytes.fromhex(line))
        said = answers(starts[number], asked)
        sys.stdout.write(encode(said).hex() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
