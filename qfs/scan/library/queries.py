"""SQL that is executed: what it asks the database for, and in which order rows are put in."""

import re
from typing import Final

from qfs.scan.domain.values import KNOWN
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.heap.assignment import inner_order
from qfs.scan.order.iteration import elements
from qfs.scan.solver.dispatch import Arguments
from qfs.scan.solver.frame import Frame

EXECUTES: Final = {"execute", "executemany", "executescript", "fetchval", "fetchrow", "fetch"}
_CHANCE: Final = re.compile(
    r"\b(random|randomblob|rand|now|uuid|gen_random_uuid|sysdate|getdate|clock_timestamp)\s*\("
    r"|\bcurrent_(time|date|timestamp)\b|\blocaltime(stamp)?\b|'now'",
    re.IGNORECASE,
)
_INSERTS: Final = re.compile(r"\s*(insert|replace)\b", re.IGNORECASE)


def executed(frame: Frame, callee: Fact | None, arguments: Arguments, pos: Pos) -> None:
    """Report chance and clock in a statement, and rows that are put in in a set's order."""
    for atom in arguments.first():
        if atom[:2] != (KNOWN, "str"):
            continue
        found = _CHANCE.search(atom[2])
        if found is not None:
            frame.site("sql-function", pos, f"SQL {found[0].rstrip('( ')}")
        if _INSERTS.match(atom[2]):
            order = inner_order(frame, callee[1]) if callee is not None else None
            order = order or elements(frame, arguments.at(1, "parameters"), pos)[1]
            if order is not None:
                frame.leak(order, "set-fold", "decides which row is put in first", sure=False)
