"""What every store promises, told once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from uuid import uuid4

import pytest

from agui_runtime.core.errors import (
    Busy,
    Gone,
    OwnerLost,
    ThreadNotFound,
    TooLarge,
)
from agui_runtime.core.events import Cursor, Event, Record, RunInfo
from agui_runtime.stores.base import AgentState, Lease, RunEnd, Store
from agui_runtime.stores.memory import MemoryLimits, MemoryStore
from agui_runtime.stores.redis import RedisLimits, RedisStore
from agui_runtime.stores.sql import SqliteStore, SqlLimits
from agui_runtime.stores.sql.postgres import PostgresStore


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


LIMITS = MemoryLimits(threads=4, runs_per_thread=3, log_bytes=40_000, state_bytes=500, max_age=60)


@pytest.fixture
def clock() -> Clock:
    return Clock()


REDIS_LIMITS = RedisLimits(
    runs_per_thread=3, log_bytes=15_000, state_bytes=500, max_age=LIMITS.max_age
)

SQL_LIMITS = SqlLimits(3, 9_000, LIMITS.max_age, state_bytes=500, compact_after=1e12)


@pytest.fixture(params=["memory", "redis", "sqlite", "postgres"])
async def store(
    request: pytest.FixtureRequest, clock: Clock, tmp_path: Path
) -> AsyncIterator[Store]:
    file, server = f"sqlite:///{tmp_path}/threads.db", request.getfixturevalue
    stores: dict[str, Callable[[], Store]] = {
        "memory": lambda: MemoryStore(LIMITS, clock),
        "redis": lambda: RedisStore(
            server("redis").url, REDIS_LIMITS, prefix=uuid4().hex, clock=clock
        ),
        "sqlite": lambda: SqliteStore(file, SQL_LIMITS, clock=clock),
        "postgres": lambda: PostgresStore(server("postgres").database(), SQL_LIMITS, clock=clock),
    }
    store = stores[request.param]()
    await store.open()
    yield store
    await store.close()


def a_run(
    thread: str = "t1", run: str = "r1", owner: str = "ann", fingerprint: str = ""
) -> RunInfo:
    return RunInfo(thread, run, "default", owner, 1.0, fingerprint)


def ignore() -> None:
    """Nobody asks to stop."""


async def claimed(store: Store, run: RunInfo, on_stop: Callable[[], None] = ignore) -> Lease:
    return await store.log.claim(run, on_stop)


async def finish(store: Store, lease: Lease, state: AgentState | None = None) -> None:
    ids = {"threadId": lease.run.thread_id, "runId": lease.run.run_id}
    events: list[Event] = [{"type": "RUN_FINISHED", **ids}]
    await store.log.release(lease, RunEnd(events, "finished", 2.0, frozenset({"m1"}), state))


async def whole_run(store: Store, run: RunInfo, deltas: int = 3) -> Lease:
    lease = await claimed(store, run)
    await store.log.append(lease, [delta(number) for number in range(deltas)])
    await finish(store, lease)
    return lease


def delta(number: int, text: str = "") -> Event:
    return {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": f"{text}{number}"}


async def read(store: Store, count: int, after: Cursor | None = None) -> list[Record]:
    """The next `count` records."""
    found: list[Record] = []
    async with aclosing(store.log.follow("t1", after)) as batches:
        async for batch in batches:
            found += batch.records
            if len(found) >= count:
                return found
    raise AssertionError("follow ended by itself")


async def test_records_are_numbered_in_order_from_one(store: Store) -> None:
    await whole_run(store, a_run())
    records = await read(store, 4)
    assert [record.seq for record in records] == [1, 2, 3, 4]
    assert {record.run_id for record in records} == {"r1"}
    assert records[0].event == delta(0)


async def test_every_cursor_resumes_without_gap_or_repeat(store: Store) -> None:
    lease = await whole_run(store, a_run(), deltas=5)
    everything = await read(store, 6)
    for record in everything[:-1]:
        after = Cursor(lease.start.epoch, record.seq)
        assert await read(store, 6 - record.seq, after) == everything[record.seq :]


async def test_a_late_reader_and_a_live_reader_see_the_same(store: Store) -> None:
    lease = await claimed(store, a_run())
    live = asyncio.create_task(read(store, 4))
    for number in range(3):
        await store.log.append(lease, [delta(number)])
        await asyncio.sleep(0)
    await finish(store, lease)
    assert await live == await read(store, 4)


async def test_the_cursor_of_a_batch_resumes_after_it(store: Store) -> None:
    lease = await claimed(store, a_run())
    await store.log.append(lease, [delta(0), delta(1)])
    async with aclosing(store.log.follow("t1", None)) as batches:
        batch = await anext(batches)
    await store.log.append(lease, [delta(2)])
    assert [r.event for r in await read(store, 1, batch.cursor)] == [delta(2)]


async def test_a_closed_reader_disturbs_nobody(store: Store) -> None:
    lease = await claimed(store, a_run())
    leaving = asyncio.create_task(read(store, 99))
    staying = asyncio.create_task(read(store, 1))
    await asyncio.sleep(0)
    leaving.cancel()
    await store.log.append(lease, [delta(0)])
    assert len(await staying) == 1
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_cursor_of_another_epoch_is_gone(store: Store) -> None:
    await whole_run(store, a_run())
    with pytest.raises(Gone):
        await read(store, 1, Cursor("other", 1))


async def test_a_cursor_from_the_future_is_gone(store: Store) -> None:
    lease = await whole_run(store, a_run())
    with pytest.raises(Gone):
        await read(store, 1, Cursor(lease.start.epoch, 99))


async def test_the_oldest_runs_are_forgotten_and_their_cursors_are_gone(store: Store) -> None:
    first = await whole_run(store, a_run(run="r0"))
    for number in range(1, 5):
        await whole_run(store, a_run(run=f"r{number}"))
    assert [run.run_id for run in await store.threads.runs("t1")] == ["r2", "r3", "r4"]
    with pytest.raises(Gone):
        await read(store, 1, first.start)
    assert (await read(store, 1))[0].run_id == "r2"


async def test_a_reader_that_fell_behind_misses_nothing_unless_told(store: Store) -> None:
    await whole_run(store, a_run(run="r0"))
    async with aclosing(store.log.follow("t1", None)) as batches:
        seen = (await anext(batches)).cursor.seq
        for number in range(1, 6):
            await whole_run(store, a_run(run=f"r{number}"))
        try:
            late = await anext(batches)
        except Gone:
            return
        assert late.records[0].seq == seen + 1


async def test_following_an_unknown_thread_is_not_found(store: Store) -> None:
    with pytest.raises(ThreadNotFound):
        await read(store, 1)


async def test_a_thread_has_one_writer(store: Store) -> None:
    await claimed(store, a_run())
    with pytest.raises(Busy) as busy:
        await claimed(store, a_run(run="r2"))
    assert busy.value.run_id == "r1"


async def test_a_thread_belongs_to_the_owner_of_its_first_run(store: Store) -> None:
    await whole_run(store, a_run())
    with pytest.raises(ThreadNotFound):
        await claimed(store, a_run(run="r2", owner="bob"))


async def test_the_same_start_again_is_the_same_run(store: Store) -> None:
    lease = await claimed(store, a_run(fingerprint="f"))
    again = await claimed(store, a_run(fingerprint="f"))
    await finish(store, lease)
    afterwards = await claimed(store, a_run(fingerprint="f"))
    assert (lease.fresh, again.fresh, afterwards.fresh) == (True, False, False)
    assert lease.start == again.start == afterwards.start


async def test_a_run_id_may_come_back_with_another_request(store: Store) -> None:
    await whole_run(store, a_run(fingerprint="question"))
    answer = await claimed(store, a_run(fingerprint="answer"))
    assert answer.fresh


async def test_releasing_frees_the_thread_with_the_terminal_event(store: Store) -> None:
    lease = await claimed(store, a_run())
    reader = asyncio.create_task(read(store, 1))
    await finish(store, lease)
    await reader
    assert await store.log.active("t1") is None
    assert (await claimed(store, a_run(run="r2"))).known == {"m1"}


async def test_a_released_lease_cannot_write(store: Store) -> None:
    lease = await whole_run(store, a_run())
    with pytest.raises(OwnerLost):
        await store.log.append(lease, [delta(9)])
    with pytest.raises(OwnerLost):
        await finish(store, lease)
    with pytest.raises(OwnerLost), store.log.keep(lease, ignore):
        pass


async def test_a_stop_reaches_the_owner_once(store: Store) -> None:
    stops: list[str] = []
    stopped = asyncio.Event()

    def on_stop() -> None:
        stops.append("stop")
        stopped.set()

    await claimed(store, a_run(), on_stop)
    assert await store.log.ask_stop("t1", "r1")
    assert await store.log.ask_stop("t1")
    await stopped.wait()
    assert stops == ["stop"]


async def test_a_stop_for_another_run_is_refused(store: Store) -> None:
    await claimed(store, a_run())
    assert not await store.log.ask_stop("t1", "r2")
    assert not await store.log.ask_stop("t2")


async def test_waiting_for_idle_ends_with_the_run(store: Store) -> None:
    lease = await claimed(store, a_run())
    waiting = asyncio.create_task(store.log.wait_idle("t1"))
    await store.log.append(lease, [delta(0)])
    await asyncio.sleep(0)
    assert not waiting.done()
    await finish(store, lease)
    await waiting
    await store.log.wait_idle("unknown")


async def test_a_huge_cursor_is_gone(store: Store) -> None:
    lease = await whole_run(store, a_run())
    with pytest.raises(Gone):
        await read(store, 1, Cursor(lease.start.epoch, 10**30))


async def test_a_run_beyond_the_limit_is_refused_and_can_still_end(store: Store) -> None:
    lease = await claimed(store, a_run())
    with pytest.raises(TooLarge):
        for number in range(200):
            await store.log.append(lease, [delta(number)])
    await finish(store, lease)
    assert (await store.log.active("t1")) is None


async def test_the_end_of_a_log_is_told(store: Store) -> None:
    lease = await claimed(store, a_run())
    await finish(store, lease)
    assert await store.log.end("t1") == Cursor(lease.start.epoch, 1)
    with pytest.raises(ThreadNotFound):
        await store.log.end("unknown")


async def test_a_store_tells_that_it_answers(store: Store) -> None:
    await store.check()
