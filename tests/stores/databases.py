"""Where processes have their threads together: each test has a place of its own, which it may also
look into and damage.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar
from uuid import uuid4

import asyncpg

from agui_runtime.stores.redis import RedisLimits, RedisStore
from agui_runtime.stores.sql import SqliteStore, SqlLimits
from agui_runtime.stores.sql.postgres import PostgresStore
from agui_runtime.stores.sql.store import SqlStore
from agui_runtime.stores.sql.tables import METADATA
from tests.stores.servers import RedisServer

WHOLE = SqlLimits(compact_after=1e12)
"""Runs of tests ended long ago; they are to stay as they are."""


Clock: TypeAlias = "Callable[[], float] | None"
AnyStore: TypeAlias = RedisStore | SqlStore
StoreT = TypeVar("StoreT", bound=AnyStore)
StoreT_co = TypeVar("StoreT_co", bound=AnyStore, covariant=True)


class Place(Protocol[StoreT_co]):
    """Where stores have the same threads, and what another program may do to thread t1 there."""

    url: str

    def store(self, limits: SqlLimits | None = None, clock: Clock = None) -> StoreT_co:
        """A store over it, not open yet: it stands for a process."""

    async def rewind(self, seq: int) -> None:
        """Forget that there are records behind that one, as after a crash of the server."""

    async def mark_stop(self) -> None:
        """Ask the live run to stop, with no word to its process."""

    async def clear(self) -> None:
        """Delete everything."""

    async def lapses_at(self) -> float:
        """When the live run's lease is over."""

    async def bytes_of_state(self) -> int: ...


class Processes(Generic[StoreT]):
    """Opens stores over the same place; they are closed with the stack."""

    def __init__(self, stack: AsyncExitStack, place: Place[StoreT]) -> None:
        self._stack = stack
        self._place = place

    async def start(self, limits: SqlLimits | None = None, clock: Clock = None) -> StoreT:
        store = self._place.store(limits, clock)
        await store.open()
        self._stack.push_async_callback(store.close)
        return store


class Database(Place[SqlStore], Protocol):
    """An empty SQL database, and a way beside its stores."""

    async def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Carry out a statement with `?` for values, as another program would."""


class SqlProcesses(Processes[SqlStore]):
    """Processes over one SQL database."""

    def __init__(self, stack: AsyncExitStack, database: Database) -> None:
        super().__init__(stack, database)
        self.database = database


class Tables:
    """What both dialects have of a `Database`."""

    async def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    async def rewind(self, seq: int) -> None:
        await self.execute("update agui_thread set seq = ? where id = 't1'", seq)

    async def mark_stop(self) -> None:
        await self.execute("update agui_thread set stop = (1 = 1) where id = 't1'")

    async def clear(self) -> None:
        for table in METADATA.tables:
            await self.execute(f"delete from {table}")

    async def lapses_at(self) -> float:
        [(until,)] = await self.execute("select until from agui_thread where id = 't1'")
        return float(until)

    async def bytes_of_state(self) -> int:
        [(size,)] = await self.execute("select length(payload) from agui_state")
        return int(size)


class SqliteDatabase(Tables):
    """A file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "threads.db"
        self.url = f"sqlite:///{self.path}"

    def store(self, limits: SqlLimits | None = None, clock: Clock = None) -> SqlStore:
        return SqliteStore(self.url, limits or WHOLE, **({"clock": clock} if clock else {}))

    async def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement, values).fetchall()


class PostgresDatabase(Tables):
    """The tables of a server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def store(self, limits: SqlLimits | None = None, clock: Clock = None) -> SqlStore:
        return PostgresStore(self.url, limits or WHOLE, clock=clock)

    async def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        numbers = count(1)
        text = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(text, *values)]
        finally:
            await connection.close()


class RedisPlace:
    """Keys of a server that begin alike."""

    def __init__(self, server: RedisServer) -> None:
        self.url = server.url
        self.prefix = uuid4().hex
        self._server = server

    def key(self, part: str) -> str:
        return f"{self.prefix}:{{t1}}:{part}"

    def store(self, limits: SqlLimits | None = None, clock: Clock = None) -> RedisStore:
        given = limits or WHOLE
        own = RedisLimits(
            log_bytes=given.run_bytes,
            compact_after=given.compact_after,
            lease=given.lease,
            hung=given.hung,
            patience=given.patience,
        )
        return RedisStore(self.url, own, prefix=self.prefix, clock=clock)

    async def rewind(self, seq: int) -> None:
        self._server.command("HSET", self.key("meta"), "seq", str(seq))

    async def mark_stop(self) -> None:
        self._server.command("HSET", self.key("meta"), "stop", "1")

    async def clear(self) -> None:
        self._server.command("DEL", *self._server.keys(f"{self.prefix}:*"))

    async def lapses_at(self) -> float:
        return float(self._server.command("HGET", self.key("meta"), "until"))

    async def bytes_of_state(self) -> int:
        return int(self._server.command("MEMORY", "USAGE", self.key("states")))
