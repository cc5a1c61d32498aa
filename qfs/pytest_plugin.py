"""Replays in a test run: the fixture ``qfs_replay``, and ``pytest --qfs-replay DIR``.

- ``qfs_replay("module:function", "inputs.jsonl")`` fails unless the program gives the same in every
  environment; ``golden="name"`` also compares its results with ``golden/name.json`` beside the
  test, which ``pytest --qfs-update`` writes.
- ``--qfs-replay DIR`` makes one test of every ledger directory below DIR: each root is derived.
- Needs pytest, which QFS itself does not; nothing of QFS is imported before it is used.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

Replay = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("qfs", "replaying with QFS")
    group.addoption(
        "--qfs-replay", metavar="DIR", default=None, help="replay every ledger below DIR"
    )
    group.addoption(
        "--qfs-update", action="store_true", default=False, help="write golden results anew"
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add one test a ledger directory."""
    folder = config.getoption("--qfs-replay")
    if folder is None:
        return
    root = Path(folder)
    if not root.is_dir():
        raise pytest.UsageError(f"--qfs-replay {folder}: no such folder")
    places = sorted({path.parent.parent for path in root.rglob("log/00000001.log")})
    if not places:
        raise pytest.UsageError(f"--qfs-replay {folder}: no ledger directory below it")
    items += [
        LedgerItem.from_parent(session, name=f"replay {place.relative_to(root)}", place=place)
        for place in places
    ]


class LedgerItem(pytest.Item):
    """One ledger directory, replayed."""

    def __init__(self, *, place: Path, **options: Any) -> None:
        super().__init__(**options)
        self.place = place

    def runtest(self) -> None:
        """Derive every root again."""
        from qfs.app.replay import ReplayRequest, replay  # noqa: PLC0415 (as the docstring says)

        report = replay(ReplayRequest(self.place, trust_signatures=True))
        if report.exit_code != 0:
            raise DivergedError(json.dumps(report.document(), indent=2, sort_keys=True))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the report alone, not the way to it."""
        if isinstance(excinfo.value, DivergedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say what was replayed."""
        return self.place, None, self.name


class DivergedError(AssertionError):
    """A replay that did not give the same."""


@pytest.fixture
def qfs_replay(request: pytest.FixtureRequest) -> Replay:
    """Return a function that replays a callable and fails unless it is identical everywhere."""
    folder = request.path.parent

    def replayed(
        target: str,
        inputs: str | Path | None = None,
        *,
        state: Sequence[str] = (),
        perturb: bool = True,
        sealed: bool = False,
        golden: str = "",
        **options: Any,
    ) -> None:
        from qfs.app.foreign import ForeignRequest, replay_foreign  # noqa: PLC0415

        report = replay_foreign(
            ForeignRequest(
                callable=target,
                inputs=None if inputs is None else folder / inputs,
                state=tuple(state),
                perturb=perturb,
                sealed=sealed,
                folder=folder,
                **options,
            )
        )
        if report.exit_code != 0:
            pytest.fail(json.dumps(report.document(), indent=2, sort_keys=True), pytrace=False)
        if golden:
            told = {name: report.document()[name] for name in ("target", "commands", "state_root")}
            update = bool(request.config.getoption("--qfs-update"))
            _compare(folder / "golden" / f"{golden}.json", told, update=update)

    return replayed


def _compare(path: Path, told: dict[str, Any], *, update: bool) -> None:
    text = json.dumps(told, indent=2, sort_keys=True) + "\n"
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    elif not path.exists():
        pytest.fail(f"{path} is missing: run pytest --qfs-update", pytrace=False)
    elif path.read_text(encoding="utf-8") != text:
        kept = path.read_text(encoding="utf-8")
        pytest.fail(f"other results than {path} keeps:\n{kept}now:\n{text}", pytrace=False)
