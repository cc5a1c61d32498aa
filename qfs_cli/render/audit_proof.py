"""What a proof of determinism rests on: everything that was trusted without being looked at.

- suppression: a finding that an allowance hides; unresolved: a call whose target nobody knows.
- native: native code, named with the reason why it is trusted; stdlib, third-party: summaries
  written by hand; computed: summaries computed from an installed distribution, by its RECORD.
- callback: a function that calls what it is given, or a protocol's method, whoever is behind it.
- unreached: a function with a call that no value was seen to reach; it is dead code, or a gap.
"""

from typing import Any

from qfs.app.audit import AuditReport


def proof(report: AuditReport) -> list[str]:
    """Return one line for the answer, and one for each thing that it rests on."""
    said = "proved" if report.is_proved else "NOT PROVED"
    lines = [f"{said}: {report.proved} of {report.functions} functions reached; it rests on:"]
    for kind, name, how in rows(report):
        lines.append(f"  {kind}: {name}" + (f" ({how})" if how else ""))
    return lines


def rows(report: AuditReport) -> list[tuple[str, str, str]]:
    """Return (kind, name, how it is trusted), the least certain kinds first."""
    out = [
        ("suppression", f"{each.path}:{each.line} {each.rule}", each.suppressed)
        for each in report.suppressed
    ]
    out += [
        ("unresolved", f"{each.path}:{each.line} {each.function}", each.message)
        for each in report.findings
        if each.verdict == "unknown"
    ]
    if report.baselined:
        out.append(("baseline", f"{report.baselined} findings", "known, not proved"))
    if report.unreported:
        left_out = "left out by --select, --ignore or --since"
        out.append(("not asked for", f"{report.unreported} findings", left_out))
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for each in report.rests:
        module, _, short = each.name.rpartition(".")
        of_function = each.kind in ("unreached", "callback")
        key = (each.kind, "", "") if of_function else (each.kind, module, each.how)
        grouped.setdefault(key, []).append(each.name if of_function else short)
    order = ("unreached", "callback", "native", "computed", "third-party", "stdlib")
    for kind, module, how in sorted(grouped, key=lambda key: (order.index(key[0]), key)):
        names = ", ".join(grouped[kind, module, how])
        out.append((kind, f"{module}: {names}" if module else names, how))
    return out


def document(report: AuditReport) -> dict[str, Any]:
    """Return the same as plain dicts and lists."""
    return {
        "proved": report.is_proved,
        "rests_on": [{"kind": kind, "name": name, "how": how} for kind, name, how in rows(report)],
    }
