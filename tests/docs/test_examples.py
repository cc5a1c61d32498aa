"""Every example in the documentation is run, and prints what its page shows."""

import doctest
import os
import shutil
from pathlib import Path

import pytest

from tests.docs.pages import (
    SHOWN,
    Block,
    blocks,
    examples,
    matches,
    pages,
    type_into_a_shell,
)
from tests.tidy import tree

PAGES = [tree.relative(path) for path in pages() if path.exists()]


def text_of(page: str) -> str:
    """Return a page's text."""
    return (tree.ROOT / page).read_text(encoding="utf-8")


def is_run(block: Block) -> bool:
    """Say whether a block is an example to run."""
    return block.language == "console" or (block.language == "python" and not block.title)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(map(is_run, blocks(text_of(page))))]
)
def test_a_page_shows_what_its_examples_print(page: str, tmp_path: Path) -> None:
    shutil.copytree(
        tree.ROOT / "examples",
        tmp_path / "examples",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    typed = []
    for block in blocks(text_of(page)):
        if block.title:
            path = tmp_path / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        elif block.language == "console":
            typed += examples(block)
    printed = type_into_a_shell([one.command for one in typed], tmp_path)
    wrong = [
        f"{page}:{one.line}: $ {one.command}\n{actual}"
        for one, actual in zip(typed, printed, strict=True)
        if not matches(one.expected, actual)
    ]
    assert wrong == []
    assert doctest_failures(page, tmp_path) == []


def doctest_failures(page: str, folder: Path) -> list[str]:
    """Run the ``>>>`` examples of a page in a folder; return what failed."""
    source = "\n".join(
        block.body
        for block in blocks(text_of(page))
        if block.language == "python" and is_run(block)
    )
    test = doctest.DocTestParser().get_doctest(source, {"__name__": "page"}, page, page, 0)
    report: list[str] = []
    here = Path.cwd()
    os.chdir(folder)
    try:
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    finally:
        os.chdir(here)
    return report


@pytest.mark.parametrize("page", PAGES)
def test_a_block_is_run_or_written_or_of_a_kind_that_is_only_shown(page: str) -> None:
    for block in blocks(text_of(page)):
        where = f"{page}:{block.line}"
        if block.language == "console":
            assert block.body.startswith("$ "), where
        elif block.language == "python" and not block.title:
            assert ">>> " in block.body, where
        elif not block.title:
            assert block.language in SHOWN, where


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("root abc\n", "root abc\n", True),
        ("root abc\n", "root abd\n", False),
        ("root ...\n", "root abc\n", True),
        ("root ...\n", "tree abc\n", False),
        ("a ... c\n", "a b c\n", True),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nd\n", True),
        ("a\n...\nd\n", "a\nb\n", False),
        ("a\n", "a\nb\n", False),
        ("", "a\n", False),
        ("a.c\n", "abc\n", False),
    ],
)
def test_an_elision_stands_for_what_varies_and_nothing_else(
    expected: str, actual: str, same: bool
) -> None:
    assert matches(expected, actual) is same


def test_a_page_that_shows_something_else_is_found(tmp_path: Path) -> None:
    page = "```console\n$ echo one\ntwo\n$ false\n$ echo $?\n1\n```\n"
    (block,) = blocks(page)
    typed = examples(block)
    printed = type_into_a_shell([one.command for one in typed], tmp_path)
    assert [matches(one.expected, said) for one, said in zip(typed, printed, strict=True)] == [
        False,
        True,
        True,
    ]
