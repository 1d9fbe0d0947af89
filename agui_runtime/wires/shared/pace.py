"""Keeps the readers of fast streams from being woken, and written to, for every single event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing

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
        with closing(_Pauses(ended)) as pauses:
            async for batch in batches:
                early = due - now()
                if early > 0 and batch.records[-1].event["type"] not in TERMINAL:
                    await pauses.pause(early)
                due = now() + frame
                yield batch


class _Pauses:
    """Those of one stream, which may make sixty a second: half as dear as `asyncio.wait` for each.
    When `ended` is done, the one that lasts is over, and later ones last no time.
    """

    def __init__(self, ended: asyncio.Future[None] | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._ended = ended
        if ended is not None:
            ended.add_done_callback(self._end)

    async def pause(self, seconds: float) -> None:
        if self._ended is not None and self._ended.done():
            return
        self._over = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._end)
        try:
            await self._over
        finally:
            timer.cancel()

    def close(self) -> None:
        if self._ended is not None:
            self._ended.remove_done_callback(self._end)

    def _end(self, _: object = None) -> None:
        if not self._over.done():
            self._over.set_result(None)
