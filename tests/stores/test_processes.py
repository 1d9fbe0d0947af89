"""What processes over one store bring each other: news, stops, readers, what a restart finds.

Here each store stands for a process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Busy, Gone, ThreadNotFound
from agui_runtime.core.events import Cursor, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import AgentState, RunEnd
from agui_runtime.stores.sql import SqlLimits
from tests.runtime.worlds import Scripted, asking, ran, text
from tests.stores.databases import AnyStore, Place, Processes
from tests.stores.ends import START
from tests.stores.test_contract import Clock, a_run, claimed, delta, finish, ignore, read, whole_run


async def test_what_one_process_writes_another_reads_as_it_comes(made: Processes[AnyStore]) -> None:
    writer, reader = await made.start(), await made.start()
    lease = await claimed(writer, a_run())
    reading = asyncio.create_task(read(reader, 4))
    for number in range(3):
        await writer.log.append(lease, [delta(number)])
    await finish(writer, lease)
    assert await reading == await read(writer, 4)


async def test_a_stop_reaches_the_process_that_runs(made: Processes[AnyStore]) -> None:
    owner, other = await made.start(), await made.start()
    stopped = asyncio.Event()
    await claimed(owner, a_run(), stopped.set)
    assert await other.log.ask_stop("t1", "r1")
    await stopped.wait()


async def test_a_stop_that_nobody_received_is_found_with_the_next_renewal(
    made: Processes[AnyStore], place: Place[AnyStore]
) -> None:
    owner, calls, stopped = await made.start(SqlLimits(lease=0.6)), list[str](), asyncio.Event()

    def stop() -> None:
        calls.append("stop")
        stopped.set()

    lease = await claimed(owner, a_run(), stop)
    await place.mark_stop()
    with owner.log.keep(lease, ignore):
        await stopped.wait()
    assert calls == ["stop"]


async def test_waiting_for_idle_ends_when_another_process_is_done(
    made: Processes[AnyStore],
) -> None:
    owner, other = await made.start(), await made.start()
    lease = await claimed(owner, a_run())
    with pytest.raises(Busy):
        await claimed(other, a_run(run="r2"))
    waiting = asyncio.create_task(other.log.wait_idle("t1"))
    await owner.log.append(lease, [delta(0)])
    await finish(owner, lease)
    await waiting
    assert (await claimed(other, a_run(run="r2"))).fresh


async def test_a_thread_that_another_process_deletes_is_gone_for_readers(
    made: Processes[AnyStore],
) -> None:
    one, other = await made.start(), await made.start()
    lease = await whole_run(one, a_run())
    reading = asyncio.create_task(read(one, 9, Cursor(lease.start.epoch, 4)))
    await asyncio.sleep(0)
    await other.threads.delete("t1")
    with pytest.raises(ThreadNotFound):
        await reading


async def test_finished_runs_are_stored_in_fewer_events(made: Processes[AnyStore]) -> None:
    clock, limits = Clock(), SqlLimits(compact_after=0)
    store = await made.start(limits, clock)
    lease = await claimed(store, a_run())
    await store.log.append(lease, [START, *(delta(number) for number in range(50))])
    await finish(store, lease)
    before = await read(store, 52)
    clock.now += 1
    await store.janitor.compact_old_runs()
    later = await whole_run(store, a_run(run="r2"))
    fresh = await made.start(limits, clock)
    after = await read(fresh, 7)
    deltas = [record.event.get("delta") for record in after[:3]]
    assert deltas == [None, "".join(str(number) for number in range(50)), None]
    assert after[-1].seq == before[-1].seq + 4
    assert [r.seq for r in await read(fresh, 4, later.start)] == [53, 54, 55, 56]
    with pytest.raises(Gone):
        await read(fresh, 1, Cursor(lease.start.epoch, 10))


async def test_a_large_state_takes_less_room_than_it_has(
    made: Processes[AnyStore], place: Place[AnyStore]
) -> None:
    store = await made.start()
    lease = await claimed(store, a_run())
    state = {"text": "la " * 20_000}
    end = RunEnd([], "finished", 2.0, frozenset(), AgentState(state))
    await store.log.release(lease, end)
    saved = await store.states.load("t1", "default")
    assert saved is not None
    assert saved.state == state
    assert await place.bytes_of_state() < 20_000


async def test_a_run_that_says_too_much_still_ends_with_all_that_it_said_closed(
    place: Place[AnyStore],
) -> None:
    deltas = ["x" * 50] * 500
    store = place.store(SqlLimits(run_bytes=5_000))
    runtime = CopilotRuntime({"default": Scripted(*text("m1", *deltas))}, store=store)
    async with runtime.lifespan():
        events = await ran(runtime, asking())
    assert [event["type"] for event in events[-2:]] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    assert events[-1]["code"] == "TOO_LARGE"


async def test_long_integers_and_halves_are_the_same_after_a_restart(
    place: Place[AnyStore],
) -> None:
    odd = {"wei": [2**64, -(2**70)], "cut": "\ud83d", "zero": "a\0b"}
    agent = Scripted({"type": "STATE_SNAPSHOT", "snapshot": odd})
    runtime = CopilotRuntime({"default": agent}, store=place.store())
    async with runtime.lifespan():
        live = await ran(runtime, asking())
    store = place.store()
    await store.open()
    records = await read(store, len(live))
    await store.close()
    assert [record.event for record in records] == live
    assert live[1]["snapshot"] == odd | {"cut": "\ufffd"}


async def test_a_late_reader_of_a_long_thread_reads_it_in_parts(made: Processes[AnyStore]) -> None:
    store = await made.start()
    lease = await claimed(store, a_run())
    for number in range(1000):
        await store.log.append(lease, [delta(number), delta(number)])
    sizes = []
    async with aclosing(store.log.follow("t1", None)) as batches:
        async for batch in batches:
            sizes.append(len(batch.records))
            if batch.cursor.seq == 2000:
                break
    assert max(sizes) <= 512
    assert sum(sizes) == 2000


async def test_runs_from_before_a_restart_are_there_after_it(
    place: Place[AnyStore],
) -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        count = len([each for each in request.messages if each.role == "user"])
        yield {"type": "STATE_SNAPSHOT", "snapshot": {"turns": count}}

    for turn in (1, 2):
        runtime = CopilotRuntime({"default": agent}, store=place.store())
        async with runtime.lifespan():
            await ran(runtime, asking(f"turn {turn}", run=f"r{turn}"))
            runs = await runtime.store.threads.runs("t1")
    assert [run.status for run in runs] == ["finished", "finished"]


async def test_a_cursor_of_another_thread_is_gone(made: Processes[AnyStore]) -> None:
    store = await made.start()
    await whole_run(store, a_run())
    other = await whole_run(store, a_run(thread="t2"))
    with pytest.raises(Gone):
        await read(store, 1, Cursor(other.start.epoch, 1))
