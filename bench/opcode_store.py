"""Runs that are written into a store and read from it again, for the benchmark of what a token
costs.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import aclosing
from time import time
from uuid import uuid4

from agui_runtime.core.events import Event, RunInfo, encode
from agui_runtime.stores.base import RunEnd, Store
from agui_runtime.stores.open import open_store
from bench.counting import Taken, counting


async def through_store(name: str, words: int) -> Taken:
    with tempfile.TemporaryDirectory() as folder, counting() as codes:
        store = open_store(name.format(folder=folder))
        await store.open()
        try:
            await written(store, 1)
            codes.clear()
            size = await asyncio.create_task(written(store, words))
        finally:
            await store.close()
    return Taken(codes, size)


async def written(store: Store, words: int) -> int:
    """Write a run word by word, each read before the next; returns the bytes that were read."""
    ids = {"messageId": "words"}
    run = RunInfo(str(uuid4()), str(uuid4()), "bench", "ann", started_at=time())
    lease = await store.log.claim(run, lambda: None)
    size = 0
    with store.log.keep(lease, lambda: None):
        async with aclosing(store.log.follow(run.thread_id, lease.start)) as batches:
            for _ in range(words):
                word = {"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": "word "}
                await store.log.append(lease, [word])
                batch = await anext(batches)
                size += sum(len(encode(each.event)) for each in batch.records)
        end: Event = {"type": "RUN_FINISHED", "threadId": run.thread_id, "runId": run.run_id}
        await store.log.release(lease, RunEnd([end], "finished", time()))
    return size
