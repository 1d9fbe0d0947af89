"""Databases for tests: each test has one of its own, which it may also look into and damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any, Protocol

from agui_runtime.stores.sql import SqliteStore, SqlLimits
from agui_runtime.stores.sql.store import SqlStore


class Database(Protocol):
    """An empty database, the stores over it, and a way beside them."""

    url: str

    def store(
        self, limits: SqlLimits | None = None, clock: Callable[[], float] | None = None
    ) -> SqlStore:
        """A store over it, not open yet: it stands for a process."""

    async def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Carry out a statement with `?` for values, as another program would."""


class SqliteDatabase:
    """A file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "threads.db"
        self.url = f"sqlite:///{self.path}"

    def store(
        self, limits: SqlLimits | None = None, clock: Callable[[], float] | None = None
    ) -> SqlStore:
        return SqliteStore(self.url, limits, **({"clock": clock} if clock else {}))

    async def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement, values).fetchall()


class Processes:
    """Opens stores over the same database; they are closed with the stack."""

    def __init__(self, stack: AsyncExitStack, database: Database) -> None:
        self._stack = stack
        self.database = database

    async def start(
        self, limits: SqlLimits | None = None, clock: Callable[[], float] | None = None
    ) -> SqlStore:
        store = self.database.store(limits, clock)
        await store.open()
        self._stack.push_async_callback(store.close)
        return store
