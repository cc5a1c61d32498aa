"""Links inside the documentation lead somewhere, and every page is reached from the index."""

import re
from pathlib import Path

from tests.docs.pages import pages
from tests.tidy import tree

_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)(#[^)\s]*)?\)")


def targets(page: Path) -> list[Path]:
    """Return the files that a page links to."""
    text = page.read_text(encoding="utf-8")
    return [(page.parent / match[1]).resolve() for match in _LINK.finditer(text)]


def test_every_link_leads_to_a_file() -> None:
    broken = [
        f"{tree.relative(page)} -> {target.relative_to(tree.ROOT).as_posix()}"
        for page in [*pages(), tree.ROOT / "ARCHITECTURE.md"]
        for target in targets(page)
        if not target.exists()
    ]
    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    reached = [tree.ROOT / "docs/index.md"]
    for page in reached:
        if page.suffix == ".md":
            reached += [one for one in targets(page) if one.is_file() and one not in reached]
    lost = [path for path in (tree.ROOT / "docs").rglob("*.md") if path.resolve() not in reached]
    assert [tree.relative(path) for path in lost] == []
