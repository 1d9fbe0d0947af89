"""The SQLite dialect of the seam: one thread writes the file, another reads it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.shared.renewal import Renewer
from agui_runtime.stores.shared.verdicts import Settle
from agui_runtime.stores.sql.backend import Listener
from agui_runtime.stores.sql.schema import NUMBER, SCHEMA, check_not_newer, statements_of_a_new_file
from agui_runtime.stores.sql.sqlite import file
from agui_runtime.stores.sql.sqlite.copies import OpenedFile
from agui_runtime.stores.sql.sqlite.file import DatabaseFile
from agui_runtime.stores.sql.sqlite.renewer import SqliteRenewer
from agui_runtime.stores.sql.sqlite.reserve import Reserve
from agui_runtime.stores.sql.sqlite.wakes import Doorbell, folder_of
from agui_runtime.stores.sql.sqlite.worker import Worker
from agui_runtime.stores.sql.step import Addition, Step

logger = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_EVERY = 0.25
"""Seconds between looks whether another process has changed the file, in case news was lost."""


class SqliteBackend:
    """A file on a local disk, for any number of processes of this machine."""

    def __init__(self, place: DatabaseFile) -> None:
        self._place = place
        connect = partial(file.connect, place)
        self._bell = Doorbell(folder_of(place.path))
        reserve = Reserve(place.path)
        self._writer = Worker(
            partial(connect, writes=True), "begin immediate", self._bell.send, reserve
        )
        self._reader = Worker(partial(connect, writes=False), "begin")
        self._opened: OpenedFile | None = None
        self._looking: asyncio.Task[None] | None = None

    def examine(self) -> None:
        """Open the file and close it again; raises Misconfigured and StoreUnavailable."""
        for connection in self._connected():
            connection.close()

    async def open(self, listener: Listener) -> None:
        writing, reading = await asyncio.to_thread(self._connected)
        self._opened = opened = OpenedFile(self._place.path)
        self._writer.start(writing, opened, "sqlite-writer")
        self._reader.start(reading, opened, "sqlite-reader")
        self._bell.open(listener)
        self._looking = asyncio.create_task(self._look(listener))

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
            self._looking = None
        await self._writer.close()
        await self._reader.close()
        if self._opened is not None:
            self._opened.close()
        self._opened = None
        self._bell.close()

    async def check(self) -> None:
        try:
            async with asyncio.timeout(2.0):
                await self.read(_version)
        except TimeoutError as error:
            raise StoreUnavailable("the store does not answer in time; try again later") from error

    def watch_commits(self, note: Callable[[int], None]) -> None:
        self._writer.on_commit = note

    def write(self, step: Callable[[], Step[T]], news: str | None = None) -> asyncio.Future[T]:
        return self._writer.ask(step, news, urgent=False)

    def write_urgently(
        self, step: Callable[[], Step[T]], news: str | None = None
    ) -> asyncio.Future[T]:
        return self._writer.ask(step, news)

    change = write

    def read(self, step: Callable[[], Step[T]]) -> asyncio.Future[T]:
        return self._reader.ask(step)

    look = read

    def append(self, addition: Addition, settle: Settle) -> None:
        self._writer.append(addition, settle)

    def renewer(self, seconds: float) -> Renewer:
        return SqliteRenewer(self._writer, seconds)

    def send_stop(self, thread_id: str, token: int) -> None:
        self._bell.send_stop(thread_id, token)

    def _connected(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        """Called in a thread; raises Misconfigured and StoreUnavailable."""
        file.prepare(self._place)
        try:
            writing = file.connect(self._place, writes=True)
            try:
                bring_up_to_date(writing, self._place)
                return writing, file.connect(self._place, writes=False)
            except BaseException:
                writing.close()
                raise
        except sqlite3.Error as error:
            raise file.failure_of(error, logging.INFO) from error

    async def _look(self, listener: Listener) -> None:
        """Bring news that was lost."""
        known = None
        while True:
            await asyncio.sleep(LOOK_EVERY)
            with suppress(StoreUnavailable):  # which is logged; it may be back the next time
                seen = await self.read(_version)
                if seen != known:
                    known = seen
                    listener.on_anything()


def _version() -> Step[int]:
    """A number that changes with what other connections commit."""
    rows = yield "pragma data_version", {}
    return int(rows[0]["data_version"])


def bring_up_to_date(connection: sqlite3.Connection, place: DatabaseFile) -> Path | None:
    """Give the file this release's schema; where its copy from before is, if one had to be made."""
    if not _has_versions(connection):
        _create(connection)
    number = number_of(connection)
    check_not_newer(number)
    if number < SCHEMA:
        from agui_runtime.stores.sql.migrations import upgrade_file  # slow to import

        return upgrade_file(place.path)
    return None


def number_of(connection: sqlite3.Connection) -> int:
    """The number of the file's schema; 0 for a file without one."""
    found = connection.execute(NUMBER).fetchone() if _has_versions(connection) else None
    return int(found[0]) if found else 0


def _has_versions(connection: sqlite3.Connection) -> bool:
    table = "select count(*) from sqlite_master where name = 'agui_version'"
    return bool(connection.execute(table).fetchone()[0])


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("begin immediate")
    try:
        if not _has_versions(connection):  # another process may have been first
            for statement in statements_of_a_new_file():
                connection.execute(statement)
        connection.execute("commit")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("rollback")
        raise
