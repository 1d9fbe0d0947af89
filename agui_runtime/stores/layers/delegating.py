"""A store over another one, and a log over another one: what they do not change passes through."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Cursor, Event, RunInfo
from agui_runtime.stores.base import (
    Batch,
    Lease,
    RunEnd,
    RunLog,
    StateStore,
    Store,
    ThreadIndex,
)
from agui_runtime.stores.jobs import Jobs, Queueing
from agui_runtime.stores.schedules import Schedules, Scheduling
from agui_runtime.stores.sealed_rows import SealedRows, Sealing


@dataclass(frozen=True, eq=False)
class DelegatingStore:
    """A `Store` with these seams that opens and closes with the store below."""

    below: Store
    log: RunLog
    states: StateStore
    threads: ThreadIndex

    async def open(self) -> None:
        await self.below.open()

    async def check(self) -> None:
        await self.below.check()

    async def close(self) -> None:
        await self.below.close()


def undelegated(store: Store) -> Store:
    """The store below all others."""
    while isinstance(store, DelegatingStore):
        store = store.below
    return store


def jobs_of(store: Store) -> Jobs:
    """The runs that wait in the store; raises Misconfigured for one in which none can."""
    below = undelegated(store)
    if not isinstance(below, Queueing):
        kind = type(below).__name__
        raise Misconfigured(f"{kind}: no run can wait for a worker in it; take another store")
    return below.jobs


def sealed_rows_of(store: Store) -> SealedRows:
    """The sealed rows in the store; raises Misconfigured for one that can have none."""
    below = undelegated(store)
    if not isinstance(below, Sealing):
        kind = type(below).__name__
        raise Misconfigured(f"{kind}: nothing can be remembered in it; take another store")
    return below.sealed


def schedules_of(store: Store) -> Schedules | None:
    """The schedules in the store; None for one that can have none."""
    below = undelegated(store)
    return below.schedules if isinstance(below, Scheduling) else None


class DelegatingLog:
    """A `RunLog` that does what the log below does."""

    def __init__(self, below: RunLog) -> None:
        self._below = below

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        return await self._below.claim(run, on_stop)

    def keep(self, lease: Lease, on_lost: Callable[[], None]) -> AbstractContextManager[None]:
        return self._below.keep(lease, on_lost)

    def append(self, lease: Lease, events: Sequence[Event]) -> Awaitable[None]:
        return self._below.append(lease, events)  # as it is: this is done for every token

    async def release(self, lease: Lease, end: RunEnd) -> None:
        await self._below.release(lease, end)

    def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        return self._below.follow(thread_id, after)

    async def end(self, thread_id: str) -> Cursor:
        return await self._below.end(thread_id)

    async def active(self, thread_id: str) -> RunInfo | None:
        return await self._below.active(thread_id)

    async def ask_stop(self, thread_id: str, run_id: str | None = None) -> bool:
        return await self._below.ask_stop(thread_id, run_id)

    async def wait_idle(self, thread_id: str) -> None:
        await self._below.wait_idle(thread_id)
