"""Evidence: a pure function of the tree, compared byte for byte."""

import json
import shutil
from pathlib import Path

import pytest

from qfs.app.evidence import EVIDENCE, MEND, State, check, gather, halts, write
from qfs.errors import InputError
from qfs.halt import Code
from qfs.shell.building_source import stage
from tests.app.trees import small
from tests.tidy import tree


def test_what_was_written_is_what_the_tree_gives(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    assert write(root).current
    assert check(root).current


def test_writing_says_which_files_it_changed(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")

    def states() -> dict[str, State]:
        return {piece.name: piece.state for piece in write(root).pieces}

    assert states() == {"audit.json": State.WRITTEN, "source.json": State.WRITTEN}
    (root / "new.txt").write_text("new", "utf-8")
    (root / "audit/golden.json").write_text("{}", "utf-8")
    assert states() == {
        "audit.json": State.SAME,
        "golden.json": State.REMOVED,
        "source.json": State.WRITTEN,
    }
    assert states() == {"audit.json": State.SAME, "source.json": State.SAME}


def test_the_same_tree_gives_the_same_bytes_in_another_folder(tmp_path: Path) -> None:
    first = gather(small(tmp_path / "one"))
    assert first == gather(small(tmp_path / "deeper/two"))
    assert str(tmp_path) not in str(first)


def test_evidence_about_the_rest_does_not_change_with_itself(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    before = gather(root)
    write(root)
    assert gather(root) == before


@pytest.mark.parametrize(
    ("spoil", "name", "state"),
    [
        (lambda root: (root / "audit/source.json").write_text("{}"), "source.json", State.STALE),
        (lambda root: (root / "audit/source.json").unlink(), "source.json", State.MISSING),
        (lambda root: (root / "audit/golden.json").write_text("{}"), "golden.json", State.UNKNOWN),
        (lambda root: (root / "new.txt").write_text("new"), "source.json", State.STALE),
        (lambda root: shutil.rmtree(root / "audit"), "source.json", State.MISSING),
    ],
)
def test_what_does_not_fit_the_tree_is_named_and_can_be_mended(
    spoil, name: str, state: State, tmp_path: Path
) -> None:
    root = small(tmp_path / "tree")
    write(root)
    spoil(root)
    report = check(root)
    assert not report.current
    assert {piece.name: piece.state for piece in report.pieces}[name] is state
    assert report.document()["mend"] == MEND == "qfs evidence write"
    assert write(root).current
    assert check(root).current


def test_what_a_tree_does_not_have_gives_no_file(tmp_path: Path) -> None:
    assert sorted(gather(small(tmp_path / "tree"))) == ["audit.json", "source.json"]


def test_the_catalogue_of_halts_is_read_from_the_source() -> None:
    document = halts(tree.ROOT)
    assert document is not None
    found = [(one["code"], one["name"]) for one in document["halts"]]
    assert found == [(f"CIR-{code.value}", code.name) for code in Code]
    assert all(one["sentence"].endswith(".") for one in document["halts"])


def test_the_evidence_of_this_tree_holds_every_kind(tmp_path: Path) -> None:
    copy = stage(tree.ROOT, tmp_path / "copy").root
    made = {name: function(copy) for name, function in EVIDENCE if name not in ("audit", "golden")}
    assert made["contracts"] is not None
    assert [one["kept"] for one in made["contracts"]["contracts"]].count(False) == 0
    assert made["rules"] is not None
    assert made["wheel"] is not None
    assert made["wheel"]["packages"] == ["hatchling==1.33.0"]
    assert "/" not in json.dumps(made["wheel"]["name"])


def test_a_broken_contract_is_in_the_evidence(tmp_path: Path) -> None:
    copy = stage(tree.ROOT, tmp_path / "copy").root
    path = copy / "qfs/repro/causes.py"
    path.write_text(path.read_text("utf-8") + "\nimport os\n", "utf-8")
    contracts = dict(EVIDENCE)["contracts"](copy)
    assert contracts is not None
    assert [one["id"] for one in contracts["contracts"] if not one["kept"]] == ["ports"]


def test_a_folder_that_is_no_source_tree_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no pyproject\.toml"):
        check(tmp_path)


def test_files_of_other_makers_are_left_alone(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    write(root)
    (root / "audit/proved-elsewhere.json").write_text("{}", "utf-8")
    assert write(root).current
    assert (root / "audit/proved-elsewhere.json").read_text("utf-8") == "{}"
