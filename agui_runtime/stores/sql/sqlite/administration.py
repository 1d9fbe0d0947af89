"""A SQLite file as a whole: migrated after a copy of it was made, and copied while it is used."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.sql.schema import check_not_newer, revision_of
from agui_runtime.stores.sql.sqlite import file
from agui_runtime.stores.sql.sqlite.backend import bring_up_to_date, number_of
from agui_runtime.stores.sql.sqlite.copies import copy_to
from agui_runtime.stores.sql.sqlite.file import DatabaseFile

T = TypeVar("T")

PAGES = 1000
"""So many are given back at a time, between which others may write."""


class SqliteAdministration:
    """`Administration` of a file."""

    def __init__(self, place: DatabaseFile) -> None:
        self._place = place

    @property
    def where(self) -> str:
        return str(self._place.path)

    async def number(self) -> int:
        return await self._with_file(number_of) if self._place.path.exists() else 0

    async def upgrade(self) -> str:
        copy = await self._with_file(lambda connection: bring_up_to_date(connection, self._place))
        return f"; before it the file was copied to {copy}" if copy else ""

    async def downgrade(self, revision: str) -> str:
        from agui_runtime.stores.sql.migrations import downgrade_file  # slow to import

        check_not_newer(await self.number())
        copy = await asyncio.to_thread(downgrade_file, self._place.path, revision_of(revision))
        return f"; before it the file was copied to {copy}"

    async def give_back(self) -> int:
        return await self._with_file(_given_back)

    async def backup(self, path: Path) -> None:
        await self._with_file(lambda connection: _copy(connection, path))

    async def _with_file(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def done() -> T:
            file.prepare(self._place)
            try:
                with closing(file.connect(self._place, writes=True)) as connection:
                    return work(connection)
            except sqlite3.Error as error:
                raise file.failure_of(error, logging.INFO) from error

        return await asyncio.to_thread(done)


def _given_back(connection: sqlite3.Connection) -> int:
    def number(name: str) -> int:
        return int(connection.execute(f"pragma {name}").fetchone()[0])

    before, unused = number("page_count"), number("freelist_count")
    while unused:
        file.give_back(connection, PAGES)
        last, unused = unused, number("freelist_count")
        if unused >= last:
            break
    return (before - number("page_count")) * number("page_size")


def _copy(connection: sqlite3.Connection, path: Path) -> None:
    if path.exists():
        raise Misconfigured(f"{path} is there already; name a new file")
    try:
        copy_to(connection, path)
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}") from error
