"""One digest of the code that ``make prove`` is about: the kernels of CertifiedMath.

- The kernels are the modules that ``qfs.certmath.raw`` imports, directly or not, inside certmath.
- Comments, docstrings, blank lines and indentation of nothing else count: what is digested is
  each module's lines without them, so that only a change of code asks for a new run.
- The same on every Python: only positions are taken from the parser.
"""

import ast
import hashlib
import io
import tokenize
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENTRY = "qfs.certmath.raw"
ROOM = "qfs.certmath"


def kernels() -> list[str]:
    """Return the dotted names of the kernels' modules, sorted."""
    found: set[str] = set()
    waiting = [ENTRY]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for node in ast.walk(ast.parse(_path(name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                names = [node.module, *[f"{node.module}.{one.name}" for one in node.names]]
                waiting += [one for one in names if one.startswith(ROOM + ".") and _exists(one)]
    return sorted(found)


def kernels_digest() -> str:
    """Return the SHA-256 over every kernel's name and code, in hex."""
    total = hashlib.sha256()
    for name in kernels():
        text = _path(name).read_text(encoding="utf-8")
        total.update(f"{name}\n{code_alone(text)}\n".encode())
    return total.hexdigest()


def code_alone(text: str) -> str:
    """Return a module's lines without comments, docstrings and blank lines."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        for first in getattr(node, "body", None) or [] if _may_hold_docstrings(node) else []:
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                end = first.end_lineno or first.lineno
                lines[first.lineno - 1 : end] = [""] * (end - first.lineno + 1)
    return "\n".join([line.rstrip() for line in lines if line.strip()])


def _may_hold_docstrings(node: ast.AST) -> bool:
    return isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)


def _path(name: str) -> Path:
    file = ROOT / (name.replace(".", "/") + ".py")
    return file if file.is_file() else ROOT / name.replace(".", "/") / "__init__.py"


def _exists(name: str) -> bool:
    return _path(name).is_file()
