"""Which environment variables a perturbation gives another value.

- Those that the program asked for and that no other variable of the plan stands for.
- Not those that a library asked for and refuses another value of: then the program ends before it
  does anything, and what its own code depends on would never be seen. They are named instead.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qfs.shell.perturbation import Environment
from qfs.shell.perturbed_run import Failed, Told

_MAX = 12
_ELSEWHERE = ("*", "?", "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "TEMP", "TMP")
_ELSEWHERE_FROM = ("PYTHON", "_PYTHON", "LC_", "LANG", "LD_", "LOCPATH", "GLIBC")


def names_asked(noticed: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Return the names to vary, and the others with the reason why not."""
    asked = [str(name) for name in noticed.get("environment", ())]
    names = [
        name for name in asked if name not in _ELSEWHERE and not name.startswith(_ELSEWHERE_FROM)
    ]
    if "*" in asked:
        names.append("QFS_ANOTHER")
    words = f"more than {_MAX} variables are read"
    return names[:_MAX], {f"${name}": words for name in names[_MAX:]}


def refused(
    names: Sequence[str], usual: Environment, run: Callable[[Environment], Told | Failed]
) -> dict[str, str]:
    """Return those of some variables whose other value ends the program, and what it said."""
    if not names:
        return {}
    outcome = run({**usual, **dict.fromkeys(names, "changed")})
    if isinstance(outcome, Told):
        return {}
    if len(names) == 1:
        return {names[0]: f"a library refuses another value: {outcome.words}"}
    half = len(names) // 2
    return {**refused(names[:half], usual, run), **refused(names[half:], usual, run)}
