"""How a thread's log is read: in parts, in turn with all others who read, then from its tail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol

from agui_runtime.core.errors import Gone, OwnerLost, ThreadNotFound
from agui_runtime.core.events import TERMINAL, Cursor, Record, RunInfo
from agui_runtime.stores.base import Batch
from agui_runtime.stores.shared.recent_records import RecentRecords
from agui_runtime.stores.shared.tails import Tails

PART = 256
"""So many records are read at a time."""

TURNS = 32
"""So many readers are given a part of a log at a time; the others wait in line, each for a part."""

VERIFY_AFTER = 5.0
"""Seconds without a look at a thread, after which it is seen whether its log is still there."""


class LogSource(Protocol):
    """What a store answers to one look at a thread's log."""

    async def read(self, thread_id: str, after: Cursor | None) -> Batch:
        """What follows the cursor (None: the first records), at most `PART` records or one
        compacted run; no records at the end. Raises Gone and ThreadNotFound.
        """

    async def end(self, thread_id: str) -> Cursor:
        """See `RunLog.end`."""

    async def active(self, thread_id: str) -> RunInfo | None:
        """See `RunLog.active`."""


class LogReader:
    """The readers' side of `RunLog`."""

    def __init__(self, source: LogSource, tails: Tails) -> None:
        self._source = source
        self._tails = tails
        self._turns = asyncio.Semaphore(TURNS)

    async def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        with self._tails.reading(thread_id) as tail:
            position = after
            while True:
                seen = tail.changes
                if position and tail.ends_at(position):
                    await tail.changed(seen)
                    continue
                batch = tail.since(position) if position else None
                if batch is None:
                    batch = await self._next(tail, position)
                position = batch.cursor
                if batch.records:
                    yield batch
                    del batch  # it may be a whole part, and the wait for more long
                else:
                    await tail.changed(seen)

    async def end(self, thread_id: str) -> Cursor:
        return await self._source.end(thread_id)

    async def active(self, thread_id: str) -> RunInfo | None:
        return await self._source.active(thread_id)

    async def wait_idle(self, thread_id: str) -> None:
        with self._tails.reading(thread_id) as tail:
            while True:
                seen = tail.changes
                latest = tail.latest
                runs_on = latest is not None and latest.event["type"] not in TERMINAL
                if not runs_on and await self.active(thread_id) is None:
                    return
                await tail.changed(seen)

    async def records(self, thread_id: str, epoch: str, first: int, last: int) -> list[Record]:
        """These records; raises Gone if they are no longer there."""
        found: list[Record] = []
        position = Cursor(epoch, first - 1)
        while position.seq < last:
            batch = await self._source.read(thread_id, position)
            found += batch.records
            position = batch.cursor
        return [record for record in found if record.seq <= last]

    async def verify(self) -> None:
        """Have readers look into logs of which there was no news for a while, if these are gone,
        or have grown meanwhile.
        """
        now = asyncio.get_running_loop().time()
        due = [each for each in self._tails.others() if each.verified_at + VERIFY_AFTER <= now]
        for tail in due:
            tail.verified_at = now
        await asyncio.gather(*map(self._verify, due))

    async def _verify(self, tail: RecentRecords) -> None:
        seen, known = tail.changes, tail.end
        try:
            same = await self._source.end(tail.thread_id) == known
        except ThreadNotFound:
            same = False
        if tail.changes == seen and not same:
            tail.forget()

    async def _next(self, tail: RecentRecords, after: Cursor | None) -> Batch:
        writing = self._tails.is_writing(tail.thread_id)
        try:
            async with tail.unless_failed(), self._turns:
                batch = await self._part(tail, after)
        except ThreadNotFound:
            # Only a thread that idles can be deleted; another run of its id may have begun since.
            if tail.orphaned or (writing and self._tails.is_writing(tail.thread_id)):
                raise OwnerLost from None  # of a run of this process nothing is there any longer
            raise
        tail.reach(batch.cursor)
        return batch

    async def _part(self, tail: RecentRecords, after: Cursor | None) -> Batch:
        """What follows the cursor. In a crowd, whole parts are read once for all of it."""
        if tail.readers == 1:
            return await self._source.read(tail.thread_id, after)
        if after is None:
            return tail.part(None) or await self._shared(tail, None)
        start = Cursor(after.epoch, after.seq - after.seq % PART)
        try:
            part = tail.part(start) or await self._shared(tail, start)
        except Gone:  # the part's beginning is; the reader's place may be there
            return await self._source.read(tail.thread_id, after)
        place = next((n for n, each in enumerate(part.records) if each.seq > after.seq), None)
        if place is None or part.records[place].seq != after.seq + 1:
            return await self._source.read(tail.thread_id, after)
        return Batch(part.records[place:], part.cursor)

    async def _shared(self, tail: RecentRecords, start: Cursor | None) -> Batch:
        part = await self._source.read(tail.thread_id, start)
        if len(part.records) == PART:
            tail.share(start, part)
        return part
