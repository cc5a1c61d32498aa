"""The six links of QFS, one function each: run the commands, say what they printed.

Each step is handed the runner and what the steps before it found, and returns its lines.
"""

import importlib.util
import shutil
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples.demo.running import DemoError, Ran, Runner

THIRD_PARTY = "sortedcontainers"
"""A package out of the lock file, audited as found."""
SCENARIO = "examples/scenarios/market-day.toml"
FEWEST_ENVIRONMENTS = 4


@dataclass(slots=True)
class Found:
    """What later steps need of earlier ones, and the line that closes each link."""

    roots: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the chain."""

    link: str
    title: str
    run: Callable[[Runner, Found], list[str]]


def audit(runner: Runner, _: Found) -> list[str]:
    """Audit an example, a third-party package and QFS itself."""
    naive = runner.qfs("audit", "examples/auction/naive.py", must=1)
    good = runner.qfs("audit", "examples/auction/certified.py")
    package = _site_package(THIRD_PARTY)
    third = runner.qfs("audit", package, must=1)
    own = runner.qfs("audit", "qfs")
    return [
        *_audited(naive, "an auction house as people first write it"),
        *_audited(good, "the same house as a QFS machine"),
        *_audited(third, f"{THIRD_PARTY}, out of the lock file"),
        *_audited(own, "the deterministic zone of QFS itself"),
    ]


def certify(runner: Runner, _: Found) -> list[str]:
    """Make keys, sign a certificate over the audit, and check it."""
    for name in ("root", "operator", "alice", "bob"):
        runner.qfs("keys", "new", name, "--dir", runner.scratch, "--unencrypted")
    certificate = runner.scratch / "certificate.json"
    key, public = runner.scratch / "root.pem", runner.scratch / "root.pub.pem"
    made = runner.qfs("certify", ".", "--target", "qfs", "--key", key, "--output", certificate)
    checked = runner.qfs("certify", ".", "--check", certificate, "--public-key", public)
    statement = made.document["statement"]
    subject = statement["subject"][0]
    return [
        "four ML-DSA-87 keys made",
        f"$ {made.shown}",
        f"  source {subject['digest']['dirHash'][:16]}",
        f"  rules  {statement['predicate']['audit']['rules_digest'][:16]}",
        f"$ {checked.shown}",
        "  the signature and every digest agree with this tree",
    ]


def build(runner: Runner, _: Found) -> list[str]:
    """Build QFS's own wheel and sdist twice and compare."""
    built = runner.qfs("build", ".", "--pairs", "bare", "--accept-unexercised")
    report = built.document
    if not report["reproducible"]:
        raise DemoError(f"not reproducible: {report['differences']}")
    varied = [row["name"] for row in report["variations"] if row["exercised"]]
    return [
        f"$ {built.shown}",
        *[f"  {row['name']}  {row['sha256'][:16]}" for row in report["artifacts"]],
        f"  identical twice, varying {', '.join(varied)}",
    ]


def run(runner: Runner, found: Found) -> list[str]:
    """Start a ledger, sign a scenario of several hundred transactions into it."""
    at = runner.scratch
    began = runner.qfs(
        *("ledger", "init", at / "ledger", "--name", "demo"),
        *("--root-key", at / "root.pub.pem", "--operator", at / "operator.pub.pem"),
        *("--submitter", at / "alice.pub.pem", "--submitter", at / "bob.pub.pem"),
    )
    keys = [word for name in ("operator", "alice", "bob") for word in ("--key", at / f"{name}.pem")]
    sent = runner.qfs("ledger", "submit", at / "ledger", SCENARIO, *keys)
    state = runner.qfs("ledger", "state", at / "ledger")
    checked = runner.qfs("ledger", "check", at / "ledger")
    found.roots.append(state.document["state_root"])
    return [
        f"$ {began.shown}",
        f"$ {sent.shown}",
        *_submitted(runner.tree, sent.document),
        f"$ {checked.shown}",
        f"  {len(checked.document['checks'])} sentences hold, conservation among them",
        f"  state root {state.document['state_root']}",
    ]


def replay(runner: Runner, found: Found) -> list[str]:
    """Re-derive every root in at least four different environments."""
    ran = runner.qfs("replay", runner.scratch / "ledger", "--perturb")
    report = ran.document
    done = [row for row in report["environments"] if row["state_root"]]
    if len(done) < FEWEST_ENVIRONMENTS or not report["identical"]:
        raise DemoError(ran.output)
    lines = [f"$ {ran.shown}", f"  {report['packets']} packets, {report['commands']} commands"]
    varied: dict[str, list[str]] = {}
    for row in report["environments"]:
        key = (row["state_root"] or "NOT RUN")[:16]
        varied.setdefault(f"  {key:16}  {row['variable']}", []).append(row["value"])
    lines += [f"{start}={', '.join(values)}" for start, values in varied.items()]
    if {row["state_root"] for row in done} != {found.roots[-1]}:
        raise DemoError("a replay derived another root than the ledger recorded")
    return [*lines, f"  identical at {len(done)} levels, every two of them together"]


def halt(runner: Runner, _: Found) -> list[str]:
    """Flip one byte of a copy of the log and show the halt."""
    copy = runner.scratch / "copy"
    shutil.copytree(runner.scratch / "ledger", copy)
    log = copy / "log" / "00000001.log"
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    ran = runner.qfs("replay", copy, must=3)
    stopped = ran.document["halt"]
    facts = ", ".join([f"{name} {value}" for name, value in sorted(stopped["facts"].items())])
    return [
        f"one bit flipped at byte {len(data) // 2:,} of a copy of the log",
        f"$ {ran.shown}",
        f"  {stopped['code']} {stopped['name']} at packet {stopped['packet']} ({facts})",
        f"  rolled back to root {stopped['root'][:16]}; exit code 3",
    ]


STEPS = (
    Step("audit", "what could make two runs differ", audit),
    Step("certify", "the audit's result, signed", certify),
    Step("build", "the same source, the same wheel", build),
    Step("sign, run", "several hundred transactions over five tokens", run),
    Step("replay", "every state root again, elsewhere", replay),
    Step("halt", "better stopped than different", halt),
)


def _audited(ran: Ran, what: str) -> list[str]:
    summary: dict[str, Any] = ran.document["summary"]
    findings = [row for row in ran.document["findings"] if row["verdict"] != "unknown"]
    effects = Counter([row["effect"] for row in findings])
    kinds = ", ".join([f"{count} {effect}" for effect, count in sorted(effects.items())])
    count = summary["violation"] + summary["possible"]
    proved = f"{summary['files']} files, {summary['functions']} functions"
    return [
        f"$ {ran.shown}",
        f"  {what}: {count} findings in {proved}{f' ({kinds})' if kinds else ''}",
    ]


def _submitted(tree: Path, report: dict[str, Any]) -> list[str]:
    with (tree / SCENARIO).open("rb") as file:
        steps = tomllib.load(file)["step"]
    expected = Counter([step["expect"] for step in steps if "expect" in step])
    if report["surprises"] or report["refused"] != expected.total():
        raise DemoError(f"answered otherwise than expected: {report}")
    reasons = ", ".join([f"{count} {name}" for name, count in sorted(expected.items())])
    return [
        f"  {report['steps']} transactions in {report['packets']} signed packets:",
        f"  {report['accepted']} accepted, {report['refused']} refused as expected ({reasons})",
    ]


def _site_package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise DemoError(f"{name} is not installed")
    return Path(found.origin).parent
