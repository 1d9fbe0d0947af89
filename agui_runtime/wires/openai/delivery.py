"""From a run's records to a client: as a stream or as a whole, to the end or until it goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Protocol

from agui_runtime.core.events import Record
from agui_runtime.runs.handle import RunHandle
from agui_runtime.stores.base import Batch
from agui_runtime.wires.openai.errors import RunFailed
from agui_runtime.wires.openai.exchange import OpenAIExchange
from agui_runtime.wires.shared.expiry import while_known
from agui_runtime.wires.shared.http import unless_gone
from agui_runtime.wires.shared.pace import paced
from agui_runtime.wires.shared.streaming import Write


class Encoder(Protocol):
    """What makes frames of a run's records; `failure` is why they have no end of their own."""

    @property
    def failure(self) -> RunFailed | None: ...

    def frames(self, records: Iterable[Record]) -> Iterator[bytes]: ...


@asynccontextmanager
async def stopped_with_its_reader(handle: RunHandle) -> AsyncIterator[None]:
    """Whoever reads it in this block is the only one who waits for the run."""
    try:
        yield
    finally:
        if handle.ended is None or not handle.ended.done():
            await handle.stop()


async def write_frames(
    batches: AsyncGenerator[Batch, None],
    encoder: Encoder,
    ended: asyncio.Future[None] | None,
    write: Write,
) -> None:
    """Write the frames of the batches; raises RunFailed behind the last one."""
    async with aclosing(paced(batches, ended=ended)) as slower:
        async for batch in slower:
            if ready := b"".join(encoder.frames(batch.records)):
                await write(ready)
            del batch, ready  # nothing is held in silence
    if encoder.failure is not None:
        raise encoder.failure


async def read_whole(
    exchange: OpenAIExchange, handle: RunHandle, feed: Callable[[Sequence[Record]], None]
) -> bool:
    """Feed all of the run; False if the client went away before its end."""

    async def collect() -> None:
        async with aclosing(handle.batches()) as batches:
            async for batch in batches:
                feed(batch.records)

    async with while_known(exchange.caller):
        return await unless_gone(exchange.receive, collect())
