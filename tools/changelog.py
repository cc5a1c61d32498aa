"""The changelog, made of fragments: `python -m tools.changelog check | release VERSION DATE`.

- A fragment is `changelog.d/<slug>.<kind>.md`: a change has one place, so two changes never
  conflict in the changelog.
- The kind `determinism` stands first: it marks what alters a digest.
- `release` writes the section of a version and removes the fragments that it took.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("determinism", "security", "added", "changed", "removed", "fixed")

_NAME = re.compile(rf"[a-z0-9][a-z0-9\-]*\.(?P<kind>{'|'.join(KINDS)})\.md")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
USAGE = "error: usage: python -m tools.changelog check | release VERSION DATE"


def fragments(root: Path) -> list[Path]:
    """Return the fragments, in the order of their names."""
    return sorted(path for path in (root / "changelog.d").iterdir() if path.name != "README.md")


def mistakes(root: Path) -> list[str]:
    """Return what is wrong with the fragments."""
    found = []
    for path in fragments(root):
        if not _NAME.fullmatch(path.name):
            found.append(f"changelog.d/{path.name}: name it <slug>.<kind>.md, see the README there")
        elif not path.read_text(encoding="utf-8").strip():
            found.append(f"changelog.d/{path.name}: empty; say what changed for users")
    return found


def section(root: Path, version: str, date: str) -> str:
    """Return the section of a version: its fragments by kind."""
    lines = [f"## {version} ({date})"]
    for kind in KINDS:
        texts = [_item(path) for path in fragments(root) if path.name.endswith(f".{kind}.md")]
        if texts:
            lines += ["", f"### {kind.capitalize()}", "", *texts]
    return "\n".join(lines) + "\n"


def release(root: Path, version: str, date: str) -> None:
    """Put the section of a version on top of the changelog, and remove its fragments."""
    path = root / "CHANGELOG.md"
    head, mark, rest = path.read_text(encoding="utf-8").partition("\n## ")
    new = section(root, version, date)
    path.write_text(f"{head.rstrip()}\n\n{new}{mark}{rest}", encoding="utf-8")
    for fragment in fragments(root):
        fragment.unlink()


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run the tool; return the exit code."""
    match arguments:
        case ["check"]:
            pass
        case ["release", version, date] if _VERSION.fullmatch(version) and _DATE.fullmatch(date):
            pass
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    found = mistakes(root)
    for mistake in found:
        print(mistake, file=sys.stderr)
    if found:
        return 1
    if arguments[0] == "release":
        release(root, arguments[1], arguments[2])
    return 0


def _item(path: Path) -> str:
    return "- " + path.read_text(encoding="utf-8").strip().replace("\n", "\n  ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
