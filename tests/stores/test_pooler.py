"""A real PgBouncer between processes and their PostgreSQL, in transaction mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.sql.postgres import PostgresStore, news, schema
from agui_runtime.stores.sql.postgres.address import address_of
from agui_runtime.stores.sql.schema import SCHEMA
from agui_runtime.stores.sql.store import SqlStore
from tests.stores.databases import WHOLE
from tests.stores.pooler import PgBouncer
from tests.stores.postgres_server import PostgresServer
from tests.stores.test_contract import a_run, claimed, delta, finish, ignore, read, whole_run

POLLED = "news is looked for every 200 ms"


@pytest.fixture
def pooler(postgres: PostgresServer) -> Iterator[PgBouncer]:
    postgres.database()
    server = PgBouncer(postgres)
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqlStore]:
    store = PostgresStore(url, WHOLE)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@pytest.mark.parametrize("listens", [True, False])
async def test_runs_readers_and_stops_of_two_processes_work_through_it(
    pooler: PgBouncer,
    postgres: PostgresServer,
    listens: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not listens:
        monkeypatch.setattr(news, "PULSE", 0.3)  # so long it waits for its own notification
    url = f"{pooler.url}&listen={postgres.url()}" if listens else pooler.url
    async with opened(url) as owner, opened(url) as other:
        stopped = asyncio.Event()
        lease = await claimed(owner, a_run(), stopped.set)
        reading = asyncio.create_task(read(other, 6))
        with owner.log.keep(lease, ignore):
            for number in range(5):
                await owner.log.append(lease, [delta(number)])
            assert await other.log.ask_stop("t1")
            await stopped.wait()
            await finish(owner, lease)
        assert [record.seq for record in await reading] == [1, 2, 3, 4, 5, 6]
        crowd = [a_run(thread=f"t{number}") for number in range(2, 42)]
        await asyncio.gather(*(whole_run(owner, run) for run in crowd))
    assert (POLLED in caplog.text) is not listens


async def test_a_url_that_would_have_it_forget_statements_is_refused(pooler: PgBouncer) -> None:
    with pytest.raises(Misconfigured, match="add prepared=no to the URL"):
        await PostgresStore(pooler.url.partition("?")[0]).open()


async def test_tables_are_made_and_changed_through_it(pooler: PgBouncer) -> None:
    address = address_of(pooler.url)
    await schema.downgrade(address, "-1")
    await asyncio.gather(schema.upgrade(address), schema.upgrade(address))
    assert await PostgresStore(pooler.url).administration.number() == SCHEMA
