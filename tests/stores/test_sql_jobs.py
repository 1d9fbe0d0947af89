"""Runs that wait for a worker in tables: what a database does, and what is done to it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest

from agui_runtime.stores.jobs import QueueFigures
from agui_runtime.stores.moving.threads import Moved, exported
from agui_runtime.stores.sql import SqlLimits, migrations
from agui_runtime.stores.sql.postgres import PostgresStore, backend
from agui_runtime.stores.sql.postgres.connections import (
    Connection,
    PostgresTexts,
    carry_out,
    transaction,
)
from agui_runtime.stores.sql.step import Step
from tests.stores.databases import WHOLE, PostgresDatabase, SqliteDatabase, SqlProcesses
from tests.stores.pooler import PgBouncer
from tests.stores.postgres_server import PostgresServer
from tests.stores.test_contract import Clock, a_run, delta, finish, ignore, whole_run
from tests.stores.test_jobs_of_processes import adopted, posted, taken, waits
from tests.stores.test_postgres import CUT

T = TypeVar("T")


async def test_a_queue_that_is_full_keeps_no_worker_from_another(tables: SqlProcesses) -> None:
    store = await tables.start()
    for number in range(50):
        await posted(store, waits(f"a{number}"))
    await tables.database.execute("update agui_job set queue = 'gpu' where thread_id = 'a49'")
    found: list[str] = []
    while "a49" not in found:
        offers = await store.jobs.take("w", ["default", "gpu"], 1)
        found += [each.thread_id for each in offers]
    assert len(found) < 50


async def test_a_look_that_finds_nothing_writes_nothing(tables: SqlProcesses) -> None:
    """A bell of PostgreSQL wakes every worker, and each write costs a flush of its log."""
    clock = Clock()
    store = await tables.start(clock=clock)

    async def seen_after(seconds: float) -> list[tuple[float]]:
        clock.now += seconds
        await store.jobs.take("w", ["default"], 4)
        return await tables.database.execute("select seen from agui_worker")

    first = await seen_after(0)
    assert await seen_after(1) == first
    assert await seen_after(4) == [(first[0][0] + 5,)]


async def test_a_database_that_was_put_back_begins_no_run_that_it_says_waits(
    tables: SqlProcesses,
) -> None:
    store = await tables.start()
    await posted(store, waits())
    await tables.database.execute("update agui_thread set place = 'another'")
    assert await store.jobs.adopt("t1", "r1", ignore) is None
    await store.log.wait_idle("t1")
    [run] = await store.threads.runs("t1")
    assert run.figures and run.figures.error_code == "QUEUE_TIMEOUT"
    assert await tables.database.execute("select * from agui_job") == []


async def test_a_run_that_waits_is_left_out_of_what_is_derived_forgotten_and_moved(
    tables: SqlProcesses,
) -> None:
    clock = Clock()
    store = await tables.start(SqlLimits(max_age=50, compact_after=0), clock)
    await posted(store, waits())
    clock.now += 100
    await store.upkeep.forget_old_threads()
    assert await store.compact("t1") == 0
    assert await store.rebuild() == 0
    moved = Moved()
    assert len([line async for line in exported(store, moved)]) == 1
    assert moved.problems == {"t1": "run r1 is live and was left out"}
    assert await taken(store) == ["t1"]


async def test_the_oldest_runs_make_room_for_one_that_waits(tables: SqlProcesses) -> None:
    store = await tables.start(SqlLimits(runs_per_thread=2))
    for number in range(3):
        await whole_run(store, a_run(run=f"old{number}"))
    await posted(store, waits())
    assert [run.run_id for run in await store.threads.runs("t1")] == ["old2", "r1"]
    await finish(store, (await adopted(store)).lease)


async def test_workers_that_are_gone_leave_no_rows(tables: SqlProcesses) -> None:
    clock = Clock()
    store = await tables.start(clock=clock)
    await store.jobs.take("w1", ["a", "b"], 1)
    clock.now += 60
    await store.jobs.take("w2", ["a"], 1)
    await store.upkeep.sweep()
    assert await tables.database.execute("select id, queue from agui_worker") == [("w2", "a")]


async def test_a_run_that_nobody_can_do_lets_no_newcomer_pass_those_who_wait(
    tables: SqlProcesses,
) -> None:
    store = await tables.start()
    await posted(store, waits("odd", owner="odd"))
    for number in range(9):
        await posted(store, waits(f"a{number}"))
    for number in range(5):
        [offer] = await store.jobs.take("w", ["default"], 1)
        assert offer.thread_id == "odd"
        await store.jobs.put_back(offer, 0.0)
        await adopted(store, f"a{number}")
    await store.jobs.put_back(offer, 0.0)
    for number in range(3):
        await posted(store, waits(f"b{number}", owner="bob"))
    assert await taken(store) == ["odd", "a5", "b0", "a6", "b1", "a7", "b2", "a8"]


async def test_a_release_that_knows_no_workers_ends_what_waits(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path)
    store = database.store()
    await store.open()
    await posted(store, waits())
    await store.close()
    migrations.downgrade_file(database.path, "0004")
    assert await database.execute("select until from agui_thread") == [(0,)]
    migrations.upgrade_file(database.path)
    await store.open()
    await store.log.wait_idle("t1")
    assert [run.status for run in await store.threads.runs("t1")] == ["failed"]
    await store.close()


@pytest.fixture
async def made(postgres: PostgresServer) -> AsyncIterator[SqlProcesses]:
    async with AsyncExitStack() as stack:
        yield SqlProcesses(stack, PostgresDatabase(postgres.database()))


class Cut:
    """Cuts the connection after the next commit, before that is acknowledged, and then has others
    do something; until it is given that, it does nothing. `alone`: of a single statement.
    """

    def __init__(self) -> None:
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.alone = False

    async def strike(self) -> None:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
            raise asyncpg.ConnectionDoesNotExistError("the connection was closed")


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Cut:
    cut = Cut()

    @asynccontextmanager
    async def cut_transaction(connection: Connection, *, ends_with: str) -> AsyncIterator[None]:
        async with transaction(connection, ends_with=ends_with):
            yield
        if not cut.alone:
            await cut.strike()

    async def cut_statement(connection: Connection, step: Step[T], texts: PostgresTexts) -> T:
        found = await carry_out(connection, step, texts)
        if cut.alone:
            await cut.strike()
        return found

    monkeypatch.setattr(backend, "transaction", cut_transaction)
    monkeypatch.setattr(backend, "carry_out", cut_statement)
    return cut


async def nothing() -> None:
    """Nobody does anything meanwhile."""


async def test_who_adopts_a_run_gets_it_though_the_connection_breaks(
    made: SqlProcesses, cut: Cut
) -> None:
    store = await made.start()
    await posted(store, waits(), b"what to do")
    cut.meanwhile = nothing
    found = await adopted(store)
    assert found.body == b"what to do"
    with store.log.keep(found.lease, ignore):
        await store.log.append(found.lease, [delta(0)])
        await finish(store, found.lease)


async def test_who_looks_is_offered_the_same_though_the_connection_breaks(
    made: SqlProcesses, cut: Cut
) -> None:
    store = await made.start()
    for number in range(4):
        await posted(store, waits(f"t{number}"))
    cut.alone, cut.meanwhile = True, nothing
    offers = await store.jobs.take("w", ["default"], 2)
    assert [each.thread_id for each in offers] == ["t0", "t1"]


async def test_a_run_is_posted_once_though_the_connection_breaks_and_it_ends_meanwhile(
    made: SqlProcesses, cut: Cut
) -> None:
    web, worker = await made.start(), await made.start()

    async def carried_out() -> None:
        assert await taken(worker) == ["t1"]
        await finish(worker, (await adopted(worker)).lease)

    cut.meanwhile = carried_out
    nameless = replace(waits(), fingerprint="")  # so only the request itself tells them apart
    assert (await posted(web, nameless)).run.status == "finished"
    assert await taken(web) == []
    assert len(await web.threads.runs("t1")) == 1


async def test_runs_are_carried_out_though_connections_are_cut_again_and_again(
    made: SqlProcesses,
) -> None:
    web, worker = await made.start(), await made.start()
    for number in range(5):
        await posted(web, waits(f"t{number}"))
        await made.database.execute(CUT)
        assert await taken(worker) == [f"t{number}"]
        await made.database.execute(CUT)
        found = await adopted(worker, f"t{number}")
        await made.database.execute(CUT)
        await finish(worker, found.lease)
    assert await web.jobs.figures() == {"default": QueueFigures(0, 0.0, 1)}


async def test_runs_wait_and_are_adopted_through_a_pooler(postgres: PostgresServer) -> None:
    postgres.database()
    pooler = PgBouncer(postgres)
    pooler.start()
    store = PostgresStore(f"{pooler.url}&listen={postgres.url()}", WHOLE)
    await store.open()
    runs = [waits(f"t{number}", owner=f"o{number % 3}") for number in range(30)]
    await asyncio.gather(*(posted(store, run) for run in runs))
    while offers := await store.jobs.take("w", ["default", "gpu"], 9):
        for each in offers:
            await finish(store, (await adopted(store, each.thread_id)).lease)
    assert (await store.jobs.figures())["default"].waiting == 0
    await store.close()
    pooler.stop()
