"""What a caller that started a run gets: it reads the run to its end, or stops it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeAlias

from agui_runtime.core.events import Cursor, RunInfo
from agui_runtime.runs.announced import Announcements, Line, announced
from agui_runtime.stores.base import Batch, Store

Guard: TypeAlias = Callable[[AsyncGenerator[Batch, None]], AsyncGenerator[Batch, None]]
"""What a reader's batches pass: it ends them when they are no longer the reader's."""


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A started run in the hands of its caller. Dropping it does not end the run.

    `ended` is done when the run is over; None where another start, maybe elsewhere, carries it out.
    `line` is the one in which it waits for a worker, or did when it was found.
    """

    run: RunInfo
    start: Cursor
    _store: Store
    ended: asyncio.Future[None] | None = None
    guard: Guard | None = None
    line: Line | None = None

    def batches(self, *, places_shown: bool = False) -> AsyncGenerator[Batch, None]:
        """The run's records from RUN_STARTED to its terminal event, as they come; close it
        (`aclosing`). With `places_shown`, where it stands while it waits for a worker, too. Raises
        Forbidden when the caller may no longer have them, and JobLost.
        """
        batches = self._batches(places_shown)
        return self.guard(batches) if self.guard else batches

    async def _batches(self, shown: bool) -> AsyncGenerator[Batch, None]:
        records = self._store.log.follow(self.run.thread_id, self.start)
        if self.line is not None:
            announcements = Announcements(self.run, self.start)
            records = announced(records, self.line.places(self.run), announcements, shown=shown)
        async with aclosing(records) as batches:
            async for batch in batches:
                count = batch.length_of_run
                if count is not None:
                    yield batch.upto(count)
                    return
                yield batch
                del batch  # nothing is held in silence

    async def stored(self) -> RunInfo:
        """The run as the store has it now, with what it took if it has ended."""
        runs = await self._store.threads.runs(self.run.thread_id)
        return next((each for each in runs if each.run_id == self.run.run_id), self.run)

    async def stop(self) -> None:
        """Ask the run to stop; does nothing if it has ended."""
        if self.line is not None:
            await self.line.stop(self.run)
        else:
            await self._store.log.ask_stop(self.run.thread_id, self.run.run_id)
