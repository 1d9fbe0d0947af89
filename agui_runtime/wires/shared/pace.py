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
    """The same records at the `Pace` of a reader. Close it (`aclosing`)."""
    async with aclosing(batches):
        with closing(Pace(frame, ended)) as pace:
            async for batch in batches:
                if pace.is_early(batch):
                    await pace.due()
                yield batch
                del batch  # nothing is held in silence


class Pace:
    """That of one stream: at most one batch for each frame.

    What comes later than a frame after the batch before it goes on at once, so the first word never
    waits; so does a batch with which a run ends, and all that waits when `ended` is done.
    Meanwhile the log collects what the next batch will hold.
    """

    __slots__ = ("_due", "_ended", "_frame", "_loop", "_over")

    def __init__(self, frame: float = FRAME, ended: asyncio.Future[None] | None = None) -> None:
        self._frame = frame
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._over: asyncio.Future[None] | None = None
        if ended is not None:
            ended.add_done_callback(self._end)

    def is_early(self, batch: Batch) -> bool:
        """Whether the batch has to wait until it is `due`; if not, it goes on now."""
        now = self._loop.time()
        if now < self._due and batch.records[-1].event["type"] not in TERMINAL:
            return True
        self._due = now + self._frame
        return False

    async def due(self) -> None:
        """Return when the frame is over: half as dear as `asyncio.wait` for each. When `ended` is
        done, the one that lasts is over, and later ones last no time.
        """
        if self._ended is None or not self._ended.done():
            self._over = self._loop.create_future()
            timer = self._loop.call_at(self._due, self._end)
            try:
                await self._over
            finally:
                timer.cancel()
                self._over = None
        self._due = self._loop.time() + self._frame

    def close(self) -> None:
        if self._ended is not None:
            self._ended.remove_done_callback(self._end)

    def _end(self, _: object = None) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(None)
