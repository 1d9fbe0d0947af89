"""How a thread's log is read: in parts, in turn with all others who read, then as it is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from agui_runtime.core.errors import Gone, OwnerLost, ThreadNotFound
from agui_runtime.core.events import TERMINAL, Cursor, Record, RunInfo
from agui_runtime.stores.base import Batch
from agui_runtime.stores.redis.codec import (
    archived,
    firsts_of,
    record_of,
    span_of,
    spans_of,
    unreadable,
)
from agui_runtime.stores.redis.recent_records import RecentRecords
from agui_runtime.stores.redis.script import Script
from agui_runtime.stores.redis.subscriber import Subscriber

PART = 256
"""So many records are read at a time."""

TURNS = 32
"""So many readers are given a part of a log at a time; the others wait in line, each for a part."""

VERIFY_AFTER = 5.0
"""Seconds without a look at a thread, after which it is seen whether its log is still there."""


class Reading:
    """The readers' side of `RunLog`."""

    def __init__(self, script: Script, subscriber: Subscriber) -> None:
        self._script = script
        self._subscriber = subscriber
        self._turns = asyncio.Semaphore(TURNS)

    async def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        with self._subscriber.tail(self._script.channel(thread_id), thread_id) as tail:
            position = after
            while True:
                seen = tail.changes
                batch = tail.since(position) if position else None
                if batch is None:
                    batch = await self._next(tail, position)
                position = batch.cursor
                if batch.records:
                    yield batch
                else:
                    await tail.changed(seen)

    async def end(self, thread_id: str) -> Cursor:
        how, *found = await self._script.step("end", thread_id)
        if how != b"ok":
            raise ThreadNotFound(thread_id)
        return _cursor(found)

    async def active(self, thread_id: str) -> RunInfo | None:
        how, *found = await self._script.step("inspect", thread_id)
        return None if how == b"idle" else span_of(found[-1]).run

    async def wait_idle(self, thread_id: str) -> None:
        with self._subscriber.tail(self._script.channel(thread_id), thread_id) as tail:
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
            batch = await self._read(thread_id, position)
            found += batch.records
            position = batch.cursor
        return [record for record in found if record.seq <= last]

    async def verify(self) -> None:
        """Have readers look into logs of which nothing was heard for a while, if these are gone,
        or have grown unheard.
        """
        now = asyncio.get_running_loop().time()
        due = [each for each in self._subscriber.others() if each.verified_at + VERIFY_AFTER <= now]
        for tail in due:
            tail.verified_at = now
        await asyncio.gather(*map(self._verify, due))

    async def _verify(self, tail: RecentRecords) -> None:
        seen, known = tail.changes, tail.end
        how, *found = await self._script.step("end", tail.thread_id)
        if tail.changes == seen and (how != b"ok" or _cursor(found) != known):
            tail.forget()

    async def _next(self, tail: RecentRecords, after: Cursor | None) -> Batch:
        channel = self._script.channel(tail.thread_id)
        writing = self._subscriber.is_writing(channel)
        try:
            async with tail.unless_failed(), self._turns:
                batch = await self._part(tail, after)
        except ThreadNotFound:
            # Only a thread that idles can be deleted; another run of its id may have begun since.
            if tail.orphaned or (writing and self._subscriber.is_writing(channel)):
                raise OwnerLost from None  # of a run of this process nothing is there any longer
            raise
        tail.reach(batch.cursor)
        return batch

    async def _part(self, tail: RecentRecords, after: Cursor | None) -> Batch:
        """What follows the cursor. In a crowd, whole parts are read once for all of it."""
        if tail.readers == 1:
            return await self._read(tail.thread_id, after)
        if after is None:
            return tail.part(None) or await self._shared(tail, None)
        start = Cursor(after.epoch, after.seq - after.seq % PART)
        try:
            part = tail.part(start) or await self._shared(tail, start)
        except Gone:  # the part's beginning is; the reader's place may be there
            return await self._read(tail.thread_id, after)
        place = next((n for n, each in enumerate(part.records) if each.seq > after.seq), None)
        if place is None or part.records[place].seq != after.seq + 1:
            return await self._read(tail.thread_id, after)
        return Batch(part.records[place:], part.cursor)

    async def _shared(self, tail: RecentRecords, start: Cursor | None) -> Batch:
        part = await self._read(tail.thread_id, start)
        if len(part.records) == PART:
            tail.share(start, part)
        return part

    async def _read(self, thread_id: str, after: Cursor | None) -> Batch:
        known, seq = ("", "") if after is None else (after.epoch, str(after.seq))
        how, *more = await self._script.step("read", thread_id, known, seq, PART)
        if how == b"unknown":
            raise ThreadNotFound(thread_id)
        if how == b"gone":
            raise Gone
        epoch, position, found = more
        if how == b"run":
            records = archived(found) or await self._lost_run(thread_id, int(position) + 1)
        else:
            records = [record_of(entry) for entry in found]
        latest = records[-1].seq if records else int(position)
        return Batch(records, Cursor(epoch.decode(), latest))

    async def _lost_run(self, thread_id: str, first: int) -> list[Record]:
        """One record in the place of all those of an archived run that cannot be read."""
        how, *found = await self._script.step("runs", thread_id)
        if how != b"ok":
            raise ThreadNotFound(thread_id)
        later = [each for each in firsts_of(found[0]) if each > first]
        last = later[0] - 1 if later else int(found[2])
        run = next((span.run.run_id for span in spans_of(found[0]) if span.first == first), "")
        return [Record(last, run, unreadable(run, last, "its archive is damaged"))]


def _cursor(found: list[bytes]) -> Cursor:
    epoch, seq = found
    return Cursor(epoch.decode(), int(seq))
