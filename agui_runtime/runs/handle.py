"""What a caller that started a run gets: it reads the run to its end, or stops it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeAlias

from agui_runtime.core.events import TERMINAL, Cursor, Record, RunInfo
from agui_runtime.stores.base import Batch, Store

Guard: TypeAlias = Callable[[AsyncGenerator[Batch, None]], AsyncGenerator[Batch, None]]
"""What a reader's batches pass: it ends them when they are no longer the reader's."""


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A started run in the hands of its caller. Dropping it does not end the run.

    `ended` is done when the run is over; None where another start, maybe elsewhere, carries it out.
    `stopping` is how a run is stopped for which the store alone cannot do so.
    """

    run: RunInfo
    start: Cursor
    _store: Store
    ended: asyncio.Future[None] | None = None
    guard: Guard | None = None
    stopping: Callable[[], Awaitable[object]] | None = None

    def batches(self) -> AsyncGenerator[Batch, None]:
        """The run's records from RUN_STARTED to its terminal event, as they come; close it
        (`aclosing`). Raises Forbidden when the caller may no longer have them.
        """
        return self.guard(self._batches()) if self.guard else self._batches()

    async def _batches(self) -> AsyncGenerator[Batch, None]:
        async with aclosing(self._store.log.follow(self.run.thread_id, self.start)) as batches:
            async for batch in batches:
                count = _length_of_run(batch.records)
                if count is None:
                    yield batch
                else:
                    yield replace(batch, records=batch.records[:count])
                    return

    async def stored(self) -> RunInfo:
        """The run as the store has it now, with what it took if it has ended."""
        runs = await self._store.threads.runs(self.run.thread_id)
        return next((each for each in runs if each.run_id == self.run.run_id), self.run)

    async def stop(self) -> None:
        """Ask the run to stop; does nothing if it has ended."""
        if self.stopping is not None:
            await self.stopping()
        else:
            await self._store.log.ask_stop(self.run.thread_id, self.run.run_id)


def _length_of_run(records: Sequence[Record]) -> int | None:
    """How many of the records belong to the run, if its terminal event is among them."""
    for count, record in enumerate(records, 1):
        if record.event["type"] in TERMINAL:
            return count
    return None
