"""The rules of the house that no linter has: each a function from a file's text to its breaches.

- A breach is (line, sentence). `test_checks_bite.py` holds a bad and a good example for each.
- What needs an exception is written down in `exceptions.py` with its reason.
"""

import ast
import re
from collections.abc import Callable, Iterator

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
DOCSTRING_LINES_MAX = 15

Breach = tuple[int, str]
Check = Callable[[str], list[Breach]]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SUPPRESSION = re.compile(
    r"#\s*(noqa|type:\s*ignore)(?P<code>(?::\s*[A-Z]+\d+)|(?:\[[a-z\-, ]+\]))?"
)
_QFS_SUPPRESSION = re.compile(r"#\s*qfs:\s*allow")
_HOME = re.compile(
    r"(?<![\w.:/\-])(?:/(?:home|root|Users|mnt|work|workspace|builds?)/[\w.\-]+|[A-Z]:\\\\?Users)"
)
_PRIVATE_HOST = re.compile(
    r"https?://(?:(?!127\.)\d+\.\d+\.\d+\.\d+|(?!localhost)[\w\-]+(?=[/:\s\"'>)]|$)|[\w.\-]+\.(?:local|internal|lan|corp))",
)
_INDEX_OPTION = re.compile(
    r"(?<!no-emit-)(?:--(?:extra-)?index-url|--find-links|--trusted-host|PIP_INDEX_URL)\b"
)
_EXPANSION = re.compile(r"quantum[\s*_\-]+financial[\s*_\-]+system", re.IGNORECASE)


def file_is_too_long(text: str) -> list[Breach]:
    """Find a file of more than FILE_LINES_MAX lines."""
    lines = len(text.splitlines())
    return [(lines, f"{lines} lines, {FILE_LINES_MAX} allowed")] if lines > FILE_LINES_MAX else []


def function_is_too_long(text: str) -> list[Breach]:
    """Find each function of more than FUNCTION_LINES_MAX lines."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _FUNCTIONS):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                found.append((node.lineno, f"{node.name}: {lines} lines"))
    return found


def module_docstring_is_missing(text: str) -> list[Breach]:
    """Find a module without a docstring, or with one of more than DOCSTRING_LINES_MAX lines."""
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree)
    if not tree.body:
        return []
    if docstring is None:
        return [(1, "no module docstring")]
    lines = len(docstring.splitlines())
    if lines > DOCSTRING_LINES_MAX:
        return [(1, f"a module docstring of {lines} lines, {DOCSTRING_LINES_MAX} allowed")]
    return []


def assert_outside_tests(text: str) -> list[Breach]:
    """Find each `assert`: it vanishes under -O, so `halt.check` says it instead."""
    return [
        (node.lineno, "assert vanishes under -O; use halt.check or raise a QFSError")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assert)
    ]


def wide_except(text: str) -> list[Breach]:
    """Find each bare or wide `except`, and each `suppress` that is as wide.

    A handler that ends in a bare `raise` catches nothing: it cleans up and lets the error pass.
    """
    found = []
    for node in ast.walk(ast.parse(text)):
        caught: list[ast.expr | None] = []
        if isinstance(node, ast.ExceptHandler) and not _passes_on(node):
            caught = list(node.type.elts) if isinstance(node.type, ast.Tuple) else [node.type]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "suppress",
            "contextlib.suppress",
        ):
            caught = list(node.args)
        wide = [one for one in caught if one is None or ast.unparse(one) in _WIDE]
        if wide:
            found.append((getattr(node, "lineno", 1), "catches everything; name what can happen"))
    return found


def _passes_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


_WIDE = ("Exception", "BaseException", "builtins.Exception", "builtins.BaseException")


def suppression_without_code(text: str) -> list[Breach]:
    """Find each `noqa` and `type: ignore` that does not say what it silences."""
    return [
        (number, "a suppression names its code: `noqa: X123`, `type: ignore[name]`")
        for number, line in enumerate(text.splitlines(), start=1)
        for match in _SUPPRESSION.finditer(line)
        if match["code"] is None
    ]


def audit_suppression(text: str) -> list[Breach]:
    """Find each suppression of `qfs audit`; the deterministic zone has none."""
    return [
        (number, "the deterministic zone holds no suppression of qfs audit")
        for number, line in enumerate(text.splitlines(), start=1)
        if _QFS_SUPPRESSION.search(line)
    ]


def path_of_one_machine(text: str) -> list[Breach]:
    """Find each absolute path into somebody's home or working folder."""
    return _lines(_HOME, text, "an absolute path of one machine")


def private_host(text: str) -> list[Breach]:
    """Find each address that only one network can reach."""
    return _lines(_PRIVATE_HOST, text, "an address that only one network can reach")


def index_address(text: str) -> list[Breach]:
    """Find each option that ties an installation to one package index."""
    return _lines(_INDEX_OPTION, text, "an option that ties installation to one package index")


def expanded_name(text: str) -> list[Breach]:
    """Find the phrase that frauds use for the three letters, wrapped lines included."""
    return [
        (text.count("\n", 0, match.start()) + 1, "never expand the three letters")
        for match in _EXPANSION.finditer(text)
    ]


def makes_admitted(text: str) -> list[Breach]:
    """Find each construction of `Admitted`: only the gate may say that a packet is verified."""
    return [
        (node.lineno, "only qfs.gate makes an Admitted")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Admitted"
    ]


def unlocked_requirement(text: str) -> list[Breach]:
    """Find each requirement of a lock file without an exact version and a hash."""
    found = []
    for number, line in _logical_lines(text):
        if not re.match(r"[A-Za-z0-9][\w.\-]*(\[[\w,\-]+\])?==[^\s;]+", line):
            found.append((number, f"not an exact version: {line.split()[0]}"))
        elif "--hash=sha256:" not in line:
            found.append((number, f"no hash: {line.split()[0]}"))
    return found


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    whole, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.split("#", 1)[0].strip()
        if not bare:
            continue
        start = start if whole else number
        whole += " " + bare.removesuffix("\\").strip()
        if not bare.endswith("\\"):
            yield start, whole.strip()
            whole = ""
    if whole:
        yield start, whole.strip()


def _lines(pattern: re.Pattern[str], text: str, sentence: str) -> list[Breach]:
    return [
        (number, f"{sentence}: {match.group(0)}")
        for number, line in enumerate(text.splitlines(), start=1)
        for match in pattern.finditer(line)
    ]
