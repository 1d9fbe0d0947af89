"""Runs are stored in fewer events when somebody asks for it, not only when they are old."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from agui_runtime.core.errors import Gone
from agui_runtime.core.events import Cursor, Event, Record, RunInfo
from agui_runtime.core.fold import fold
from agui_runtime.stores.base import Compacting, RunEnd, Store
from tests.stores.test_contract import claimed


async def talk(store: Store) -> Cursor:
    """A run of many deltas; a cursor in its middle."""
    lease = await claimed(store, RunInfo("t1", "r1", "default", "ann", 1.0))
    text = {"messageId": "m1", "role": "assistant"}
    deltas: list[Event] = [
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": str(n)} for n in range(9)
    ]
    await store.log.append(lease, [{"type": "TEXT_MESSAGE_START", **text}, *deltas])
    middle = await store.log.end("t1")
    end: Event = {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}
    closing: Event = {"type": "TEXT_MESSAGE_END", "messageId": "m1"}
    await store.log.release(lease, RunEnd([closing, end], "finished", 2.0))
    return Cursor(middle.epoch, middle.seq - 3)


async def records(store: Store, after: Cursor | None = None) -> list[Record]:
    end = await store.log.end("t1")
    found: list[Record] = []
    async with aclosing(store.log.follow("t1", after)) as batches:
        async for batch in batches:
            found += batch.records
            if batch.cursor == end:
                return found
    raise AssertionError("a log is followed without end")


async def test_a_thread_is_compacted_at_once(each_store: Store) -> None:
    middle = await talk(each_store)
    before = await records(each_store)
    if not isinstance(each_store, Compacting):
        return  # a memory store compacts by itself, or drops
    assert await each_store.compact("t1") == 1
    after = await records(each_store)
    assert fold(each.event for each in after) == fold(each.event for each in before)
    assert len(after) < len(before) - 5
    assert after[0].seq == before[0].seq  # nothing seems to be missing before it
    assert await each_store.compact("t1") == 0
    with pytest.raises(Gone):
        await records(each_store, middle)
