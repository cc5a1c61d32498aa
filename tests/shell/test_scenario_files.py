"""Scenario files: what is read, where each value stands, what is refused and where."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from qfs.errors import InputError
from qfs.shell.scenario_files import MAX_BYTES, Node, read

TOML = '''# a comment with [brackets] and = signs
name = "day"        # trailing
text = """
two "quoted" lines
# no comment
"""
raw = 'C:\\path'
nested.key = 7

[accounts]
"quoted = key" = 5
alice = 1_024

[[step]]
do = "transact"
legs = [
  { account = "alice", change = "-1" },  # one
  { account = "bob", change = "1" },
]
[step.more]
deep = true

[[step]]
do = "open"
'''


def plain(node: Node) -> Any:
    if isinstance(node.value, list):
        return [plain(one) for one in node.value]
    if isinstance(node.value, dict):
        return {name: plain(one) for name, one in node.value.items()}
    return node.value


def find(node: Node, *path: str | int) -> Node:
    for part in path:
        inside: Any = node.value
        node = inside[part]
    return node


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_toml_file_reads_as_tomllib_reads_it(tmp_path: Path) -> None:
    (root,) = read(written(tmp_path, "day.toml", TOML))
    assert plain(root) == tomllib.loads(TOML)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("name",), "2:8"),
        (("text",), "3:8"),
        (("raw",), "7:7"),
        (("nested", "key"), "8:14"),
        (("accounts",), "10:1"),
        (("accounts", "quoted = key"), "11:18"),
        (("accounts", "alice"), "12:9"),
        (("step", 0), "14:1"),
        (("step", 0, "legs"), "16:8"),
        (("step", 0, "legs", 0, "change"), "17:33"),
        (("step", 0, "legs", 1), "18:3"),
        (("step", 0, "more", "deep"), "21:8"),
        (("step", 1, "do"), "24:6"),
    ],
)
def test_each_value_knows_its_line_and_column(
    tmp_path: Path, path: tuple[str | int, ...], place: str
) -> None:
    (root,) = read(written(tmp_path, "day.toml", TOML))
    assert find(root, *path).place == f"day.toml:{place}"


def test_json_lines_read_as_json_reads_them(tmp_path: Path) -> None:
    lines = ['{"name": "day", "legs": [{"a\\"b": "x"}, true]}', "", '  {"do" : "open"}\r']
    first, second = read(written(tmp_path, "day.jsonl", "\n".join(lines)))
    assert [plain(first), plain(second)] == [json.loads(lines[0]), json.loads(lines[2])]
    assert find(first, "legs", 0, 'a"b').place == "day.jsonl:1:35"
    assert find(second, "do").place == "day.jsonl:3:11"


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.toml", "amount = 12.5", "a.toml:1:10"),
        ("a.toml", "[[step]]\nlegs = [1, { x = 1e3 }]", "a.toml:2:18"),
        ("a.toml", "x = 1\nwhen = 2026-01-01", "a.toml:2:8"),
        ("a.toml", "x = nan", "a.toml:1:5"),
        ("a.toml", "ok = 1\nx = " + "9" * 5000, "a.toml:2:5"),
        ("a.toml", b"ok = 1\nx = '\xff'", "a.toml:2:6"),
        ("a.toml", "x = " + "[" * 40 + "]" * 40, "a.toml:1:37"),
        ("a.jsonl", '{"amount": 12.5}', "a.jsonl:1:12"),
        ("a.jsonl", '{}\n{"amount": NaN}', "a.jsonl:2:12"),
        ("a.jsonl", '{"amount": null}', "a.jsonl:1:12"),
        ("a.jsonl", '{"a": 1, "a": 2}', "a.jsonl:1:1"),
        ("a.jsonl", '{}\n{"a" 1}', "a.jsonl:2:6"),
        ("a.jsonl", '{"a": ' + "9" * 5000 + "}", "a.jsonl:1:7"),
        ("a.yaml", "a: 1", "a.yaml"),
    ],
)
def test_what_a_scenario_cannot_hold_is_refused_where_it_stands(
    tmp_path: Path, name: str, text: str | bytes, place: str
) -> None:
    with pytest.raises(InputError) as error:
        read(written(tmp_path, name, text))
    assert error.value.place == place


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.toml", "x = 1\nx = 2\ny = 3", 2),
        ("a.toml", "x = [1,\n", 2),
        ("a.toml", "\nx = y\n", 2),
        ("a.toml", "x = " + "[" * 5000, 1),
        ("a.jsonl", "{}\n" + "[" * 100_000, 2),
    ],
)
def test_wrong_syntax_is_refused_on_its_line(
    tmp_path: Path, name: str, text: str, line: int
) -> None:
    # The column is the parser's, and parsers of different Python versions differ in it.
    with pytest.raises(InputError) as error:
        read(written(tmp_path, name, text))
    assert error.value.place.startswith(f"{name}:{line}:")


def test_a_missing_file_a_folder_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InputError, match=r"cannot read it|no kind"):
            read(path)
    huge = tmp_path / "huge.toml"
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match="16777216 bytes"):
        read(huge)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
values = st.recursive(
    st.one_of(texts, st.integers(-(2**63), 2**63 - 1), st.booleans()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(texts, values, max_size=4))
def test_whatever_another_writer_writes_is_read_and_placed(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name, text in (
        ("any.toml", tomlkit.dumps(value)),
        ("any.jsonl", json.dumps(value)),
        ("other.jsonl", json.dumps(value, ensure_ascii=False, separators=(" , ", "  : "))),
    ):
        (root,) = read(written(folder, name, text))
        assert plain(root) == value
        lines = text.split("\n")
        for node in leaves(root):
            rest = lines[node.line - 1][node.column - 1 :]
            start = {"True": "true", "False": "false"}.get(str(node.value), str(node.value))
            assert rest.startswith((start, '"', "'"))


def leaves(node: Node) -> list[Node]:
    if isinstance(node.value, dict):
        return [leaf for one in node.value.values() for leaf in leaves(one)]
    if isinstance(node.value, list):
        return [leaf for one in node.value for leaf in leaves(one)]
    return [node]
