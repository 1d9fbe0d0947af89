"""The store that `sqlite:///path.db` names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.sql.limits import SqlLimits
from agui_runtime.stores.sql.options import LIMITS, limits_from, options_of
from agui_runtime.stores.sql.retention import Retention
from agui_runtime.stores.sql.sqlite.administration import SqliteAdministration
from agui_runtime.stores.sql.sqlite.advice import advice_of
from agui_runtime.stores.sql.sqlite.backend import SqliteBackend
from agui_runtime.stores.sql.sqlite.file import DatabaseFile
from agui_runtime.stores.sql.store import SqlStore

SYNCHRONOUS = ("full", "normal")
OPTIONS = {"synchronous": " or ".join(SYNCHRONOUS), **LIMITS}


class SqliteStore(SqlStore):
    """A `Store` in a file, for any number of processes of one machine.

    `url` is `sqlite:///threads.db` in the current folder or `sqlite:////var/lib/app/threads.db`
    anywhere. Options: `synchronous=normal` may lose the latest answers in a power cut, which `full`
    does not; `keep_days` and `keep_runs` (of a thread) say what is forgotten. The file is made for
    its owner alone.
    """

    def __init__(
        self,
        url: str,
        limits: SqlLimits | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        path, options = _read(url)
        limits = limits_from(options, limits or SqlLimits())
        synchronous = options.get("synchronous", "full").lower()
        if synchronous not in SYNCHRONOUS:
            raise Misconfigured(f"synchronous in the store's URL is {' or '.join(SYNCHRONOUS)}")
        self.path = path
        place = DatabaseFile(path, synchronous, limits.patience, clock)
        self.administration = SqliteAdministration(place)
        self._place = place
        self._file = SqliteBackend(place)
        super().__init__(self._file, Retention(limits, clock))

    @property
    def where(self) -> str:
        return str(self.path)

    async def advice(self) -> Sequence[str]:
        return await asyncio.to_thread(lambda: list(advice_of(self._place)))

    def examine(self) -> None:
        self._file.examine()

    def upgrade(self) -> None:
        """It is done whenever a file is opened."""


def _read(url: str) -> tuple[Path, dict[str, str]]:
    parts = urlsplit(url.replace("#", "%23"))  # which is a character of a file's name
    name = unquote(parts.path.removeprefix("/"))
    if parts.netloc or not name or name == ":memory:" or name.startswith("file:"):
        raise Misconfigured(
            "a SQLite URL names a file: sqlite:///threads.db, or sqlite:////var/lib/app/threads.db"
            " with an absolute path; for threads in memory say memory:"
        )
    # Its log is beside the file itself, and not beside a link to it.
    return Path(name).resolve(), options_of(parts.query, OPTIONS)
