"""An audit report as JUnit XML: a test case a finding, failed; one that passed when none is."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from qfs.app.audit import AuditReport


def render(report: AuditReport) -> str:
    """Return the XML text."""
    failing = [each for each in report.findings if each.verdict != "unknown"]
    suite = Element(
        "testsuite",
        name="qfs audit",
        tests=str(max(1, len(report.findings) + len(report.errors))),
        failures=str(len(failing)),
        errors=str(len(report.errors)),
        skipped=str(len(report.findings) - len(failing)),
    )
    for error in report.errors:
        case = SubElement(suite, "testcase", name="not audited", classname=error.path)
        SubElement(case, "error", message=error.message)
    for each in report.findings:
        name = f"{each.rule} line {each.line}"
        case = SubElement(suite, "testcase", name=name, classname=each.path)
        kind = "skipped" if each.verdict == "unknown" else "failure"
        way = "\n".join([f"{step.name} ({step.path}:{step.line})" for step in each.chain])
        told = SubElement(case, kind, message=_printable(each.message))
        told.text = _printable(f"{way}\n{each.instead}")
    if not len(suite):
        SubElement(suite, "testcase", name="no findings", classname="qfs.audit")
    indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, "unicode") + "\n"


def _printable(text: str) -> str:
    """Return the text without the control characters that XML 1.0 forbids."""
    return "".join([each if each >= " " or each in "\t\n" else "?" for each in text])
