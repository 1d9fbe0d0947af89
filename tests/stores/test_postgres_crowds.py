"""What runs of one process over PostgreSQL do together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest

from agui_runtime.stores.base import Lease
from tests.stores.databases import PostgresDatabase, SqlProcesses
from tests.stores.postgres_server import PostgresServer
from tests.stores.test_contract import a_run, claimed, delta


@pytest.fixture
async def made(postgres: PostgresServer) -> AsyncIterator[SqlProcesses]:
    async with AsyncExitStack() as stack:
        yield SqlProcesses(stack, PostgresDatabase(postgres.database()))


@pytest.mark.parametrize("runs", [2, 40])
async def test_what_runs_append_as_soon_as_they_may_goes_in_one_statement(
    made: SqlProcesses, runs: int
) -> None:
    store, commits = await made.start(), list[int]()
    store.watch_commits(commits.append)
    leases = [await claimed(store, a_run(thread=f"t{number}")) for number in range(runs)]

    async def written(lease: Lease) -> None:
        for number in range(5):
            await store.log.append(lease, [delta(number)])

    first = asyncio.gather(*map(written, leases[: runs // 2]))
    for _ in range(3):  # until these are on their way
        await asyncio.sleep(0)
    await asyncio.gather(first, *map(written, leases[runs // 2 :]))
    assert commits == [runs // 2, *[runs] * 4, runs // 2]


LOCK = "select pg_advisory_xact_lock(hashtextextended('runs:ann', 0))"
WAITING = "select count(*) from pg_stat_activity where wait_event = 'advisory'"


async def test_runs_that_wait_for_their_turn_to_be_counted_wait_over_one_connection(
    made: SqlProcesses,
) -> None:
    store = await made.start()
    counting = await asyncpg.connect(made.database.url)
    async with counting.transaction():
        await counting.execute(LOCK)
        takes = [store.places.take(f"p{number}", {"runs:ann": 9}) for number in range(20)]
        taking = asyncio.gather(*takes)
        while await counting.fetchval(WAITING) == 0:  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0)
        await store.threads.obtain("t1", "ann", "default")
        assert await counting.fetchval(WAITING) == 1
    assert (await taking).count(None) == 9
    await counting.close()
