"""Witness runs: what they confirm, what they leave possible, and what they say was not run."""

from dataclasses import replace
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, WitnessRun, audit
from qfs.app.witness import witness
from qfs.errors import InputError, UsageError
from qfs_cli.render import audit_json
from qfs_cli.render.audit import render
from tests.app.test_audit import write

# Which class is made is data, so that every way to a method is a may.
KINDS = '''"""Kinds of a thing."""

import os
import time
from made import make

SEEN: list = []


class Salted:
    def tick(self):
        return hash("abc") % 1000


class Listed:
    def tick(self):
        return [name for name in os.listdir(".")
                if name.endswith(".dat")]


class Kept:
    def tick(self):
        SEEN.append(1)
        return len(SEEN)


class Idle:
    def tick(self):
        return hash("abc") * 0


class Late:
    def tick(self):
        when = time.time()
        return 1 if when else 0


def use(thing):
    return thing.tick()


def entry(order):
    return use(make(order["kind"]))
'''
MADE = "import kinds\n\n\ndef make(kind):\n    return getattr(kinds, kind)()\n"
DATA = {"a.dat": "", "b.dat": "", "c.dat": "", "d.dat": ""}


# What each kind makes differ, at which place, by what; nothing where a run never differs.
SHOWS: dict[str, tuple[tuple[str, int, str], ...]] = {
    "Salted": (("QFS301", 12, "PYTHONHASHSEED"),),
    "Listed": (("QFS408", 17, "directory-order"), ("QFS702", 17, "directory-order")),
    "Kept": (("QFS901", 23, "history"),),
    "Idle": (),
    "Late": (),
}


def test_only_the_findings_that_show_are_confirmed_and_none_is_downgraded(tmp_path: Path) -> None:
    inputs = "".join([f'{{"kind": "{kind}"}}\n' for kind in SHOWS])
    write(tmp_path, {"kinds.py": KINDS, "made.py": MADE, "in.jsonl": inputs, **DATA})
    request = AuditRequest((tmp_path / "kinds.py",), entries=("kinds:entry",))
    before = audit(request)
    after = witness(before, request, tmp_path / "in.jsonl")
    changed = []
    for old, new in zip(before.findings, after.findings, strict=True):
        if new != old:
            assert (old.verdict, new.verdict) == ("possible", "confirmed")
            assert new == replace(old, verdict="confirmed", witness=new.witness)
            assert new.witness is not None
            changed.append((new.rule, new.line, new.witness.variable))
    assert changed == [shown for each in SHOWS.values() for shown in each]
    assert after.count("possible") >= 2
    content = audit_json.document(after)
    shown = [each["witness"]["variable"] for each in content["findings"] if each["witness"]]
    assert shown == [variable for _rule, _line, variable in changed]
    assert content["summary"]["confirmed"] == content["witness"][0]["confirmed"] == len(changed)
    assert after.exit_code == 1


def test_an_entry_point_that_could_not_be_run_is_said(tmp_path: Path) -> None:
    code = "import time\n\n\nclass A:\n    def tick(self):\n        return time.time()\n"
    code += "\n\ndef entry(thing):\n    return thing.tick()\n"
    settings = '[tool.qfs.witness]\n"gone:f" = ""\n"m:gone" = ""\n"m:entry" = "in.jsonl"\n'
    write(tmp_path, {"m.py": code, "in.jsonl": "1\n", "pyproject.toml": settings})
    request = AuditRequest((tmp_path / "m.py",), entries=("m:entry",))
    report = witness(audit(request), request)
    told = {each.entry: each.not_run for each in report.witness}
    assert "not among the files" in told["gone:f"]
    assert "unloadable" in told["m:gone"]
    assert "every input raises" in told["m:entry"]
    assert (report.count("possible"), report.exit_code) == (1, 1)


def test_a_program_without_a_possible_finding_is_not_run(tmp_path: Path) -> None:
    code = "import os\nprint('this must not run')\n\ndef f():\n    return 1\n"
    code += "\ndef g(thing):\n    return list({*thing})\n"
    write(tmp_path, {"m.py": code})
    request = AuditRequest((tmp_path / "m.py",), entries=("m:f",))
    report = witness(audit(request), request)
    assert report.witness == (
        WitnessRun("m:f", 0, 0, "no finding is POSSIBLE, and a VIOLATION needs no run"),
    )
    assert "witness m:f: NOT RUN; no finding is POSSIBLE, and a VIOLATION needs no run" in render(
        report
    )
    both = AuditRequest((tmp_path / "m.py",))
    found = audit(both)
    assert [each.verdict for each in found.findings] == ["possible"]
    report = witness(found, request)
    assert [each.not_run for each in report.witness] == [
        "no POSSIBLE finding lies on a way from it"
    ]


MISTAKES = [
    ("no entry point", (), "m.py", UsageError),
    ("no such inputs", ("m:f",), "nowhere.jsonl", InputError),
]


@pytest.mark.parametrize(("what", "entries", "inputs", "error"), MISTAKES)
def test_a_mistake_is_told(
    what: str, entries: tuple[str, ...], inputs: str, error: type[Exception], tmp_path: Path
) -> None:
    write(tmp_path, {"m.py": "def f():\n    return 1\n"})
    request = AuditRequest((tmp_path / "m.py",), entries=entries)
    with pytest.raises(error):
        witness(audit(request), request, tmp_path / inputs)
