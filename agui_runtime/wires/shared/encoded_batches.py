"""A log's batches as bytes for readers, each encoded once for all who get the same form of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing, closing

from agui_runtime.off_loop import LONG_LIST, is_much, is_short_text, off_loop
from agui_runtime.stores.base import Batch
from agui_runtime.wires.shared.pace import Pace

_SHARED = 16_384
"""So many bytes at most are left for other readers of a batch."""


async def encoded(
    batches: AsyncGenerator[Batch, None],
    encode: Callable[..., bytes],
    *form: Hashable,
    ended: asyncio.Future[None] | None = None,
) -> AsyncGenerator[bytes, None]:
    """What `encode` makes of each batch's records, their epoch and the `form`, at the `Pace` of a
    reader; nothing for a batch of which it makes nothing. Close it (`aclosing`).
    """
    made = (encode, *form)
    async with aclosing(batches):
        with closing(Pace(ended=ended)) as pace:
            async for batch in batches:
                if pace.is_early(batch):
                    await pace.due()
                ready = batch.encodings.get(made)
                if ready is None:
                    epoch = batch.cursor.epoch
                    if _is_long(batch):
                        ready = await off_loop(encode, batch.records, epoch, *form)
                    else:
                        ready = encode(batch.records, epoch, *form)
                    if len(ready) <= _SHARED:
                        batch.encodings[made] = ready
                if ready:
                    yield ready
                del ready, batch  # nothing is held in silence


def _is_long(batch: Batch) -> bool:
    """Whether to encode it takes long; deltas, of which most of a stream is made, do not."""
    records = batch.records
    if len(records) == 1 and "delta" in records[0].event:
        return False
    if batch.text is not None and len(records) <= LONG_LIST and is_short_text(batch.text):
        return False
    rest = [each.event for each in records if "delta" not in each.event]
    return len(records) > LONG_LIST or (bool(rest) and is_much(rest))
