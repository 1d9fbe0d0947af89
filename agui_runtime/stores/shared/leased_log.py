"""The part of `RunLog` that is the same in all stores that any number of processes write."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from agui_runtime.core.errors import (
    AguiError,
    EndNotStored,
    Gone,
    OwnerLost,
    StateUnreadable,
    StoreFailed,
    StoreFull,
    TooLarge,
)
from agui_runtime.core.events import Cursor, Event, Record, RunInfo
from agui_runtime.core.queueing import QUEUED, QueueTimeout
from agui_runtime.stores.base import AgentState, Batch, Lease, RunEnd, StateStore
from agui_runtime.stores.shared.leases import Held, HeldLeases
from agui_runtime.stores.shared.lost_run import error_event, lost_end
from agui_runtime.stores.shared.reading import LogReader
from agui_runtime.stores.shared.verdicts import NOT_STORED, Settle, Verdict
from agui_runtime.stores.shared.whole_writes import WholeWrites

logger = logging.getLogger(__name__)

UNSTORED = 1000
"""So many of the latest runs whose end was not stored are remembered."""


class LogParts(NamedTuple):
    """What every leased log works with; `now` is the time at which a lost run ends."""

    leases: HeldLeases
    reader: LogReader
    states: StateStore
    now: Callable[[], float]


class LeasedLog(ABC):
    """Writers hold leases, readers hold cursors. A backend adds how it claims and writes.

    `most_bytes` is the size that a run's log may have.
    """

    def __init__(self, parts: LogParts, most_bytes: int) -> None:
        self._leases, self._reader, self._states, self._now = parts
        self._most_bytes = most_bytes
        self._writes = WholeWrites()
        self._unstored: dict[tuple[str, int], EndNotStored] = {}
        """By thread and token: how runs ended here of which the store has not taken the end yet."""

    def keep(self, lease: Lease, on_lost: Callable[[], None]) -> AbstractContextManager[None]:
        return self._leases.keep(lease, on_lost)

    def append(self, lease: Lease, events: Sequence[Event]) -> Awaitable[None]:
        """See `RunLog`. Where nothing is being written of the run, the write begins at once, and
        takes no task: this is done for every token.
        """
        held = self._leases.find(lease)
        if held is None or not events or not held.turn.take():
            return self._writes.carry_out(self._append_in_turn(lease, events))
        return self._begun(lease, held, events)

    async def release(self, lease: Lease, end: RunEnd) -> None:
        await self._writes.carry_out(self._release(lease, end))

    def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        return self._reader.follow(thread_id, after)

    async def end(self, thread_id: str) -> Cursor:
        return await self._reader.end(thread_id)

    async def active(self, thread_id: str) -> RunInfo | None:
        return await self._reader.active(thread_id)

    async def wait_idle(self, thread_id: str) -> None:
        await self._reader.wait_idle(thread_id)

    async def _append_in_turn(self, lease: Lease, events: Sequence[Event]) -> None:
        if events:
            held = self._leases.of(lease)
            await held.turn.wait()
            await self._begun(lease, held, events)

    def _begun(self, lease: Lease, held: Held, events: Sequence[Event]) -> asyncio.Future[None]:
        """What comes of a write for which the turn was taken."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        settle = partial(self._stored, lease.run, held, events, waiter)
        try:
            if held.lost:
                raise OwnerLost
            self._store(lease, held, events, settle)
        except Exception as error:  # noqa: BLE001  # a foreign SDK; raised to whoever waits
            held.turn.release()
            waiter.set_exception(error)
        else:
            held.broken = True  # until it is known that it is not
        return waiter

    def _stored(
        self,
        run: RunInfo,
        held: Held,
        events: Sequence[Event],
        waiter: asyncio.Future[None],
        outcome: Verdict | Exception,
    ) -> None:
        """Called before the writer goes on, and also where it has been cancelled."""
        held.turn.release()
        failure = outcome if isinstance(outcome, Exception) else self._failure_of(outcome)
        if outcome in NOT_STORED:
            self._leases.refused(run)
        elif isinstance(outcome, Exception):
            held.full = isinstance(outcome, StoreFull)
            held.broken = not held.full
        else:
            held.broken = held.full = False
            self._leases.written(run, held, events)
        if waiter.done():
            return
        if failure is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(failure)

    def _failure_of(self, verdict: Verdict) -> AguiError | None:
        if verdict in NOT_STORED:
            return OwnerLost()
        if verdict == "too_large":
            return TooLarge(f"the run's log exceeds {self._most_bytes} bytes")
        return None

    async def _release(self, lease: Lease, end: RunEnd) -> None:
        held = self._leases.of(lease)
        async with held.turn:
            held.ending = True
            if held.broken:
                ended = await self._given_up(lease, end.events[-1])
            else:
                ended = await self._written(lease, held, end)
        if not ended:
            self._leases.lose(lease)
            raise OwnerLost
        self._leases.remove(lease)

    async def _written(self, lease: Lease, held: Held, end: RunEnd) -> bool:
        try:
            return await self._write_end(lease, held, end)
        except StoreFailed:
            held.broken = True  # what was written of it is not known; another end may follow
            raise
        except AguiError as failure:  # nobody can store an end now
            self._leave(lease, failure)
            raise
        except Exception:  # a foreign SDK: the store's client
            held.broken = True
            raise

    async def _given_up(self, lease: Lease, terminal: Event) -> bool:
        """End the run from what is stored of it, as if this process were gone; whether it ends with
        the terminal event that it was to have.
        """
        failure = terminal if terminal["type"] == "RUN_ERROR" else None
        try:
            await self._lapse(lease)
            return await self.end_lost_run(lease.run.thread_id, failure) and failure is not None
        except AguiError as error:
            self._leave(lease, error)
            raise
        except Exception:  # a foreign SDK: the store's client
            self._leave(lease, StoreFailed())
            raise

    def _leave(self, lease: Lease, failure: AguiError) -> None:
        """Readers here are given the failure. So is the log, if it is this process that can end the
        run later.
        """
        error = EndNotStored(failure)
        self._unstored[lease.run.thread_id, lease.token] = error
        if len(self._unstored) > UNSTORED:
            del self._unstored[next(iter(self._unstored))]
        self._leases.lose(lease, error)

    async def _end_lost(self, lease: Lease, held: Held, failure: Event | None) -> bool:
        """End a run from its records; where its state is refused, without that."""
        run, key = lease.run, (lease.run.thread_id, lease.token)
        unstored: AguiError | None = self._unstored.get(key)
        if run.status == QUEUED:  # whose events nobody has begun to write
            unstored = unstored or QueueTimeout()
        failure = failure or (error_event(unstored) if unstored else None)
        events = [record.event for record in await self._records(run, held, lease.start.seq + 1)]
        end = lost_end(run, events, await self._saved_state(run), self._now(), failure)
        try:
            ended = await self._write_end(lease, held, end, lost=True)
        except StoreFailed:
            logger.warning("run %s of thread %s ends without its state", run.run_id, run.thread_id)
            bare = replace(end, state=None, message_ids=frozenset())
            ended = await self._write_end(lease, held, bare, lost=True)
        self._unstored.pop(key, None)
        if ended:
            why = failure["code"] if failure else "its process is gone"
            logger.error("ended run %s of thread %s: %s", run.run_id, run.thread_id, why)
        return ended

    async def _saved_state(self, run: RunInfo) -> AgentState | None:
        try:
            return await self._states.load(run.thread_id, run.agent)
        except (StateUnreadable, StoreFailed):
            return None  # what the run stored replaces it

    async def _records(self, run: RunInfo, held: Held, first: int) -> list[Record]:
        try:
            return await self._reader.records(run.thread_id, held.epoch, first, held.seq)
        except Gone:
            logger.error("the records of run %s are gone from the store", run.run_id)
            return []

    @abstractmethod
    async def end_lost_run(self, thread_id: str, failure: Event | None = None) -> bool:
        """End the thread's run if its lease has lapsed; somebody else may do so at the moment.
        `failure` is the RUN_ERROR that says why, if that is known. Returns whether it was ended.

        Nothing is done if the run writes meanwhile: its process lives, and is late.
        """

    @abstractmethod
    def _store(self, lease: Lease, held: Held, events: Sequence[Event], settle: Settle) -> None:
        """Begin to store the events behind `held.seq`, if the lease still stands. `settle` is
        called in the event loop, later and once; not where this raises.
        """

    @abstractmethod
    async def _lapse(self, lease: Lease) -> None:
        """Let the lease lapse now."""

    @abstractmethod
    async def _write_end(
        self, lease: Lease, held: Held, end: RunEnd, *, lost: bool = False
    ) -> bool:
        """Write the run's end, if the lease still stands, and say whether that is so."""
