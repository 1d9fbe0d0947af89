"""Keeps the readers of fast streams from being woken, and written to, for every single event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from agui_runtime.core.events import TERMINAL
from agui_runtime.stores.base import Batch

FRAME = 0.016
"""Seconds between two batches at least: what a screen shows as one picture."""


async def paced(
    batches: AsyncGenerator[Batch, None],
    frame: float = FRAME,
    ended: asyncio.Future[None] | None = None,
) -> AsyncGenerator[Batch, None]:
    """The same records in at most one batch for each frame.

    What comes later than a frame after the batch before it goes on at once, so the first word never
    waits; so does a batch with which a run ends, and all that waits when `ended` is done.
    Meanwhile the log collects what the next batch will hold.
    """
    now = asyncio.get_running_loop().time
    due = 0.0
    async with aclosing(batches):
        async for batch in batches:
            early = due - now()
            if early > 0 and batch.records[-1].event["type"] not in TERMINAL:
                await _pause(early, ended)
            due = now() + frame
            yield batch


async def _pause(seconds: float, ended: asyncio.Future[None] | None) -> None:
    if ended is None:
        await asyncio.sleep(seconds)
    else:
        await asyncio.wait((ended,), timeout=seconds)
