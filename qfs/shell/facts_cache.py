"""The scanner's cache: what was computed from which bytes, in one SQLite file a user.

- Keys are digests of everything that the value depends on, so an entry is never stale.
- Values are ``marshal`` bytes; one that cannot be read is as good as absent.
- A cache that cannot be opened or written is no error: the work is done again.
"""

import marshal
import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_ENTRIES_MAX = 200_000
_BATCH = 500


class FactsCache:
    """A table of digests and values."""

    def __init__(self, folder: Path | None = None) -> None:
        self.connection: sqlite3.Connection | None = None
        folder = folder or default_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(folder / "audit.sqlite3", timeout=2)
            self.connection.execute("pragma journal_mode = wal")
            self.connection.execute("pragma synchronous = off")
            self.connection.execute(
                "create table if not exists entries (key text primary key, value blob)"
            )
        except (OSError, sqlite3.Error):
            self.connection = None

    def get(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return the values of those keys that are known."""
        out: dict[str, Any] = {}
        if self.connection is None:
            return out
        try:
            for at in range(0, len(keys), _BATCH):
                some = list(keys[at : at + _BATCH])
                marks = ",".join("?" * len(some))
                rows = self.connection.execute(
                    f"select key, value from entries where key in ({marks})",  # noqa: S608 (only marks)
                    some,
                )
                for key, value in rows:
                    out[key] = marshal.loads(value)  # noqa: S302 (no code: plain values of our own)
        except (sqlite3.Error, ValueError, EOFError, TypeError):
            return {}
        return out

    def put(self, values: Mapping[str, Any]) -> None:
        """Keep values; when there are too many, forget everything first."""
        if self.connection is None or not values:
            return
        try:
            with self.connection:
                (count,) = self.connection.execute("select count(*) from entries").fetchone()
                if count > _ENTRIES_MAX:
                    self.connection.execute("delete from entries")
                self.connection.executemany(
                    "insert or replace into entries values (?, ?)",
                    [(key, marshal.dumps(value)) for key, value in values.items()],
                )
        except (sqlite3.Error, ValueError):
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def default_folder() -> Path:
    """Return the user's cache folder of QFS."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "qfs"
