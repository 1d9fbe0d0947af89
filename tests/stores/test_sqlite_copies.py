"""Copies of a SQLite file that are put back: after a crash, and over a server that still runs."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from agui_runtime.core.errors import Gone, StoreUnavailable
from agui_runtime.stores.sql import SqliteStore
from tests.stores.databases import WHOLE, SqliteDatabase, SqlProcesses
from tests.stores.sqlite_writer import acknowledged, writing
from tests.stores.test_contract import a_run, claimed, read, whole_run

LATER = [f"later{number}" for number in range(40)]
LONG = 300
"""So many records that SQLite writes some of its log into the file meanwhile."""


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[SqlProcesses]:
    async with AsyncExitStack() as stack:
        yield SqlProcesses(stack, SqliteDatabase(tmp_path))


async def a_copy(store: SqliteStore) -> Path:
    copy = store.path.with_name("copy.db")
    await store.administration.backup(copy)
    return copy


def is_intact(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("pragma integrity_check")] == ["ok"]


async def is_as_copied(store: SqliteStore) -> None:
    """It has the one run of the copy and goes on, and nothing of what came later."""
    assert len(await read(store, 4)) == 4
    for thread in (*LATER, "killed"):
        assert await store.threads.get(thread) is None
    await whole_run(store, a_run(run="anew"))
    await whole_run(store, a_run(thread="killed"))


@pytest.mark.parametrize("put", [shutil.copyfile, shutil.move])
async def test_it_replaces_all_that_a_killed_process_wrote(made: SqlProcesses, put: object) -> None:
    store = await started(made)
    await whole_run(store, a_run())
    copy = await a_copy(store)
    for thread in LATER:
        await whole_run(store, a_run(thread=thread), LONG)
    async with writing(made.database.url, "killed") as process:
        await acknowledged(process, LONG)
        await store.close()
    assert store.path.with_name("threads.db-wal").stat().st_size
    assert callable(put)
    put(copy, store.path)
    await store.open()
    await is_as_copied(store)
    await store.close()
    assert is_intact(store.path)


async def test_servers_over_which_it_is_copied_write_nothing_into_it(
    made: SqlProcesses, caplog: pytest.LogCaptureFixture
) -> None:
    store = await started(made)
    await whole_run(store, a_run())
    copy = await a_copy(store)
    for thread in LATER:
        await whole_run(store, a_run(thread=thread), LONG)
    cursor = (await whole_run(store, a_run(run="r2"))).start
    async with writing(made.database.url, "killed") as process:
        await acknowledged(process, LONG)
        shutil.copyfile(copy, store.path)
        await acknowledged(process)  # until it ends by itself
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match="was replaced"):
            await claimed(store, a_run(thread="t2"))
        with pytest.raises(StoreUnavailable, match="was replaced"):
            await store.threads.get("t1")
    await store.close()
    said = [each for each in caplog.messages if "another file by now" in each]
    assert len(said) == 1
    await store.open()
    await is_as_copied(store)
    with pytest.raises(Gone):
        await read(store, 1, cursor)
    await store.close()
    assert is_intact(store.path)


async def test_it_can_be_put_back_again_and_again(made: SqlProcesses) -> None:
    store = await started(made)
    await whole_run(store, a_run())
    copy = await a_copy(store)
    for _ in range(3):
        await whole_run(store, a_run(thread="t2"))
        await store.close()
        shutil.copyfile(copy, store.path)
        await store.open()
        assert await store.threads.get("t2") is None


async def started(made: SqlProcesses) -> SqliteStore:
    store = await made.start(WHOLE)
    assert isinstance(store, SqliteStore)
    return store
