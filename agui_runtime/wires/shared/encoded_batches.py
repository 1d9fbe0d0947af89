"""A log's batches as bytes for readers, each encoded once for all who get the same form of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing, closing
from typing import Any

from agui_runtime.off_loop import LONG_LIST, is_much, is_short_text, off_loop
from agui_runtime.stores.base import Batch
from agui_runtime.wires.shared.pace import Pace
from agui_runtime.wires.shared.streaming import Write

_SHARED = 16_384
"""So many bytes at most are left for other readers of a batch."""


class EncodedBatches:
    """What `encode` makes of each batch's records, their epoch and the `form`, at the `Pace` of a
    reader; nothing for a batch of which it makes nothing. `opening` comes before the first one,
    where it is not None.
    """

    def __init__(
        self,
        batches: AsyncGenerator[Batch, None],
        encode: Callable[..., bytes],
        *form: Hashable,
        ended: asyncio.Future[None] | None = None,
        opening: bytes | None = None,
    ) -> None:
        self._batches = batches
        self._made: tuple[Any, ...] = (encode, *form)
        self._ended = ended
        self._opening = opening

    async def write_to(self, write: Write) -> None:
        """Write them as they come, to their end; the batches are closed in any case."""
        opening, self._opening = self._opening, None
        async with aclosing(self._batches) as batches:
            if opening is not None:
                await write(opening)
                del opening
            with closing(Pace(ended=self._ended)) as pace:
                async for batch in batches:
                    if pace.is_early(batch):
                        await pace.due()
                    ready = batch.encodings.get(self._made)
                    if ready is None:
                        ready = await _encoded(batch, *self._made)
                        if len(ready) <= _SHARED:
                            batch.encodings[self._made] = ready
                    if ready:
                        await write(ready)
                    del ready, batch  # nothing is held in silence


async def _encoded(batch: Batch, encode: Callable[..., bytes], *form: Hashable) -> bytes:
    epoch = batch.cursor.epoch
    if _is_long(batch):
        return await off_loop(encode, batch.records, epoch, *form)
    return encode(batch.records, epoch, *form)


def _is_long(batch: Batch) -> bool:
    """Whether to encode it takes long; deltas, of which most of a stream is made, do not."""
    records = batch.records
    if len(records) == 1 and "delta" in records[0].event:
        return False
    if batch.text is not None and len(records) <= LONG_LIST and is_short_text(batch.text):
        return False
    rest = [each.event for each in records if "delta" not in each.event]
    return len(records) > LONG_LIST or (bool(rest) and is_much(rest))
