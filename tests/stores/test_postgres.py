"""What may befall a PostgreSQL server and the processes over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import (
    Gone,
    Misconfigured,
    OwnerLost,
    StoreUnavailable,
    ThreadNotFound,
)
from agui_runtime.core.events import Cursor, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Store, ThreadQuery
from agui_runtime.stores.sql import SqlLimits
from agui_runtime.stores.sql.postgres import PostgresStore, schema
from agui_runtime.stores.sql.postgres.address import address_of
from agui_runtime.stores.sql.postgres.news import ANYTHING, CHANNEL, changed, notification
from agui_runtime.stores.sql.schema import SCHEMA
from agui_runtime.stores.sql.step import Step
from agui_runtime.stores.sql.tables import METADATA
from tests.runtime.worlds import asking, ran
from tests.stores.backups import goes_on_without
from tests.stores.databases import Database, PostgresDatabase, SqlProcesses
from tests.stores.differences import differences_at
from tests.stores.ends import START, ended
from tests.stores.first_schema import FIRST_THREAD, reads_the_first_thread
from tests.stores.odd_ids import ODD_IDS
from tests.stores.postgres_server import DISK_FULL, ROOM_AGAIN, PostgresServer
from tests.stores.snapshot import SNAPSHOTS
from tests.stores.test_contract import a_run, claimed, delta, finish, read, whole_run

CUT = (
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'agui-runtime'"
)


@pytest.fixture
async def made(postgres: PostgresServer) -> AsyncIterator[SqlProcesses]:
    async with AsyncExitStack() as stack:
        yield SqlProcesses(stack, PostgresDatabase(postgres.database()))


async def test_a_server_that_is_killed_and_restarted_costs_no_event(
    made: SqlProcesses, postgres: PostgresServer
) -> None:
    store, lost = await made.start(), asyncio.Event()
    lease = await claimed(store, a_run())
    with store.log.keep(lease, lost.set):
        await store.log.append(lease, [delta(0)])
        reading = asyncio.create_task(read(store, 4))
        postgres.kill()
        appending = asyncio.ensure_future(store.log.append(lease, [delta(1), delta(2)]))
        await asyncio.to_thread(postgres.start)
        await appending
        assert not lost.is_set()
        await finish(store, lease)
    assert [record.seq for record in await reading] == [1, 2, 3, 4]


async def test_connections_that_are_cut_after_every_write_cost_no_event(made: SqlProcesses) -> None:
    writer, reader = await made.start(), await made.start()
    lease, lost = await claimed(writer, a_run()), asyncio.Event()
    with writer.log.keep(lease, lost.set):
        reading = asyncio.create_task(read(reader, 11))
        for number in range(10):
            await writer.log.append(lease, [delta(number)])
            await made.database.execute(CUT)
        assert not lost.is_set()
        await finish(writer, lease)
    assert [record.seq for record in await reading] == list(range(1, 12))


async def test_a_stop_arrives_after_connections_were_cut(made: SqlProcesses) -> None:
    owner, other, stopped = await made.start(), await made.start(), asyncio.Event()
    await claimed(owner, a_run(), stopped.set)
    await made.database.execute(CUT)
    assert await other.log.ask_stop("t1", "r1")
    with owner.log.keep(await claimed(owner, a_run(thread="t2")), lambda: None):
        again = asyncio.create_task(repeatedly(other, stopped))
        await stopped.wait()
        await again


async def test_a_lease_is_renewed_while_another_thread_is_locked(made: SqlProcesses) -> None:
    store = await made.start(SqlLimits(lease=2.0))
    leases = [await claimed(store, a_run(thread=thread)) for thread in ("t1", "t2")]
    locking = await asyncpg.connect(made.database.url)
    with store.log.keep(leases[0], lambda: None), store.log.keep(leases[1], lambda: None):
        async with locking.transaction():
            await locking.execute("select from agui_thread where id = 't1' for update")
            await renewal(made.database, "t2")
        await renewal(made.database, "t1")
    await locking.close()


async def renewal(database: Database, thread: str) -> None:
    """Return when the lease of the thread was renewed."""
    until = "select until from agui_thread where id = ?"
    before = await database.execute(until, thread)
    while True:
        if await database.execute(until, thread) != before:
            return
        await asyncio.sleep(0.01)


async def repeatedly(store: Store, stopped: asyncio.Event) -> None:
    """Ask for the stop until it has arrived: nobody promises that of a run that nobody keeps."""
    while not stopped.is_set():
        await store.log.ask_stop("t1", "r1")
        await asyncio.sleep(0.1)


async def test_a_server_that_stays_away_is_reported(
    made: SqlProcesses, postgres: PostgresServer
) -> None:
    store = await made.start(SqlLimits(patience=0.5))
    await store.check()
    postgres.kill()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await claimed(store, a_run())
    with pytest.raises(StoreUnavailable):
        await store.check()
    await asyncio.to_thread(postgres.start)
    assert (await claimed(store, a_run())).fresh


async def test_a_run_whose_end_finds_no_room_ends_for_its_readers_and_later_in_the_log(
    made: SqlProcesses, postgres: PostgresServer
) -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield START
        # In a thread: its locks wait for what the store is just writing.
        await asyncio.to_thread(postgres.command, DISK_FULL, "agui")
        yield delta(0)
        await asyncio.Event().wait()

    store = made.database.store(SqlLimits(lease=1.0))
    runtime = CopilotRuntime({"default": agent}, store=store)
    async with runtime.lifespan():
        with pytest.raises(OwnerLost, match="full") as seen:
            await ran(runtime, asking())
        assert seen.value.code == "STORE_UNAVAILABLE"
        with pytest.raises(StoreUnavailable, match="full"):
            await claimed(store, a_run(thread="t2"))
        await asyncio.to_thread(postgres.command, ROOM_AGAIN, "agui")
        assert (await ended(store))[-1].event["code"] == "STORE_UNAVAILABLE"
        assert (await claimed(store, a_run(run="r2"))).fresh


async def test_appends_of_many_runs_at_once_are_each_stored_once(made: SqlProcesses) -> None:
    store, reader = await made.start(), await made.start()
    leases = [await claimed(store, a_run(thread=f"t{number}")) for number in range(40)]
    for number in range(5):
        await asyncio.gather(*(store.log.append(lease, [delta(number)]) for lease in leases))
    records = await read(reader, 5)
    assert [record.event for record in records] == [delta(number) for number in range(5)]
    [(chunks, events)] = await made.database.execute(
        "select count(*), sum(last - first + 1) from agui_chunk"
    )
    assert (chunks, events) == (200, 200)


def test_more_news_than_a_notification_holds_is_any_news() -> None:
    assert changed(["t1"]) == '{"changed":["t1"]}'
    assert changed(["x" * 1000] * 9) == ANYTHING


@pytest.mark.parametrize("standard", ["on", "off"])
async def test_a_notification_names_any_thread(postgres: PostgresServer, standard: str) -> None:
    ids = [*ODD_IDS, "\\'); drop table agui_thread; --"]
    connection, found = await asyncpg.connect(postgres.database()), asyncio.Queue[object]()
    await connection.execute(f"set standard_conforming_strings = {standard}")
    await connection.add_listener(CHANNEL, lambda *words: found.put_nowait(words[3]))
    await connection.execute(notification(changed(ids)))
    assert await found.get() == changed(ids)
    await connection.close()


async def test_readers_have_news_also_where_a_pooler_swallows_notifications(
    made: SqlProcesses, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = postgres.url("postgres")  # where no notification of this database arrives
    reader = PostgresStore(f"{made.database.url}?listen={elsewhere}")
    await reader.open()
    writer = await made.start()
    lease = await claimed(writer, a_run())
    reading = asyncio.create_task(read(reader, 2))
    for number in range(2):
        await writer.log.append(lease, [delta(number)])
    assert len(await reading) == 2
    await reader.close()
    assert "news is looked for every 200 ms" in caplog.text


def threads_from(time: int) -> str:
    """A statement that adds 10,000 threads of one user, one each second from `time`."""
    return (
        "insert into agui_thread (id, owner, agent, created, updated, epoch, place, first, seq,"
        f" size, tokens, spent) select 't' || n, 'ann', 'default', {time} + n, {time} + n, 'e',"
        " 'p', 1, 0, 0, 1, 0 from generate_series(1, 10000) as n"
    )


FORMER = f"{threads_from(1764000000)}; analyze agui_thread; truncate agui_thread"
READ = "select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'agui_thread'"
"""Along whichever index: with what it knows of former rows, the server takes another."""


@pytest.mark.parametrize("before", ["select 1", FORMER], ids=["nothing", "former-rows"])
async def test_a_page_of_threads_costs_the_same_whatever_the_server_knows_of_the_tables(
    postgres: PostgresServer, before: str
) -> None:
    store = PostgresStore(postgres.database())
    postgres.command(before, "agui")
    postgres.command(threads_from(0), "agui")
    rows = int(postgres.value(READ, "agui"))
    await store.open()
    page = await store.threads.list("ann", ThreadQuery(limit=50))
    await store.backend.look(counted)
    await store.close()
    assert [each.thread_id for each in page.threads[:2]] == ["t10000", "t9999"]
    assert 50 <= int(postgres.value(READ, "agui")) - rows < 100


def counted() -> Step[None]:
    """Have the server count now what its connection has read, and not when that ends."""
    yield "select pg_stat_force_next_flush()", {}


async def test_texts_that_postgres_cannot_hold_lose_only_their_zeros(made: SqlProcesses) -> None:
    store = await made.start()
    await whole_run(store, a_run())
    renamed = await store.threads.update("t1", name="a\0b")
    assert renamed.name == "a\ufffdb"


async def test_another_server_under_the_same_name_has_other_epochs(made: SqlProcesses) -> None:
    store = await made.start()
    lease = await whole_run(store, a_run())
    await made.database.execute("update agui_thread set place = 'a server before'")
    later = await whole_run(store, a_run(run="r2"))
    assert later.start.epoch != lease.start.epoch
    with pytest.raises(Gone):
        await read(store, 1, lease.start)


async def test_a_process_that_goes_on_notices_that_tables_were_put_back(
    made: SqlProcesses, postgres: PostgresServer
) -> None:
    store = await made.start()
    await whole_run(store, a_run())
    dump = postgres.dump("agui")
    later = await whole_run(store, a_run(run="r2"))
    await made.database.execute(f"drop table {', '.join(METADATA.tables)}, agui_version")
    postgres.put_back(dump, "agui")
    await goes_on_without(store, later)


async def test_readers_learn_that_everything_was_deleted(made: SqlProcesses) -> None:
    store = await made.start()
    lease = await whole_run(store, a_run())
    reading = asyncio.create_task(read(store, 9, Cursor(lease.start.epoch, 4)))
    await asyncio.sleep(0)
    await made.database.execute("delete from agui_thread")
    with pytest.raises(ThreadNotFound):
        await reading


async def test_a_database_without_tables_is_refused_and_says_what_to_do(
    made: SqlProcesses, postgres: PostgresServer
) -> None:
    url = postgres.make("empty")
    with pytest.raises(Misconfigured, match="run `agui-runtime db upgrade`"):
        await PostgresStore(url).open()
    assert (
        await PostgresDatabase(url).execute("select * from pg_tables where schemaname='public'")
        == []
    )


async def test_a_schema_of_a_later_release_is_refused(made: SqlProcesses) -> None:
    await made.database.execute("update agui_version set version_num = '0099'")
    try:
        with pytest.raises(Misconfigured, match="schema 99, which a later release made"):
            await PostgresStore(made.database.url).open()
    finally:
        await made.database.execute(f"update agui_version set version_num = '{SCHEMA:04}'")


async def test_all_migrations_go_up_and_down_and_make_what_the_tables_say(
    postgres: PostgresServer, made: SqlProcesses
) -> None:
    address = address_of(postgres.make("migrated"))
    await asyncio.gather(schema.upgrade(address), schema.upgrade(address))
    assert await differences_at(address.dsn) == []
    await schema.downgrade(address, "base")
    await schema.upgrade(address)
    assert await differences_at(address.dsn) == []


async def test_a_database_of_the_first_schema_is_upgraded_and_has_its_threads(
    postgres: PostgresServer, made: SqlProcesses
) -> None:
    url = postgres.make("first")
    postgres.put_back(SNAPSHOTS / "0001.sql", "first")
    database = PostgresDatabase(url)
    for statement, *values in FIRST_THREAD:
        await database.execute(statement, *values)
    with pytest.raises(Misconfigured, match=f"schema 1 of {SCHEMA}"):
        await PostgresStore(url).open()
    await schema.upgrade(address_of(url))
    assert await differences_at(url) == []
    store = PostgresStore(url)
    await store.open()
    await reads_the_first_thread(store)
    await store.close()
    await schema.downgrade(address_of(url), "0001")
    costs = "select cost from agui_run where thread_id = 't1'"
    assert await database.execute(costs) == [(0.25,)]


async def test_a_database_that_does_not_exist_is_refused(
    made: SqlProcesses, postgres: PostgresServer
) -> None:
    with pytest.raises(Misconfigured, match="does not exist"):
        await PostgresStore(postgres.url("missing")).open()
