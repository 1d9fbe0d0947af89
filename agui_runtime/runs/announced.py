"""The batches of a run that may wait for a worker: where it stands comes before what it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from agui_runtime.core.errors import Gone, ThreadNotFound
from agui_runtime.core.events import Cursor, Event, Record, RunInfo
from agui_runtime.core.queueing import WAITING, JobLost
from agui_runtime.stores.base import Batch

UNNUMBERED = 0
"""The first record of a log has the number 1."""


class Place(NamedTuple):
    """In a line: how many runs come before this one, and for how many seconds it has waited."""

    before: int
    seconds: float


class Line(Protocol):
    """Where runs wait for workers."""

    def places(self, run: RunInfo) -> AsyncGenerator[Place, None]:
        """Where the run stands, from time to time. Raises JobLost."""

    async def stop(self, run: RunInfo) -> None:
        """Stop it, also where nobody carries it out whom the store could ask."""


class Announcements:
    """What readers of the run are sent before its first record, and what they then have already.

    An event stream has to begin with RUN_STARTED, so it comes early, and not once more. These
    records are in no log, and have the number `UNNUMBERED`.
    """

    def __init__(self, run: RunInfo, start: Cursor) -> None:
        self.run = run
        self._start = start
        self._begun = False

    def batch(self, place: Place) -> Batch:
        ids = {"threadId": self.run.thread_id, "runId": self.run.run_id}
        value = {"position": place.before + 1, "seconds": round(place.seconds, 3)}
        events: list[Event] = [{"type": "CUSTOM", "name": WAITING, "value": value}]
        if not self._begun:
            self._begun = True
            events.insert(0, {"type": "RUN_STARTED", **ids})
        records = [Record(UNNUMBERED, self.run.run_id, event) for event in events]
        return Batch(records, self._start)

    def rest(self, batch: Batch) -> Batch:
        """The first batch of the log, without what was sent."""
        first = batch.records[0].event["type"]
        if not self._begun or first != "RUN_STARTED":
            return batch
        return replace(batch, records=batch.records[1:])


async def announced(
    batches: AsyncGenerator[Batch, None],
    places: AsyncGenerator[Place, None],
    announcements: Announcements,
    *,
    shown: bool,
) -> AsyncGenerator[Batch, None]:
    """The batches; until the first of them comes, where the run stands, if that is `shown`. Raises
    JobLost where the store has lost the run before a worker took it. Close it (`aclosing`).
    """
    async with aclosing(batches), aclosing(places):
        first = asyncio.ensure_future(anext(batches))
        looking: asyncio.Future[Place] | None = asyncio.ensure_future(anext(places))
        try:
            while not first.done():
                waited = [task for task in (first, looking) if task is not None]
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                if looking is not None and looking.done() and not first.done():
                    place = looking.result()
                    looking = asyncio.ensure_future(anext(places))
                    if shown:
                        yield announcements.batch(place)
        finally:
            await _cancelled(first, looking)
        batch = announcements.rest(_first_of(first, announcements.run))
        if batch.records:
            yield batch
        del first, batch  # it may be a whole thread, and the wait for more long
        async for batch in batches:
            yield batch
            del batch


def _first_of(task: asyncio.Future[Batch], run: RunInfo) -> Batch:
    try:
        batch = task.result()
    except (Gone, ThreadNotFound):
        raise JobLost from None
    if batch.records[0].run_id != run.run_id:  # another one has its place in the log
        raise JobLost
    return batch


async def _cancelled(*tasks: asyncio.Future[Any] | None) -> None:
    """Nobody waits for them any more; what is done stays done."""
    under_way = [task for task in tasks if task is not None and not task.done()]
    for task in under_way:
        task.cancel()
    if under_way:
        await asyncio.wait(under_way)
    for each in tasks:
        if each is not None and not each.cancelled():
            each.exception()  # of the one that counts it is raised
