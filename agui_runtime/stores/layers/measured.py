"""A store whose steps, readers and failures are measured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from functools import partial
from time import perf_counter

from agui_runtime.core.errors import AguiError, OwnerLost, StoreUnavailable
from agui_runtime.core.events import Cursor, Event, RunInfo
from agui_runtime.core.observation import present_wire
from agui_runtime.hooks.store_meter import StoreMeter
from agui_runtime.stores.base import (
    AgentState,
    Batch,
    Grouping,
    Lease,
    RunEnd,
    RunLog,
    StateKey,
    StateStore,
    Store,
)
from agui_runtime.stores.layers.delegating import DelegatingLog, DelegatingStore, undelegated


class MeasuredStore(DelegatingStore):
    """A `Store` over another one."""

    def __init__(self, store: Store, meter: StoreMeter) -> None:
        log, states = MeasuredLog(store.log, meter), MeasuredStates(store.states, meter)
        super().__init__(store, log, states, store.threads)
        below = undelegated(store)
        if isinstance(below, Grouping):
            below.watch_commits(meter.committed)


class MeasuredLog(DelegatingLog):
    """`RunLog` that measures what this process does with it."""

    def __init__(self, log: RunLog, meter: StoreMeter) -> None:
        super().__init__(log)
        self._meter = meter
        self._ends: dict[str, int] = {}
        """How far the live runs of this process have come, by their threads."""

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        with _measured(self._meter, "claim"):
            lease = await super().claim(run, on_stop)
        if lease.fresh:
            self._ends[run.thread_id] = lease.start.seq
        return lease

    @contextmanager
    def keep(self, lease: Lease, on_lost: Callable[[], None]) -> Iterator[None]:
        """A loss is counted once, whether a renewal finds it or a write does."""
        counted = False

        def count() -> None:
            nonlocal counted
            if not counted:
                self._meter.lease_lost()
            counted = True

        def lost() -> None:
            count()
            on_lost()

        self._ends.setdefault(lease.run.thread_id, lease.start.seq)  # where it was adopted
        try:
            with super().keep(lease, lost):
                yield
        except OwnerLost:
            count()
            raise

    def append(self, lease: Lease, events: Sequence[Event]) -> Awaitable[None]:
        if lease.renew_every is None:  # the log is a list in this process
            return self._append(lease, events)
        appending = asyncio.ensure_future(self._below.append(lease, events))
        appending.add_done_callback(partial(self._appended, lease, len(events), perf_counter()))
        return appending

    async def _append(self, lease: Lease, events: Sequence[Event]) -> None:
        try:
            await self._below.append(lease, events)
        except Exception as error:  # a foreign SDK: whatever a store raises is counted
            _note(self._meter, error)
            raise
        self._count(lease, len(events))

    def _appended(
        self, lease: Lease, events: int, started: float, appending: asyncio.Future[None]
    ) -> None:
        if appending.cancelled():
            return
        error = appending.exception()
        if isinstance(error, Exception):
            _note(self._meter, error)
        else:
            self._count(lease, events)
            self._meter.step_took("append", perf_counter() - started)

    def _count(self, lease: Lease, events: int) -> None:
        self._ends[lease.run.thread_id] += events
        self._meter.events_stored(events)

    async def release(self, lease: Lease, end: RunEnd) -> None:
        self._ends.pop(lease.run.thread_id, None)  # now: later it may be the next run's
        with _measured(self._meter, "release"):
            await super().release(lease, end)
        self._meter.events_stored(len(end.events))

    async def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        reader = Reader(thread_id, self._ends)
        with self._meter.reading(reader):
            async with aclosing(super().follow(thread_id, after)) as batches:
                async for batch in batches:
                    reader.at = batch.cursor.seq
                    yield batch
                    del batch  # nothing is held in silence

    async def wait_idle(self, thread_id: str) -> None:
        with self._meter.waiting():
            await super().wait_idle(thread_id)


class Reader:
    """One `follow`, and how far it has come."""

    __slots__ = ("_ends", "_thread_id", "at", "wire")

    def __init__(self, thread_id: str, ends: Mapping[str, int]) -> None:
        self.wire = present_wire()
        self.at: int | None = None
        self._thread_id = thread_id
        self._ends = ends

    @property
    def behind(self) -> int:
        end = self._ends.get(self._thread_id)
        return 0 if end is None or self.at is None else max(0, end - self.at)


class MeasuredStates:
    """`StateStore` that measures what this process does with it."""

    def __init__(self, below: StateStore, meter: StoreMeter) -> None:
        self._below = below
        self._meter = meter

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        with _measured(self._meter, "load"):
            return await self._below.load(thread_id, agent)

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        with _measured(self._meter, "save"):
            return await self._below.save(thread_id, agent, saved, expected_version)

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        await self._below.delete(thread_id, agent)

    def keys(self, thread_id: str | None = None) -> AsyncGenerator[StateKey, None]:
        return self._below.keys(thread_id)


@contextmanager
def _measured(meter: StoreMeter, step: str) -> Iterator[None]:
    started = perf_counter()
    try:
        yield
    except Exception as error:  # a foreign SDK: whatever a store raises is counted
        _note(meter, error)
        raise
    finally:
        meter.step_took(step, perf_counter() - started)


def _note(meter: StoreMeter, error: Exception) -> None:
    """A thread that is taken or unknown is no failure of its store."""
    if not isinstance(error, AguiError) or isinstance(error, StoreUnavailable):
        meter.store_failed(error)
