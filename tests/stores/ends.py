"""How tests wait until a run on thread t1 has ended."""

from __future__ import annotations

from contextlib import aclosing

from agui_runtime.core.events import TERMINAL, Event, Record
from agui_runtime.stores.base import Store

START: Event = {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}


async def ended(store: Store) -> list[Record]:
    """The thread's records up to the first terminal event."""
    found: list[Record] = []
    async with aclosing(store.log.follow("t1", None)) as batches:
        async for batch in batches:
            found += batch.records
            if found[-1].event["type"] in TERMINAL:
                return found
    raise AssertionError("follow ended by itself")
