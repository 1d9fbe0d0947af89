"""What may befall a SQLite file and the processes over it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from resource import RLIM_INFINITY

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import StoreUnavailable, TooLarge
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.sql import SqliteStore, SqlLimits
from agui_runtime.stores.sql.sqlite.wakes import Doorbell
from tests.faults.rooms import limit
from tests.runtime.worlds import asking, ran, text
from tests.stores.databases import SqliteDatabase, SqlProcesses
from tests.stores.ends import START, ended
from tests.stores.mounts import mounted
from tests.stores.sqlite_writer import LEASE, acknowledged, writing
from tests.stores.test_contract import Clock, a_run, claimed, delta, finish, ignore, read, whole_run


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[SqlProcesses]:
    async with AsyncExitStack() as stack:
        yield SqlProcesses(stack, SqliteDatabase(tmp_path))


class Ahead:
    """The world's time, and some seconds more."""

    seconds = 0.0

    def __call__(self) -> float:
        return time.time() + self.seconds


@pytest.mark.parametrize("synchronous", ["full", "normal"])
async def test_what_was_acknowledged_is_there_after_the_writing_process_was_killed(
    made: SqlProcesses, synchronous: str
) -> None:
    url = f"{made.database.url}?synchronous={synchronous}"
    clock = Ahead()
    store = await made.start(clock=clock)
    async with writing(url, "t1") as process:
        await acknowledged(process, 50)
        process.kill()
        last = max(50, await acknowledged(process))
    clock.seconds = LEASE + 1
    records = await ended(store)
    deltas = [int(record.event["delta"]) for record in records if "delta" in record.event]
    assert deltas == list(range(1, len(deltas) + 1))
    assert last <= len(deltas) <= last + 1
    assert records[-1].event["code"] == "OWNER_LOST"
    assert await made.database.execute("pragma quick_check") == [("ok",)]


async def test_several_processes_write_one_file(made: SqlProcesses) -> None:
    async def write(thread: str) -> None:
        async with writing(made.database.url, thread) as process:
            await acknowledged(process, 200)

    store = await made.start()
    await asyncio.gather(write("t1"), write("t2"), write("t3"))
    records = await read(store, 200)
    assert [int(record.event["delta"]) for record in records[:200]] == list(range(1, 201))


async def test_a_lock_of_another_program_for_five_seconds_costs_no_run(
    made: SqlProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "clock_gettime", lambda _: clock.now)  # by which leases are known
    store = await made.start(clock=clock)
    lease, lost = await claimed(store, a_run()), asyncio.Event()
    with store.log.keep(lease, lost.set):
        await store.log.append(lease, [delta(0)])
        async with locked(made.database):
            appending = asyncio.ensure_future(store.log.append(lease, [delta(1)]))
            assert len(await read(store, 1)) == 1  # readers are not held up
            clock.now += 5  # so long the other program works
            await asyncio.sleep(5)
            assert not appending.done()
        await appending
        assert not lost.is_set()
        await finish(store, lease)


async def test_a_lock_for_longer_than_patience_is_reported_and_passes(made: SqlProcesses) -> None:
    store = await made.start(SqlLimits(patience=0.3, compact_after=1e12))
    async with locked(made.database):
        with pytest.raises(StoreUnavailable, match="locked by another program"):
            await claimed(store, a_run())
    assert (await claimed(store, a_run())).fresh


async def test_while_another_program_has_the_lock_nobody_waits_for_others_that_did(
    made: SqlProcesses,
) -> None:
    store = await made.start(SqlLimits(patience=2.0, compact_after=1e12))
    async with locked(made.database):
        async with asyncio.timeout(16):  # 12 of them would each wait for 2 seconds
            for number in range(12):
                with pytest.raises(StoreUnavailable, match="locked by another program"):
                    await claimed(store, a_run(thread=f"t{number}"))
    await whole_run(store, a_run(run="r2"))
    async with locked(made.database):  # it waits its whole time again
        waiting = asyncio.create_task(store.log.claim(a_run(thread="late"), ignore))
        await asyncio.sleep(1)
    assert (await waiting).fresh


@asynccontextmanager
async def locked(database: object) -> AsyncIterator[None]:
    """Another program has the file's lock in the block."""
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        try:
            yield
        finally:
            other.execute("rollback")


async def test_a_process_that_may_write_no_more_says_so_and_goes_on_when_it_may(
    made: SqlProcesses,
) -> None:
    store = await made.start()
    async with writing(made.database.url, "t1") as process:
        assert process.stdout is not None
        last = await acknowledged(process, 20)
        limit([process.pid], 4096)
        while (line := await process.stdout.readline()) != b"full\n":
            last = int(line)
        assert len(await read(store, last)) == last
        limit([process.pid], RLIM_INFINITY)
        while (line := await process.stdout.readline()) == b"full\n":
            pass
        assert int(line) == last + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    with mounted(tmp_path / "small", "tmpfs", "size=8m") as folder:
        yield folder


async def test_a_run_on_a_full_disk_says_so_and_what_it_said_is_there(small_disk: Path) -> None:
    ballast = small_disk / "ballast"

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield START
        yield delta(0)
        yield {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "stored first"}
        fill(ballast)
        while True:
            yield delta(1, "x" * 5000)

    store = SqliteStore(f"sqlite:///{small_disk}/threads.db", SqlLimits(lease=10.0))
    runtime = CopilotRuntime({"default": agent}, store=store)
    async with runtime.lifespan():
        events = await ran(runtime, asking())
        assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "STORE_UNAVAILABLE")
        assert "full" in events[-1]["message"]
        assert delta(0) in events
        with pytest.raises(StoreUnavailable, match="full"):
            await claimed(store, a_run(thread="t2"))
        ballast.unlink()
        async with asyncio.timeout(20):
            while not await is_claimed(store):  # noqa: ASYNC110  # it tries once a second
                await asyncio.sleep(0.1)


async def is_claimed(store: SqliteStore) -> bool:
    with suppress(StoreUnavailable):
        return (await claimed(store, a_run(thread="t2"))).fresh
    return False


def fill(path: Path) -> None:
    """Use up the disk's room."""
    with path.open("wb", buffering=0) as out, pytest.raises(OSError, match="No space"):
        while True:
            out.write(b"x" * 4096)


async def test_a_file_is_for_its_owner_alone(made: SqlProcesses) -> None:
    store = await made.start()
    await whole_run(store, a_run())
    assert isinstance(made.database, SqliteDatabase)
    folder = made.database.path.parent
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    assert modes == {
        "threads.db": 0o600,
        "threads.db-wal": 0o600,
        "threads.db-shm": 0o600,
        "threads.db-reserve": 0o600,
        "threads.db-wake": 0o700,
    }


async def test_a_process_that_ends_tidies_up(made: SqlProcesses) -> None:
    store = await made.start()
    await whole_run(store, a_run())
    await store.close()
    assert isinstance(made.database, SqliteDatabase)
    folder = made.database.path.parent
    names = sorted(each.name for each in folder.rglob("*"))
    assert names == ["threads.db", "threads.db-reserve", "threads.db-wake"]


def sockets(database: object) -> list[Path]:
    assert isinstance(database, SqliteDatabase)
    return sorted(Path(f"{database.path}-wake").iterdir())


async def test_news_whose_datagram_was_lost_is_found_in_the_file(made: SqlProcesses) -> None:
    writer, reader = await made.start(), await made.start()
    for each in sockets(made.database):
        each.unlink()
    lease = await claimed(writer, a_run())
    reading = asyncio.create_task(read(reader, 2))
    await writer.log.append(lease, [START])
    await asyncio.sleep(0)
    await writer.log.append(lease, [delta(0)])
    assert len(await reading) == 2


async def test_the_socket_of_a_process_that_was_killed_is_removed(made: SqlProcesses) -> None:
    store = await made.start()
    async with writing(made.database.url, "t1") as process:
        await acknowledged(process, 1)
        assert len(sockets(made.database)) == 2
    await whole_run(store, a_run(thread="t2"))
    assert len(sockets(made.database)) == 1


async def test_processes_in_a_deep_folder_wake_each_other_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = asyncio.Event()

    class Listening:
        def on_change(self, thread_ids: object) -> None:
            assert thread_ids == ["t1"]
            received.set()

        def on_anything(self) -> None:
            raise AssertionError

        def on_stop(self, thread_id: str, token: int) -> None:
            raise AssertionError

    folder = tmp_path / ("deep" * 30) / "threads.db-wake"
    folder.parent.mkdir()
    one, other = Doorbell(folder), Doorbell(folder)
    one.open(Listening())
    other.open(Listening())
    one.send(["t1"])
    await received.wait()
    one.close()
    other.close()


async def test_a_file_that_was_moved_away_is_reported(made: SqlProcesses) -> None:
    store = await made.start()
    await whole_run(store, a_run())
    assert isinstance(made.database, SqliteDatabase)
    await store.check()
    made.database.path.rename(made.database.path.with_name("elsewhere.db"))
    with pytest.raises(StoreUnavailable, match="no longer where it was"):
        await store.check()
    with pytest.raises(StoreUnavailable, match="no longer where it was"):
        await claimed(store, a_run(thread="t2"))


async def test_a_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    store = SqliteStore(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(StoreUnavailable, match="not open"):
        await store.threads.get("t1")


async def test_a_store_can_be_opened_again(made: SqlProcesses) -> None:
    store = await made.start()
    await whole_run(store, a_run())
    await store.close()
    await store.close()
    await store.open()
    assert len(await read(store, 4)) == 4


async def test_the_folder_of_a_copied_database_is_enough_to_go_on(
    made: SqlProcesses, tmp_path: Path
) -> None:
    store = await made.start()
    lease = await claimed(store, a_run())
    with store.log.keep(lease, ignore):
        await store.log.append(lease, text("m1", "Hello"))
    await store.close()
    shutil.copytree(tmp_path, tmp_path / "copy")
    copied = SqliteStore(f"sqlite:///{tmp_path}/copy/threads.db")
    await copied.open()
    assert len(await read(copied, 3)) == 3
    await copied.close()


async def test_of_runs_that_write_at_once_only_the_one_that_writes_too_much_fails(
    tmp_path: Path,
) -> None:
    store = SqliteStore(f"sqlite:///{tmp_path}/threads.db", SqlLimits(run_bytes=5_000))
    await store.open()
    leases = [await claimed(store, a_run(f"thread-{n}")) for n in range(4)]
    sizes = [10, 6_000, 10, 10]
    writes = [
        store.log.append(lease, [delta(1, "x" * size)])
        for lease, size in zip(leases, sizes, strict=True)
    ]
    found = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(each) for each in found] == [type(None), TooLarge, type(None), type(None)]
    assert [(await store.log.end(f"thread-{n}")).seq for n in range(4)] == [1, 1, 1, 1]
    await store.close()


async def test_a_limit_beyond_what_a_database_can_count_is_none(tmp_path: Path) -> None:
    limits = SqlLimits(run_bytes=2**64, log_bytes=2**64)
    store = SqliteStore(f"sqlite:///{tmp_path}/threads.db", limits)
    await store.open()
    await whole_run(store, a_run())
    await store.close()
