"""Databases for tests: each test has one of its own, which it may also look into and damage."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from agui_runtime.stores.sql import SqliteStore, SqlLimits
from agui_runtime.stores.sql.postgres import PostgresStore
from agui_runtime.stores.sql.store import SqlStore

WHOLE = SqlLimits(compact_after=1e12)
"""Runs of tests ended long ago; they are to stay as they are."""


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
        return SqliteStore(self.url, limits or WHOLE, **({"clock": clock} if clock else {}))

    async def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement, values).fetchall()


class PostgresDatabase:
    """The tables of a server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def store(
        self, limits: SqlLimits | None = None, clock: Callable[[], float] | None = None
    ) -> SqlStore:
        return PostgresStore(self.url, limits or WHOLE, clock=clock)

    async def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        numbers = count(1)
        text = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(text, *values)]
        finally:
            await connection.close()


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
