"""Places whose writes fail in a way that no store knows, until they are mended."""

from __future__ import annotations

from typing import NoReturn, Protocol

import pytest

from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.memory.store import MemoryRunLog
from agui_runtime.stores.memory.thread_table import ThreadTable
from agui_runtime.stores.sql import SqlLimits
from tests.stores.databases import PostgresDatabase, RedisPlace, SqliteDatabase
from tests.stores.servers import RedisServer

LONG = SqlLimits(lease=300.0, compact_after=1e12)
"""Whoever waits for a lease to lapse waits for ever."""

REFUSAL = "create or replace function refuse() returns trigger language plpgsql as {body}"


class Faulty(Protocol):
    """A place for the threads of one process."""

    def store(self) -> Store: ...

    async def refuse_states(self) -> None:
        """No state can be saved."""

    async def refuse_ends(self) -> None:
        """No record can be written, and no end."""

    async def mend(self) -> None: ...


class FaultyTables:
    """Somebody's trigger raises."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase) -> None:
        self._database = database
        self._is_postgres = isinstance(database, PostgresDatabase)
        self._refused: list[str] = []

    def store(self) -> Store:
        return self._database.store(LONG)

    async def refuse_states(self) -> None:
        await self.refuse("insert", "agui_state")

    async def refuse_ends(self) -> None:
        await self.refuse("insert", "agui_chunk")
        await self.refuse("update", "agui_run")

    async def refuse(self, event: str, table: str, when: str = "true") -> None:
        head = f"create trigger refuse before {event} on {table} for each row when ({when})"
        if self._is_postgres:
            body = "'begin raise ''not today''; end'"
            await self._database.execute(REFUSAL.format(body=body))
            await self._database.execute(f"{head} execute function refuse()")
        else:
            text = f"{head} begin select raise(abort, 'not today'); end"
            await self._database.execute(text.replace("trigger refuse", f"trigger refuse_{table}"))
        self._refused.append(table)

    async def mend(self) -> None:
        for table in self._refused:
            name = f"refuse on {table}" if self._is_postgres else f"refuse_{table}"
            await self._database.execute(f"drop trigger {name}")
        if self._is_postgres and self._refused:
            await self._database.execute("drop function refuse")
        self._refused.clear()


class FaultyRedis:
    """Somebody's text is where the store's key was."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._place = RedisPlace(server)
        self._moved: list[str] = []

    def store(self) -> Store:
        return self._place.store(LONG)

    async def refuse_states(self) -> None:
        self._replace("states")

    async def refuse_ends(self) -> None:
        self._replace("log")

    async def mend(self) -> None:
        for key in self._moved:
            self._server.command("DEL", key)
            if self._server.keys(f"aside:{key}"):
                self._server.command("RENAME", f"aside:{key}", key)
        self._moved.clear()

    def _replace(self, part: str) -> None:
        key = self._place.key(part)
        if self._server.keys(key):
            self._server.command("RENAME", key, f"aside:{key}")
        self._server.command("SET", key, "another program's")
        self._moved.append(key)


class FaultyMemory:
    """There is no memory left, say."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def store(self) -> Store:
        return MemoryStore()

    async def refuse_states(self) -> None:
        self._patch.setattr(ThreadTable, "save", _refused)

    async def refuse_ends(self) -> None:
        self._patch.setattr(MemoryRunLog, "release", _refused)

    async def mend(self) -> None:
        self._patch.undo()


def _refused(*_: object) -> NoReturn:
    raise MemoryError
