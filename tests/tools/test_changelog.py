"""The changelog is made of its fragments, and a fragment out of form is found."""

from pathlib import Path

import pytest

from tests.tidy import tree
from tools import changelog


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a tree with one release and two changes since."""
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d/README.md").write_text("how\n", encoding="utf-8")
    (tmp_path / "changelog.d/exp.determinism.md").write_text("exp rounds.\nOnce.\n", "utf-8")
    (tmp_path / "changelog.d/tui.added.md").write_text("A screen.\n", encoding="utf-8")
    old = "# Changelog\n\nMade from fragments.\n\n## 0.1.0 (2026-01-01)\n\n### Added\n\n- All.\n"
    (tmp_path / "CHANGELOG.md").write_text(old, encoding="utf-8")
    return tmp_path


def test_a_release_puts_its_fragments_on_top_and_removes_them(root: Path) -> None:
    assert changelog.main(["release", "0.2.0", "2026-02-01"], root) == 0
    assert (root / "CHANGELOG.md").read_text(encoding="utf-8") == (
        "# Changelog\n\nMade from fragments.\n\n"
        "## 0.2.0 (2026-02-01)\n\n"
        "### Determinism\n\n- exp rounds.\n  Once.\n\n"
        "### Added\n\n- A screen.\n\n"
        "## 0.1.0 (2026-01-01)\n\n### Added\n\n- All.\n"
    )
    assert [path.name for path in (root / "changelog.d").iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("exp.determinism.md", "exp rounds.\n", False),
        ("exp.wish.md", "exp rounds.\n", True),
        ("Exp.added.md", "exp rounds.\n", True),
        ("exp.added.txt", "exp rounds.\n", True),
        ("exp.added.md", " \n", True),
    ],
)
def test_a_fragment_out_of_form_is_found_and_releases_nothing(
    name: str, text: str, found: bool, tmp_path: Path
) -> None:
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d" / name).write_text(text, encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n", encoding="utf-8")
    assert changelog.main(["check"], tmp_path) == int(found)
    changelog.main(["release", "1.0.0", "2026-02-01"], tmp_path)
    unchanged = (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8") == "# Changelog\n"
    assert unchanged is found


@pytest.mark.parametrize(
    "arguments",
    [[], ["chek"], ["release"], ["release", "1.0", "2026-02-01"], ["release", "1.0.0", "today"]],
)
def test_a_wrong_call_exits_2_and_changes_nothing(arguments: list[str], root: Path) -> None:
    before = (root / "CHANGELOG.md").read_bytes()
    assert changelog.main(arguments, root) == 2
    assert (root / "CHANGELOG.md").read_bytes() == before
    assert len(changelog.fragments(root)) == 2


def test_our_own_fragments_are_in_form() -> None:
    assert changelog.mistakes(tree.ROOT) == []
