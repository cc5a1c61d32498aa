"""Programs whose statements are drawn by chance: loops, branches, aliases and changes in place.

- Variables of few kinds, a set of texts among them, are made of one another, changed, swapped and
  looped over; one of them is the answer. As in ``generated``, the interpreter is the judge.
- ``python -m tests.scan.woven --count 10000 --first 0`` looks at so many: a number, a program. One
  that differs and is proved is printed with as few lines as still do so.
"""

import random
import re
from collections.abc import Mapping, Sequence

from tests.scan.generated import CORPUS, MISSED, Processes, judged, look

SECTIONS = {
    head: body.strip().splitlines()
    for head, _, body in (
        each.partition("\n") for each in (CORPUS / "woven.txt").read_text().split("### ")[1:]
    )
}
VALUES = [(line[0], line[3:]) for line in SECTIONS["values"]]
EFFECTS, CONDITIONS = SECTIONS["effects"], SECTIONS["conditions"]
HEAD = """\
class Box:
    def __init__(self, items, names, table, name):
        self.items, self.names, self.table, self.name = items, names, table, name

    def put(self, name):
        self.items.append(name)
        self.names.add(name)

"""
FIRST = {
    "S": "set(names)", "L": "sorted(names)", "D": "{a: a[0] for a in names}", "T": '"beta"',
    "N": "3", "W": '[["w"], ["v", "u"]]', "B": 'Box(["x"], {"x", "y"}, {"x": "y"}, "box")',
}  # fmt: skip
"""What there is of each kind at first: set, list, dict, text, number, lists in a list, object."""
EMPTY = {
    "S": "set()", "L": "[]", "D": "{}", "T": '"q"', "N": "1", "W": '[["q"], ["r"]]',
    "B": 'Box([], set(), {}, "b")',
}  # fmt: skip
HOLE = re.compile(r"\{\{|\}\}|\{([A-Z])\}")
RECENT = 0.45
"""How often the newest variable of a kind is taken, and how often one is given a new value."""

Pool = Mapping[str, Sequence[str]]


class Weaver:
    """One program in the making."""

    def __init__(self, number: int) -> None:
        self.chance = random.Random(number)
        self.made = 0
        self.helpers: list[tuple[str, str, str]] = []
        """Functions: name, kinds of the parameters, kind of the result."""
        self.last: Pool = {}

    def one(self, names: Sequence[str]) -> str:
        return names[-1] if self.chance.random() < RECENT else self.chance.choice(names)

    def filled(self, text: str, pool: Pool) -> str:
        """Return a line with a variable, or a condition, in each hole."""

        def hole(found: re.Match[str]) -> str:
            kind = found[1]
            if kind is None:
                return found[0][0]
            if kind == "C":
                return f"({self.filled(self.chance.choice(CONDITIONS), pool)})"
            return self.one(pool[kind])

        return HOLE.sub(hole, text)

    def new(self) -> str:
        self.made += 1
        return f"v{self.made}"

    def given(self, kind: str, value: str, pool: dict[str, list[str]]) -> str:
        """Return a line that gives an old or a new variable a value."""
        old = self.chance.random() < RECENT
        name = self.chance.choice(pool[kind]) if old else self.new()
        if name not in pool[kind]:
            pool[kind].append(name)
        return f"{name} = {value}"

    def block(self, around: Pool, count: int, depth: int, *, loop: bool = False) -> list[str]:
        """Return the lines of a block that has so many statements."""
        pool = {kind: list(names) for kind, names in around.items()}
        out = []
        for _statement in range(count):
            drawn = self.chance.random()
            if drawn < 0.42:
                kind, value = self.chance.choice(VALUES)
                out.append(self.given(kind, self.filled(value, pool), pool))
            elif drawn < 0.7 or not depth:
                out.append(self.filled(self.chance.choice(EFFECTS), pool))
            elif drawn < 0.86:
                out += self.loop(pool, depth, kinds="S" if loop or depth == 1 else "SSSLLDW")
            elif drawn < 0.96:
                out += self.branch(pool, depth, loop=loop)
            elif self.helpers:
                name, kinds, kind = self.chance.choice(self.helpers)
                arguments = ", ".join([self.one(pool[each]) for each in kinds])
                out.append(self.given(kind, f"{name}({arguments})", pool))
        self.last = pool
        return out or ["pass"]

    def loop(self, pool: Pool, depth: int, *, kinds: str) -> list[str]:
        """Return a loop over a copy: of sets alone within others, for lists would grow for ever."""
        name, kind = self.new(), self.chance.choice(kinds)
        over = self.one(pool[kind])
        through = {"S": "set({})", "W": "[a for b in {} for a in b]"}.get(kind, "list({})")
        inside = {**pool, "T": [*pool["T"], name, name, name]}
        body = self.block(inside, self.chance.randint(1, 3), depth - 1, loop=True)
        return [f"for {name} in {through.format(over)}:", *indented(body)]

    def branch(self, pool: Pool, depth: int, *, loop: bool) -> list[str]:
        """Return an ``if``; in a loop it may end the round, or the loop."""
        out = [f"if {self.filled(self.chance.choice(CONDITIONS), pool)}:"]
        if loop and self.chance.random() < 0.2:
            return [*out, *indented([self.chance.choice(["break", "continue"])])]
        out += indented(self.block(pool, self.chance.randint(1, 2), depth - 1, loop=loop))
        if self.chance.random() < 0.4:
            otherwise = self.block(pool, self.chance.randint(1, 2), depth - 1, loop=loop)
            out += ["else:", *indented(otherwise)]
        return out

    def helper(self, number: int) -> list[str]:
        """Return a function that changes, or makes something of, what it is handed."""
        kinds = "".join(self.chance.choices("SLDTB", k=self.chance.randint(1, 3)))
        names = [f"p{at}" for at in range(len(kinds))]
        pool: dict[str, list[str]] = {kind: [] for kind in EMPTY}
        for kind, name in zip(kinds, names, strict=True):
            pool[kind].append(name)
        body = []
        for kind, value in EMPTY.items():
            if not pool[kind]:
                body.append(f"{kind.lower()}0 = {value}")
                pool[kind].append(f"{kind.lower()}0")
        body += self.block(pool, self.chance.randint(1, 4), 1)
        kind = self.chance.choice("SLDTN")
        body.append(f"return {self.chance.choice(self.last[kind])}")
        self.helpers.append((f"f{number}", kinds, kind))
        return [f"def f{number}({', '.join(names)}):", *indented(body), ""]

    def lines(self) -> list[str]:
        """Return the program."""
        out = HEAD.splitlines()
        for number in range(self.chance.randint(0, 2)):
            out += self.helper(number)
        pool = {kind: [f"{kind.lower()}0"] for kind in FIRST}
        body = [f"{kind.lower()}0 = {value}" for kind, value in FIRST.items()]
        body += self.block(pool, self.chance.randint(5, 14), 2)
        kind = self.chance.choice("LLDTTN")
        answer = self.one(self.last[kind])
        body.append(f"return list({answer}.items())" if kind == "D" else f"return {answer}")
        return [*out, "def entry(names: list[str]):", *indented(body)]


def indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def woven(number: int) -> list[str]:
    """Return the lines of the program of a number."""
    return Weaver(number).lines()


def outcome(lines: Sequence[str], processes: Processes) -> str:
    """Say what became of a program, as `judged` does."""
    code = "\n".join(lines) + "\n"
    try:
        compile(code, "case.py", "exec")
    except SyntaxError:
        return "raised"
    return judged(code, processes)


def shortened(lines: Sequence[str], processes: Processes, wanted: str) -> list[str]:
    """Return a program with as few lines as have the same outcome: blocks go, or their heads."""
    lines = list(lines)
    for at in range(len(lines) - 1, -1, -1):
        depth = len(lines[at]) - len(lines[at].lstrip())
        end = at + 1
        while end < len(lines) and len(lines[end]) - len(lines[end].lstrip()) > depth:
            end += 1
        inner = [line[4:] for line in lines[at + 1 : end]]
        for fewer in (lines[:at] + lines[end:], lines[:at] + inner + lines[end:]):
            if len(fewer) < len(lines) and outcome(fewer, processes) == wanted:
                lines = fewer
                break
    return lines


def main() -> None:
    """Look at many programs of drawn statements."""

    def shown(number: int, processes: Processes) -> str:
        return "\n".join(["", *shortened(woven(number), processes, MISSED), ""])

    look(__doc__.splitlines()[0], lambda n, processes: outcome(woven(n), processes), shown)


if __name__ == "__main__":
    main()
