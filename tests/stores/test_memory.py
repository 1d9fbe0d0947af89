"""What only the store of one process promises: it makes room by itself and tells who is behind."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from itertools import chain
from typing import Self

import pytest

from agui_runtime.core.errors import Gone, ThreadNotFound
from agui_runtime.core.events import Event, Message
from agui_runtime.core.fold import Fold
from agui_runtime.stores.base import AgentState, Lease, RunEnd, RunLog
from agui_runtime.stores.memory import MemoryLimits, MemoryStore
from agui_runtime.stores.memory.store import MemoryRunLog, MemoryStateStore
from agui_runtime.stores.memory.thread_table import ThreadTable
from tests.stores.test_contract import LIMITS, Clock, a_run, claimed, delta, finish, read, whole_run


async def test_idle_threads_make_room_and_running_ones_stay() -> None:
    clock = Clock()
    store = MemoryStore(LIMITS, clock)
    await claimed(store, a_run(thread="running"))
    for number in range(6):
        clock.now += 1
        await whole_run(store, a_run(thread=f"idle{number}"))
    threads = [t.thread_id for t in (await store.threads.list("ann")).threads]
    assert threads == ["idle5", "idle4", "idle3", "running"]


async def test_a_reader_that_fell_behind_what_is_kept_is_told() -> None:
    store = MemoryStore(LIMITS, Clock())
    await whole_run(store, a_run(run="r0"))
    async with aclosing(store.log.follow("t1", None)) as batches:
        await anext(batches)
        for number in range(1, 6):
            await whole_run(store, a_run(run=f"r{number}"))
        with pytest.raises(Gone):
            await anext(batches)


async def test_a_reader_gets_the_end_of_a_thread_that_was_deleted_meanwhile() -> None:
    store = MemoryStore(LIMITS, Clock())
    lease = await claimed(store, a_run())
    async with aclosing(store.log.follow("t1", lease.start)) as batches:
        await store.log.append(lease, [delta(0)])
        await anext(batches)
        await finish(store, lease)
        await store.threads.delete("t1")
        assert [each.event["type"] for each in (await anext(batches)).records] == ["RUN_FINISHED"]
        with pytest.raises(ThreadNotFound):
            await anext(batches)


SHAPES: Mapping[str, Callable[[], Iterable[Event]]] = {
    "deltas": lambda: (delta(n, "word ") for n in range(20_000)),
    "long deltas": lambda: (delta(n, "w" * 2000) for n in range(500)),
    "deltas beyond ASCII": lambda: (delta(n, "\N{GRINNING FACE}" * 200) for n in range(1000)),
    "deltas with more to them": lambda: (
        delta(n) | {"rawEvent": {"chunk": [n] * 20, "words": ["word"] * 20}} for n in range(2000)
    ),
    "small events": lambda: (
        {"type": "STEP_STARTED", "stepName": f"step {n}"} for n in range(20_000)
    ),
    "tiny messages": lambda: [
        {"type": "RUN_STARTED", "input": {"messages": messages(30_000)}},
    ],
    "states of small objects": lambda: (
        {"type": "STATE_SNAPSHOT", "snapshot": [{"b": 1}] * 100} for _ in range(300)
    ),
    "numbers": lambda: [{"type": "STATE_SNAPSHOT", "snapshot": {"a": [1.5] * 500_000}}],
    "one text": lambda: [{"type": "STATE_SNAPSHOT", "snapshot": "x" * 5_000_000}],
}


def messages(count: int) -> list[Message]:
    return [{"id": f"message-{n}", "role": "user", "content": ""} for n in range(count)]


@pytest.mark.parametrize("shape", SHAPES)
async def test_what_counts_is_the_memory_that_records_take(shape: str) -> None:
    table = ThreadTable(MemoryLimits(), Clock())
    log = MemoryRunLog(table)
    lease = await log.claim(a_run(), lambda: None)
    with MemoryTaken() as taken:
        await written(log, lease, SHAPES[shape]())
    assert table.size == pytest.approx(taken.bytes, rel=0.25)


async def test_states_and_ids_of_messages_count_too() -> None:
    table = ThreadTable(MemoryLimits(), Clock())
    log, states = MemoryRunLog(table), MemoryStateStore(table)
    with MemoryTaken() as taken:
        await released(log)
    assert table.size == pytest.approx(taken.bytes, rel=0.25)
    before = table.size
    await states.delete("t1")
    assert table.size < before / 2


async def written(log: RunLog, lease: Lease, events: Iterable[Event]) -> None:
    for event in events:
        await log.append(lease, [event])


async def released(log: RunLog) -> None:
    lease = await log.claim(a_run(), lambda: None)
    state = AgentState({"a": list(range(100_000))}, Fold(messages(20_000)).shared_messages)
    ids = frozenset(f"message-{n}" for n in range(20_000))
    await log.release(lease, RunEnd([], "finished", 1.0, ids, state))


class MemoryTaken:
    """Measures what a block allocates and keeps."""

    bytes = 0

    def __enter__(self) -> Self:
        gc.collect()
        tracemalloc.start()
        self._before = tracemalloc.get_traced_memory()[0]
        return self

    def __exit__(self, *_: object) -> None:
        gc.collect()
        self.bytes = tracemalloc.get_traced_memory()[0] - self._before
        tracemalloc.stop()


async def test_a_state_that_is_saved_makes_other_threads_go() -> None:
    store = MemoryStore(MemoryLimits(log_bytes=40_000, state_bytes=30_000), Clock())
    await whole_run(store, a_run(thread="old"))
    await whole_run(store, a_run(thread="new"))
    await store.states.save("new", "default", AgentState({"a": "x" * 20_000}))
    await store.states.save("new", "other", AgentState({"a": "x" * 17_000}))
    assert [t.thread_id for t in (await store.threads.list("ann")).threads] == ["new"]


async def test_the_end_of_a_run_makes_room_for_what_it_leaves() -> None:
    store = MemoryStore(MemoryLimits(log_bytes=40_000), Clock())
    await whole_run(store, a_run(thread="old"))
    lease = await claimed(store, a_run(thread="new"))
    await finish(store, lease, AgentState({"a": "x" * 39_000}))
    assert [t.thread_id for t in (await store.threads.list("ann")).threads] == ["new"]


async def test_a_long_thread_is_read_in_parts_that_end_where_runs_do() -> None:
    store = MemoryStore(clock=Clock())
    for number in range(5):
        await whole_run(store, a_run(run=f"r{number}"), deltas=999)
    parts = []
    async with aclosing(store.log.follow("t1", None)) as batches:
        async for batch in batches:
            parts.append([record.seq for record in batch.records])
            if batch.cursor.seq == 5000:
                break
    assert [len(part) for part in parts] == [3000, 2000]
    assert list(chain(*parts)) == list(range(1, 5001))


async def test_what_is_read_is_the_readers_own() -> None:
    store = MemoryStore(clock=Clock())
    lease = await claimed(store, a_run())
    event: Event = {"type": "STATE_SNAPSHOT", "snapshot": {"a": 1}}
    await store.log.append(lease, [event])
    event["snapshot"]["a"] = 2
    await finish(store, lease, AgentState({"a": 1}))
    saved = await store.states.load("t1", "default")
    assert saved is not None
    saved.state["a"] = 3
    assert (await read(store, 1))[0].event["snapshot"] == {"a": 1}
    again = await store.states.load("t1", "default")
    assert again is not None
    assert again.state == {"a": 1}
