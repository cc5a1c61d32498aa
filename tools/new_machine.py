"""Start a machine: `make new-machine NAME=group/name`.

- Writes `qfs/machines/<group>/<name>/` in the one shape of a machine, and its tests, all of which
  pass as written; then replace the example by the machine.
- Adds the machine to the contract of independence in `pyproject.toml`.
- Prints the one line for the registry in `qfs/app/machines.py`, which stays a human decision.
- Overwrites nothing: a name that cannot be ends with exit code 2 and a tree as it was.
"""

import keyword
import re
import subprocess
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "tools/machine_template"
ROOMS = ("__init__.py", "commands.py", "events.py", "reducer.py", "state.py")
TESTS = ("test_reducer.py",)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}/[a-z][a-z0-9_]{0,31}")
_CONTRACT = re.compile(r'(id = "machines"\n(?:[^\[].*\n)*?modules = \[)([^\]]*)(\])')


def mistake_in(name: str, root: Path) -> str | None:
    """Return why no machine can have the name, or None."""
    if not _NAME.fullmatch(name):
        return f"{name!r} is no machine's name; write NAME=group/name, each a-z0-9_ and at most 32"
    group, own = name.split("/")
    if keyword.iskeyword(group) or keyword.iskeyword(own):
        return f"{name!r} holds a word of the language; choose another"
    if (root / "qfs/machines" / name).exists() or (root / "tests/machines" / name).exists():
        return f"{name!r} exists; choose another name, or edit qfs/machines/{name}"
    if not _CONTRACT.search((root / "pyproject.toml").read_text(encoding="utf-8")):
        return 'pyproject.toml has no import contract with id = "machines" to add the machine to'
    return None


def write(name: str, root: Path) -> list[Path]:
    """Write the machine, its tests and its line in the contract; return the new files."""
    group, own = name.split("/")
    package = f"qfs.machines.{group}.{own}"
    words = {"name": own, "group": group, "package": package}
    rooms, tests = root / "qfs/machines" / name, root / "tests/machines" / name
    files = {
        rooms.parent / "__init__.py": f'"""The machines of the group {group}."""\n',
        tests.parent.parent / "__init__.py": "",
        tests.parent / "__init__.py": "",
        tests / "__init__.py": "",
        **{rooms / room: _filled(room, words) for room in ROOMS},
        **{tests / test: _filled(test, words) for test in TESTS},
    }
    new = [path for path in files if not path.exists()]
    for path in new:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
    _name_in_contract(package, root / "pyproject.toml")
    # A long name makes long import lines, and only the formatter knows where to break them.
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "-q", rooms.parent, tests.parent],
        cwd=root,
        check=True,
    )
    return new


def main(arguments: list[str]) -> int:
    """Run the tool; return the exit code."""
    if len(arguments) != 1:
        print("error: one name, please: make new-machine NAME=group/name", file=sys.stderr)
        return 2
    (name,) = arguments
    mistake = mistake_in(name, ROOT)
    if mistake is not None:
        print(f"error: {mistake}", file=sys.stderr)
        return 2
    for path in write(name, ROOT):
        print(f"wrote {path.relative_to(ROOT).as_posix()}")
    package = f"qfs.machines.{name.replace('/', '.')}"
    own = name.split("/")[1]
    print("named it in pyproject.toml, contract `machines`")
    print("now add it to qfs/app/machines.py:")
    print(f"    from {package} import reducer as {own}")
    print(f"    (({own}.MACHINE.name, {own}.MACHINE.version): {own}.MACHINE)")
    return 0


def _filled(file: str, words: dict[str, str]) -> str:
    return Template((TEMPLATES / f"{file}.tmpl").read_text(encoding="utf-8")).substitute(words)


def _name_in_contract(package: str, pyproject: Path) -> None:
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(
        _CONTRACT.sub(lambda found: f'{found[1]}{found[2]}, "{package}"{found[3]}', text, count=1),
        encoding="utf-8",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
