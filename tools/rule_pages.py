"""Write the page of each rule, docs/reference/rules/QFS123.md, and their index; or check them.

Run as ``python -m tools.rule_pages`` to write, with ``--check`` to compare: pages are made from the
rules' files alone, so that the same rules give the same pages.
"""

import sys
from pathlib import Path

from qfs.app.rules import RuleView, rules

FOLDER = Path(__file__).parent.parent / "docs" / "reference" / "rules"


def page(rule: RuleView) -> str:
    """Return one rule's page."""
    lines = [
        f"# {rule.code} {rule.name}",
        "",
        f"*{rule.what}.* Pack `{rule.pack}`, effect `{rule.effect}`.",
        "",
        f"**Why.** {rule.why}",
        "",
        f"**Instead.** {rule.instead}",
        "",
        f"**Would have caught, or follows:** {rule.source}",
    ]
    for title, codes in (("Reported", rule.bad), ("Not reported", rule.good)):
        for code in codes:
            lines += ["", f"## {title}", "", "```text", code.strip("\n"), "```"]
    lines += ["", "## Targets", "", ", ".join([f"`{target}`" for target in rule.targets])]
    return "\n".join(lines) + "\n"


def index(every: tuple[RuleView, ...]) -> str:
    """Return the table of all rules."""
    lines = ["# Rules", "", "`qfs rules CODE` prints the same.", ""]
    lines += ["| code | name | pack | effect | what |", "|---|---|---|---|---|"]
    for each in every:
        link = f"[{each.code}]({each.code}.md)"
        lines.append(f"| {link} | {each.name} | {each.pack} | {each.effect} | {each.what} |")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Return {file name: text} of every page."""
    every = rules()
    return {"index.md": index(every), **{f"{each.code}.md": page(each) for each in every}}


def main() -> int:
    """Write or check; return the exit code."""
    wanted = pages()
    there = {path.name: path for path in FOLDER.glob("*.md")} if FOLDER.is_dir() else {}
    if "--check" in sys.argv[1:]:
        wrong = [
            name
            for name in sorted({*wanted, *there})
            if name not in there
            or name not in wanted
            or there[name].read_text(encoding="utf-8") != wanted[name]
        ]
        for name in wrong:
            print(f"docs/reference/rules/{name} is not what the rules say")
        if wrong:
            print("mend: python -m tools.rule_pages")
        return 1 if wrong else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, path in there.items():
        if name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
