"""The pages of the rules are what the rules' files say."""

from tools.rule_pages import FOLDER, pages


def test_every_rule_has_its_page_and_every_page_its_rule() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert there == pages()
