"""The benchmark of a program and its parts: what it audits, and how often."""

from pathlib import Path

import pytest

from benchmarks.audit_parts import grouped, measured


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name, text in {
        "one/__init__.py": "import two\n\n\ndef f(x):\n    return two.g(x)\n",
        "one/copy.py": "B = 2\n",
        "two.py": "def g(x):\n    return x\n",
        "two/tests/test_it.py": "def test():\n    pass\n",
        "zoo.py": "A = 1\n",
    }.items():
        path = tmp_path / "installed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "installed"


def test_files_are_grouped_by_package_or_module(packages: Path) -> None:
    groups = grouped(packages)
    assert {name: [str(path) for path in files] for name, files in groups.items()} == {
        "one": ["one/__init__.py", "one/copy.py"],
        "two.py": ["two.py"],
        "zoo.py": ["zoo.py"],
    }


def test_each_package_is_audited_alone_and_the_first_ones_together(
    packages: Path, tmp_path: Path
) -> None:
    each, together = measured(tmp_path, grouped(packages), (5, 7, 9), None)
    assert [(name, lines) for name, lines, _seconds in each] == [
        ("one", 6),
        ("two.py", 2),
        ("zoo.py", 1),
    ]
    assert [(many, lines) for many, lines, *_rest in together] == [(1, 6), (2, 8), (3, 9)]
    assert together[2][2] == pytest.approx(sum([seconds for *_name, seconds in each]))
    assert all(one_program > 0 and megabytes > 1 for *_sizes, one_program, megabytes in together)
    assert sorted(path.name for path in (tmp_path / "together").rglob("*.py")) == [
        "__init__.py", "copy.py", "two.py", "zoo.py",
    ]  # fmt: skip
