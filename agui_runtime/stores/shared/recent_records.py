"""What a thread's readers in one process share: its latest records, and the parts of its log that
they read while there is a crowd of them. No I/O.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import Cursor, Event, Record
from agui_runtime.stores.base import Batch
from agui_runtime.stores.shared.waiters import Waiters

WINDOW = 256
"""So many of a thread's latest records are at hand for its readers at least; twice as many at most.
"""

PARTS = 16
"""So many parts of its log at most, for readers of different places."""


class RecentRecords:
    """The latest records of one thread, heard as long as it has readers, or is written here."""

    def __init__(self, thread_id: str) -> None:
        self._loop = asyncio.get_running_loop()
        self.thread_id = thread_id
        self.changes = 0
        self.readers = 0
        self.orphaned = False
        self.end = Cursor("", 0)
        self.verified_at = self._loop.time()
        self._records: list[Record] = []
        self._known_end: Cursor | None = None
        """How far the records reach, or would if there were any; None if nobody knows."""
        self._shared: Batch | None = None
        self._parts: OrderedDict[Cursor | None, Batch] = OrderedDict()
        self._waiters = Waiters()
        self._reading: set[asyncio.Timeout] = set()
        self._failure: AguiError | None = None

    @property
    def latest(self) -> Record | None:
        """The newest record, if it was heard."""
        return self._records[-1] if self._records else None

    def ends_at(self, place: Cursor) -> bool:
        """Whether that is the latest place, as far as is known."""
        return place == self._known_end and place.epoch == self.end.epoch

    def since(self, after: Cursor) -> Batch | None:
        """The records after the cursor, none if it is the latest; None where only the log knows.

        Readers who wait at the same place are given the same batch.
        """
        end = self._known_end
        if end is None or not after.epoch == end.epoch == self.end.epoch:
            return None
        place = len(self._records) - (end.seq - after.seq)
        if not 0 <= place <= len(self._records):
            return None
        if place == len(self._records):
            return Batch((), end)
        shared = self._shared
        if shared is None or shared.cursor != end or shared.records[0].seq != after.seq + 1:
            shared = self._shared = Batch(self._records[place:], end)
        return shared

    def begin(self, start: Cursor) -> None:
        """The log ends there, and all that follows will be heard."""
        if self._known_end != start:
            self._records, self._known_end = [], start
        self.reach(start)

    def add(self, epoch: str, first: int, run_id: str, events: Sequence[Event]) -> None:
        """Records that were stored; what was heard before is ignored."""
        if self.knows(epoch, first + len(events) - 1):
            return
        if self._known_end != (epoch, first - 1):
            self._records = []
        elif len(self._records) >= 2 * WINDOW:
            del self._records[:-WINDOW]
        self._records += [Record(seq, run_id, event) for seq, event in enumerate(events, first)]
        self._known_end = Cursor(epoch, first + len(events) - 1)
        self.reach(self._known_end)
        self._failure = None
        self._wake()

    def knows(self, epoch: str, last: int) -> bool:
        """Whether that record was heard, or a later one."""
        known = self._known_end
        return known is not None and epoch == known.epoch and last <= known.seq

    def reach(self, end: Cursor) -> None:
        """The log reaches that far at least, as somebody read or heard."""
        if end.epoch != self.end.epoch or end.seq > self.end.seq:
            self.end = end

    def part(self, start: Cursor | None) -> Batch | None:
        """A whole part of the log, if somebody read it while there was a crowd; None: the first."""
        return self._parts.get(start)

    def share(self, start: Cursor | None, part: Batch) -> None:
        """Others may want it: records are numbered once and for all."""
        if self.readers > 1:
            self._parts[start] = part
            if len(self._parts) > PARTS:
                self._parts.popitem(last=False)

    def forget(self) -> None:
        """Something may have been missed: every reader looks into the log."""
        self._records, self._known_end = [], None
        self._parts.clear()
        self._wake()

    def orphan(self) -> None:
        """The thread's run was carried out here, and is no longer: only the log knows what comes
        of it, if there still is one.
        """
        self.orphaned = True
        self.forget()

    def fail(self, failure: AguiError) -> None:
        """Nothing can be known for now: its readers are given the failure, until more is heard."""
        self._failure = failure
        for reading in self._reading:
            reading.reschedule(self._loop.time())
        self._wake()

    @asynccontextmanager
    async def unless_failed(self) -> AsyncIterator[None]:
        """Raises the failure as soon as there is one."""
        reading = asyncio.timeout(None)
        try:
            async with reading:
                self._reading.add(reading)
                yield
        except TimeoutError:
            if self._failure is None or not reading.expired():
                raise
            raise self._failure from None
        finally:
            self._reading.discard(reading)

    async def changed(self, seen: int) -> None:
        """Return when `changes` is no longer what it was; raises the failure if there is one."""
        if self.changes == seen:
            await self._waiters.news(self._loop)
        if self._failure is not None:
            raise self._failure

    def _wake(self) -> None:
        self.changes += 1
        self._waiters.wake()
