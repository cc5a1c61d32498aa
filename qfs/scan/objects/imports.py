"""Imports: names of the program are followed, names outside stay names.

- Importing a module of the program runs its body: an edge to its function 0.
- ``from x import *`` is kept as a place to look a name up later.
- Source: Python reference §5.4.
"""

from typing import Final

from qfs.scan.domain.values import MODULE, NOTHING, OUTSIDE, PLAIN, Value
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.solver.dispatch import Arguments, call
from qfs.scan.solver.frame import Frame

IMPORT: Final = "<import>"
"""What a computed summary calls the running of a module's body."""


def run_body(frame: Frame, name: str, pos: Pos) -> None:
    """Run the bodies of a module and of the packages that it stands in."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        prefix = ".".join(parts[:end])
        module = frame.solver.program.modules.get(prefix)
        if module is not None and module is not frame.module:
            node = frame.solver.node(module.functions[0], {})
            frame.solver.call(frame.node, node, pos, certain=True)
        elif module is None and f"{prefix}.{IMPORT}" in frame.solver.rules.index.calls:
            text = f"the import of {prefix}"
            frame.site("unknown-summary", pos, text, "unknown")


def module_value(frame: Frame, name: str) -> Value:
    """Return the value of a module's name."""
    inside = name in frame.solver.program.packages
    return ((MODULE, name),) if inside else ((OUTSIDE, canonical(frame, name)),)


def canonical(frame: Frame, name: str) -> str:
    """Return the name under which something outside is known."""
    return frame.solver.rules.summaries.canonical(name)


def import_module(frame: Frame, fact: Fact) -> None:
    """``import a.b as c``."""
    for name, alias in fact[1]:
        run_body(frame, name, fact[2])
        if alias is not None:
            frame.bind(alias, module_value(frame, name))
        else:
            top = name.partition(".")[0]
            frame.bind(top, module_value(frame, top))


def absolute(frame: Frame, module: str, level: int) -> str:
    """Return the full name of a relative import."""
    if not level:
        return module
    parts = frame.module.name.split(".")
    drop = level - 1 if frame.module.package else level
    base = parts[: len(parts) - drop] if drop else parts
    return ".".join([*base, module] if module else base)


def import_from(frame: Frame, fact: Fact) -> None:
    """``from a.b import c as d``."""
    _, module, level, names, pos = fact
    source = absolute(frame, module, level)
    inside = source in frame.solver.program.packages
    run_body(frame, source, pos)
    for name, alias in names:
        if name == "*":
            frame.solver.write(("star", frame.module.name), module_value(frame, source))
            continue
        if inside:
            frame.bind(alias, member(frame, source, name, pos))
        else:
            frame.bind(alias, outside(frame, f"{source}.{name}", pos))


def outside(frame: Frame, name: str, pos: Pos) -> Value:
    """Return a name outside, reporting rules about reading it."""
    full = canonical(frame, name)
    reads = frame.solver.rules.index.reads
    if full in reads and full not in VERSIONS:
        frame.hits(reads[full], pos, full)
    return ((OUTSIDE, full),)


VERSIONS: Final = {"sys.version_info", "sys.hexversion"}
"""What is reported where it is read alone: where it is compared, two runs may agree."""


def member(frame: Frame, source: str, name: str, pos: Pos) -> Value:
    """Return a name of a module of the program: a variable, or a submodule."""
    full = f"{source}.{name}"
    module = frame.solver.program.modules.get(source)
    if module is not None:
        if name in module.functions[0].bound:
            return frame.solver.read(frame.node, ("global", source, name))
        for atom in frame.solver.read(frame.node, ("star", source)):
            found = frame.starred(atom, name)
            if found:
                return found
    if full in frame.solver.program.packages:
        run_body(frame, full, pos)
        return ((MODULE, full),)
    if module is None:
        return (("any", "import"),)
    if "__getattr__" in module.functions[0].bound and name != "__getattr__":
        hook = frame.solver.read(frame.node, ("global", source, "__getattr__"))
        return call(frame, hook, Arguments([((PLAIN, "str"),)]), pos)
    return NOTHING
