"""What a store asks itself each second is looked up, however many threads and runs there are."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from agui_runtime.stores.sql import SqliteStore, statements
from agui_runtime.stores.sql.sqlite.worker import SqliteTexts


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(f"sqlite:///{path}")
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@pytest.mark.parametrize("name", ["TO_COMPACT", "LAPSED", "EXPIRED"])
async def test_what_is_due_is_found_by_an_index(tmp_path: Path, name: str) -> None:
    path, text = tmp_path / "threads.db", SqliteTexts()[getattr(statements, name)]
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("seconds", 0, lambda: 0.0)
        values = dict.fromkeys(re.findall(r":(\w+)", text), 1)
        plan = connection.execute(f"explain query plan {text}", values).fetchall()
    assert [step for *_, step in plan if step.startswith("SCAN")] == []


GONE = {
    "agui_counter": "('starts', 1, 0)",
    "agui_place": "('p1', 'all', 0)",
    "agui_sealed_row": "('ann', 'a', 1, 0, null)",
    "agui_worker": "('w1', 'default', 0)",
}
"""Of each table that is swept, a row that counts for nothing any longer."""


async def test_rows_of_users_are_not_gone_through_each_second(tmp_path: Path) -> None:
    path = tmp_path / "threads.db"
    async with opened(path):
        _put_gone_rows(path)
    async with opened(path) as store:
        await store.upkeep.forget_old_threads()
        assert _rows(path) == dict.fromkeys(GONE, 0)
        _put_gone_rows(path)
        await store.upkeep.forget_old_threads()
        assert _rows(path) == dict.fromkeys(GONE, 1)


def _put_gone_rows(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, row in GONE.items():
            connection.execute(f"insert into {table} values {row}")


def _rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: int(connection.execute(f"select count(*) from {table}").fetchone()[0])
            for table in GONE
        }
