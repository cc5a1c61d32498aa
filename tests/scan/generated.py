"""Programs that are put together by chance, run in several processes, and audited.

- A program is a source (a set, a hash, a clock ...), then steps that make something else of it and
  carriers that hand it on unchanged: through calls, containers, classes, generators, exceptions.
- The interpreter is the judge: a program whose answer differs between two processes may not be
  proved, whatever the way; one that is shortened and still missed is printed.
- ``python -m tests.scan.generated --count 10000 --first 0`` looks at so many: a number, a program.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from qfs.app.audit import rulebook
from qfs.scan.audit import analyse
from qfs.scan.facts.extract import extract
from qfs.scan.found import Found

CORPUS = Path(__file__).parent.parent / "corpus" / "audit"
BOOK = rulebook()
PROCESSES = 6
LENGTH_MAX = 6
CARRIED = 0.6
"""How often a carrier comes next, and not a step."""
HEAD = """\
import abc, asyncio, bisect, contextlib, contextvars, copy, dataclasses, enum, functools, hashlib
import heapq, io, itertools, json, operator, os, queue, random, threading, time, uuid, weakref, zlib
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections import namedtuple
from dataclasses import dataclass, field
from functools import reduce
from types import MappingProxyType, SimpleNamespace
from typing import Generic, NamedTuple, Protocol, TypedDict, TypeVar
"""


@dataclass(frozen=True)
class Part:
    """A piece of a program: definitions, and statements that make ``{y}`` of ``{x}``."""

    name: str
    takes: str
    """Kind of value: set, list (of texts), str, int; any for a carrier."""
    gives: str
    same: bool
    """Whether what it makes of a set is the same in every order."""
    definitions: str
    statements: str


def parts(kind: str) -> list[Part]:
    """Return the sources, steps or carriers."""
    text = (CORPUS / f"generated_{kind}.txt").read_text(encoding="utf-8")
    out = []
    for each in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        head, _, body = each.partition("\n")
        name, kinds, *same = head.split()
        takes, _, gives = kinds.rpartition(">")
        definitions, _, statements = body.rpartition("---\n")
        out.append(Part(name, takes or kinds, gives, bool(same), definitions, statements))
    return out


SOURCES, STEPS, CARRIERS = parts("sources"), parts("steps"), parts("carriers")


def source_of(program: Sequence[Part]) -> str:
    """Return a program's text."""
    definitions, statements = [], []
    for at, part in enumerate(program):
        words = {"n": f"_{at}", "x": f"v{at}", "y": f"v{at + 1}"}
        definitions.append(part.definitions.format(**words))
        statements += part.statements.format(**words).splitlines()
    body = "".join([f"    {line}\n" for line in statements])
    made = f"\n\ndef entry(names: list[str]):\n{body}    return v{len(program)}\n"
    return HEAD + "".join(definitions) + made


def program_of(number: int) -> list[Part]:
    """Return the program of a number; what it gives in the end is no set."""
    chance = random.Random(number)
    out = [chance.choice(SOURCES)]
    kind = out[0].gives
    for _part in range(chance.randint(1, LENGTH_MAX)):
        if chance.random() < CARRIED:
            out.append(chance.choice(CARRIERS))
        else:
            out.append(chance.choice([each for each in STEPS if each.takes == kind]))
            kind = out[-1].gives
    while kind == "set":
        out.append(chance.choice([each for each in STEPS if each.takes == kind]))
        kind = out[-1].gives
    return out


def fits(program: Sequence[Part]) -> bool:
    """Say whether each part takes what the one before gives, and the last gives no set."""
    kind = program[0].gives
    for part in program[1:]:
        if part.takes != "any":
            if part.takes != kind:
                return False
            kind = part.gives
    return kind != "set"


def findings(code: str) -> tuple[Found, ...]:
    """Return what an audit says of a program."""
    facts = {"case": ("case.py", extract(code.encode()))}
    return analyse(facts, BOOK, entries=("*:entry",), in_zone=bool, policy="allow").found


class Processes:
    """Interpreters, each with another hash seed, that run the same programs."""

    def __init__(self, count: int = PROCESSES) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.scan.generated_worker"]
        self.running = [
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONHASHSEED": str(7 * number + 1)},
                text=True,
            )
            for number in range(count)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self.running:
            each.communicate()

    def answers(self, code: str) -> list[str]:
        """Return what each process answers."""
        line = json.dumps(code) + "\n"
        for each in self.running:
            each.stdin.write(line)  # type: ignore[union-attr]
            each.stdin.flush()  # type: ignore[union-attr]
        return [json.loads(each.stdout.readline()) for each in self.running]  # type: ignore[union-attr]


def outcome(program: Sequence[Part], processes: Processes) -> str:
    """Say what became of a program: it differs or not, and is found, unknown or proved."""
    return judged(source_of(program), processes)


def judged(code: str, processes: Processes) -> str:
    """Say of a program's text whether its answers differ, and what the audit says of it."""
    answers = processes.answers(code)
    if any(each.startswith("raised ") for each in answers):
        return "raised"
    verdicts = {each.verdict for each in findings(code)}
    said = "found" if verdicts & {"violation", "possible"} else "unknown" if verdicts else "proved"
    return f"{'differs' if len(set(answers)) > 1 else 'same'}, {said}"


def shortened(program: Sequence[Part], processes: Processes, wanted: str) -> list[Part]:
    """Return a program with as few parts as have the same outcome."""
    program = list(program)
    at = 1
    while at < len(program):
        fewer = program[:at] + program[at + 1 :]
        if fits(fewer) and outcome(fewer, processes) == wanted:
            program, at = fewer, 1
        else:
            at += 1
    return program


MISSED = "differs, proved"


def look(
    said: str,
    outcome_of: Callable[[int, Processes], str],
    shown: Callable[[int, Processes], str],
) -> None:
    """Look at many programs; show each that differs and is proved, and exit with 1 if any is."""
    parser = argparse.ArgumentParser(description=said)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    with Processes() as processes:
        for number in range(options.first, options.first + options.count):
            found = outcome_of(number, processes)
            outcomes[found] += 1
            if found == MISSED:
                sys.stdout.write(f"{number}: {shown(number, processes)}\n")
    for name, count in sorted(outcomes.items()):
        sys.stdout.write(f"{count:8,} {name}\n")
    sys.exit(1 if outcomes[MISSED] else 0)


def main() -> None:
    """Look at many programs of joined parts."""

    def shown(number: int, processes: Processes) -> str:
        return " ".join([each.name for each in shortened(program_of(number), processes, MISSED)])

    look(__doc__.splitlines()[0], lambda n, processes: outcome(program_of(n), processes), shown)


if __name__ == "__main__":
    main()
