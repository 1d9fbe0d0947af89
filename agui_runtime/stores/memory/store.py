"""The three seams of a store over one table. Every step is synchronous, hence atomic."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from agui_runtime.core.errors import (
    Busy,
    Conflict,
    Gone,
    OwnerLost,
    StoreFailed,
    ThreadNotFound,
    TooLarge,
)
from agui_runtime.core.events import Cursor, Event, Record, RunInfo, ThreadInfo
from agui_runtime.core.jsontext import dumps
from agui_runtime.off_loop import off_loop
from agui_runtime.stores.base import (
    ALL_THREADS,
    AgentState,
    Batch,
    Lease,
    Page,
    RunEnd,
    StateKey,
    ThreadQuery,
)
from agui_runtime.stores.memory.counters import MemoryCounters
from agui_runtime.stores.memory.jobs import MemoryJobs
from agui_runtime.stores.memory.places import MemoryPlaces
from agui_runtime.stores.memory.records import SavedState, records_of, state_of
from agui_runtime.stores.memory.schedules import MemorySchedules
from agui_runtime.stores.memory.sealed_rows import MemorySealedRows
from agui_runtime.stores.memory.thread_table import MemoryLimits, StoredThread, ThreadTable
from agui_runtime.stores.shared.lost_run import error_event
from agui_runtime.stores.shared.pages import page_of, place_of, start_of

FEW = 64
"""No batch of more records is held for other readers."""


class MemoryStore:
    """A `Store` for one process and one event loop."""

    def __init__(
        self, limits: MemoryLimits | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        table = ThreadTable(limits or MemoryLimits(), clock)
        self.counters = MemoryCounters(clock)
        self.places = MemoryPlaces()
        self.schedules = MemorySchedules(clock)
        self.states = MemoryStateStore(table)
        self.threads = MemoryThreadIndex(table)
        self.log = MemoryRunLog(table)
        self.jobs = MemoryJobs(table)
        self.sealed = MemorySealedRows(clock)

    async def open(self) -> None:
        """Nothing to connect to."""

    async def check(self) -> None:
        """It always answers."""

    async def close(self) -> None:
        """Runs that wait are not ended any more."""
        self.jobs.close()


class MemoryRunLog:
    """`RunLog` over lists; every step is synchronous, hence atomic in one event loop."""

    def __init__(self, table: ThreadTable) -> None:
        self._table = table

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        return self._table.claim(run, on_stop)

    def keep(self, lease: Lease, on_lost: Callable[[], None]) -> AbstractContextManager[None]:
        return _Keeping(self._table, self._held(lease), lease)

    async def append(self, lease: Lease, events: Sequence[Event]) -> None:
        thread = self._held(lease)
        self._table.write(thread, events)
        if self._table.is_full:
            self._table.make_room(thread)

    async def release(self, lease: Lease, end: RunEnd) -> None:
        """To its end also where the caller is cancelled while a long state is made ready."""
        thread = self._held(lease)
        if end.state is not None and thread.is_much_new(lease.run.agent, end.state):
            await asyncio.shield(asyncio.create_task(self._release_long(thread, lease, end)))
        else:
            self._table.free(thread, lease, end, _next_state(thread, lease, end))

    async def _release_long(self, thread: StoredThread, lease: Lease, end: RunEnd) -> None:
        made = await off_loop(_next_state, thread, lease, end)
        self._table.free(self._held(lease), lease, end, made)

    async def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        thread = self._table.find(thread_id)
        position = self._position(thread, after)
        loop, waiter = asyncio.get_running_loop(), None
        thread.readers += 1
        try:
            while True:
                if position < thread.dropped:
                    raise Gone
                last = thread.last
                if position < last:
                    batch = thread.shared
                    if batch is None or not batch.spans(position, last):
                        batch = self._at_hand(thread, position, last)
                        batch = batch or await self._read(thread, position)
                    position = batch.cursor.seq
                    yield batch
                    del batch  # it may be a whole thread, and the wait for more long
                elif thread.deleted:  # whoever read it already gets the end of it
                    raise ThreadNotFound(thread_id)
                else:
                    waiter = thread.waiters.waiter(loop)
                    await waiter
        finally:
            thread.readers -= 1
            if waiter is not None:
                thread.waiters.forget(waiter)

    def _at_hand(self, thread: StoredThread, position: int, last: int) -> Batch | None:
        """What follows the position, if nothing of it has to be parsed."""
        deltas = thread.deltas(position)
        return self._share(thread, deltas, last, 0) if deltas else None

    async def _read(self, thread: StoredThread, position: int) -> Batch:
        parts = thread.ready(position)
        records = await records_of(parts)
        return self._share(thread, records, records[-1].seq, sum([part.text for part in parts]))

    def _share(
        self, thread: StoredThread, records: Sequence[Record], last: int, text: int
    ) -> Batch:
        batch = Batch(records, Cursor(self._table.epoch, last), text)
        thread.shared = batch if thread.readers > 1 and len(records) <= FEW else None
        return batch

    async def end(self, thread_id: str) -> Cursor:
        return Cursor(self._table.epoch, self._table.find(thread_id).last)

    async def active(self, thread_id: str) -> RunInfo | None:
        thread = self._table.threads.get(thread_id)
        return thread.lease.run if thread and thread.lease else None

    async def ask_stop(self, thread_id: str, run_id: str | None = None) -> bool:
        thread = self._table.threads.get(thread_id)
        live = thread.lease.run.run_id if thread and thread.lease else None
        if thread is None or live is None or run_id not in (None, live):
            return False
        if thread.on_stop is not None:
            on_stop, thread.on_stop = thread.on_stop, None
            on_stop()
        return True

    async def wait_idle(self, thread_id: str) -> None:
        thread, loop = self._table.threads.get(thread_id), asyncio.get_running_loop()
        while thread is not None and thread.lease is not None:
            await thread.waiters.news(loop)

    def _held(self, lease: Lease) -> StoredThread:
        thread = self._table.threads.get(lease.run.thread_id)
        if thread is None or (thread.lease is not lease and not thread.is_held_by(lease)):
            raise OwnerLost
        return thread

    def _position(self, thread: StoredThread, after: Cursor | None) -> int:
        if after is None:
            return thread.dropped
        if after.epoch != self._table.epoch or not thread.dropped <= after.seq <= thread.last:
            raise Gone
        return after.seq


class _Keeping(AbstractContextManager[None]):
    """See `RunLog.keep`; no generator, which would be held for as long as the run lasts."""

    __slots__ = ("_lease", "_table", "_thread")

    def __init__(self, table: ThreadTable, thread: StoredThread, lease: Lease) -> None:
        self._table = table
        self._thread = thread
        self._lease = lease

    def __exit__(self, *_: object) -> None:
        if self._thread.is_held_by(self._lease):  # its end could not be written
            end = RunEnd([error_event(StoreFailed())], "failed", self._table.clock())
            self._table.free(self._thread, self._lease, end)


class MemoryStateStore:
    """`StateStore` kept beside the logs of the threads."""

    def __init__(self, table: ThreadTable) -> None:
        self._table = table

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        thread = self._table.threads.get(thread_id)
        saved = thread.states.get(agent) if thread else None
        return await state_of(saved) if saved else None

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        thread = self._table.find(thread_id)
        version = thread.version(agent)
        if expected_version is not None and expected_version != version:
            raise Conflict(version)
        size, most = len(dumps([saved.state, list(saved.messages)])), self._table.limits.state_bytes
        if size > most:
            raise TooLarge(f"the state has {size} bytes; at most {most}")
        made = thread.next_state(agent, saved, self._table.clock())
        self._table.save(thread, agent, made)
        self._table.drop_idle(thread)
        return made.version

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        thread = self._table.threads.get(thread_id)
        if thread is not None:
            for name in [agent] if agent else list(thread.states):
                self._table.unsave(thread, name)

    async def keys(self, thread_id: str | None = None) -> AsyncGenerator[StateKey, None]:
        self._table.expire()
        for thread in list(self._table.threads.values()):
            if thread_id in (None, thread.info.thread_id):
                for agent in list(thread.states):
                    yield StateKey(thread.info.thread_id, agent)


class MemoryThreadIndex:
    """`ThreadIndex` by walking the threads; a memory store holds a thousand or so."""

    def __init__(self, table: ThreadTable) -> None:
        self._table = table

    async def get(self, thread_id: str) -> ThreadInfo | None:
        thread = self._table.threads.get(thread_id)
        return thread.info if thread else None

    async def obtain(self, thread_id: str, owner: str, agent: str) -> ThreadInfo:
        thread = self._table.obtain(thread_id, owner, agent)
        self._table.make_room(thread)
        return thread.info

    async def ids(self) -> AsyncGenerator[str, None]:
        self._table.expire()
        for thread_id in list(self._table.threads):
            yield thread_id

    async def list(self, owner: str, query: ThreadQuery = ALL_THREADS) -> Page:
        before = start_of(query)
        found = [
            thread.info
            for thread in self._table.threads.values()
            if thread.info.owner == owner
            and query.matches(thread.info)
            and place_of(thread.info) < before
        ]
        found.sort(key=place_of, reverse=True)
        return page_of(found, query.limit)

    async def update(
        self, thread_id: str, *, name: str | None = None, archived: bool | None = None
    ) -> ThreadInfo:
        thread = self._table.find(thread_id)
        info = thread.info
        thread.info = replace(
            info,
            name=info.name if name is None else name,
            archived=info.archived if archived is None else archived,
        )
        return thread.info

    async def delete(self, thread_id: str) -> None:
        thread = self._table.find(thread_id)
        if thread.lease is not None:
            raise Busy(thread_id, thread.lease.run.run_id)
        self._table.drop(thread)

    async def runs(self, thread_id: str) -> Sequence[RunInfo]:
        return [span.run for span in self._table.find(thread_id).spans]

    async def runs_of(self, thread_ids: Sequence[str]) -> Mapping[str, Sequence[RunInfo]]:
        self._table.expire()
        threads = self._table.threads
        known = [each for each in thread_ids if each in threads]
        return {each: [span.run for span in threads[each].spans] for each in known}


def _next_state(thread: StoredThread, lease: Lease, end: RunEnd) -> SavedState | None:
    if end.state is None:
        return None
    return thread.next_state(lease.run.agent, end.state, end.ended_at)
