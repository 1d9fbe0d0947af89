"""An SQL store: puts its parts together over a backend, and opens and closes them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.shared.janitor import Janitor
from agui_runtime.stores.shared.leased_log import LogParts
from agui_runtime.stores.shared.leases import HeldLeases
from agui_runtime.stores.shared.reading import LogReader
from agui_runtime.stores.shared.renewal import LeaseRenewal
from agui_runtime.stores.shared.tails import Tails
from agui_runtime.stores.sql import reads, writes
from agui_runtime.stores.sql.administration import Administration
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.counters import SqlCounters
from agui_runtime.stores.sql.jobs import SqlJobs
from agui_runtime.stores.sql.log import SqlRunLog
from agui_runtime.stores.sql.places import SqlPlaces
from agui_runtime.stores.sql.rebuilding import Rebuilding
from agui_runtime.stores.sql.retention import Retention
from agui_runtime.stores.sql.schedules import SqlSchedules
from agui_runtime.stores.sql.sealed_rows import SqlSealedRows
from agui_runtime.stores.sql.source import SqlLogSource
from agui_runtime.stores.sql.states import SqlStateStore
from agui_runtime.stores.sql.threads import SqlThreadIndex
from agui_runtime.stores.sql.upkeep import SqlUpkeep

logger = logging.getLogger(__name__)


class SqlStore:
    """A `Store` for any number of processes over one database."""

    administration: Administration

    def __init__(self, backend: Backend, retention: Retention) -> None:
        self.backend = backend
        self.limits = limits = retention.limits
        self._tails = Tails()
        self._renewal = LeaseRenewal(backend.renewer(limits.lease), limits.lease, limits.hung)
        self._leases = HeldLeases(self._tails, self._renewal)
        self._reader = reader = LogReader(SqlLogSource(backend), self._tails)
        self.counters = SqlCounters(backend)
        self.places = SqlPlaces(backend)
        self.schedules = SqlSchedules(backend)
        self.sealed = SqlSealedRows(backend)
        self.states = SqlStateStore(backend, retention)
        self.threads = SqlThreadIndex(backend, self._tails, retention)
        parts = LogParts(self._leases, reader, self.states, retention.now)
        self.log = SqlRunLog(parts, backend, retention)
        self.jobs = SqlJobs(backend, self.log, self._leases, retention)
        self.upkeep = SqlUpkeep(backend, self.log, reader, retention)
        self.janitor = Janitor(self.upkeep)
        self._watching: asyncio.Task[None] | None = None
        self._verifying: asyncio.Task[None] | None = None

    async def open(self) -> None:
        if self._watching is None:
            await self.backend.open(self)
            self._renewal.open()
            self._watching = asyncio.create_task(self.janitor.watch())

    async def close(self) -> None:
        for task in (self._watching, self._verifying):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        self._watching = self._verifying = None
        await self._renewal.close()
        await self.backend.close()

    async def check(self) -> None:
        await self.backend.check()

    def watch_commits(self, note: Callable[[int], None]) -> None:
        self.backend.watch_commits(note)

    async def compact(self, thread_id: str) -> int:
        return await self.upkeep.compact(thread_id, 0.0)

    async def restored(self) -> int:
        """Take no cursor from before: the database was put back from a backup. The number of
        threads.
        """
        return await self.backend.write(writes.restored)

    async def counts(self) -> dict[str, int]:
        """How much there is: threads, runs, events, bytes of logs, states."""
        return await self.backend.read(reads.counts)

    async def rebuild(self) -> int:
        """Make anew what can be derived from the logs; the number of threads."""
        return await Rebuilding(self.backend, self._reader).all_threads()

    async def derive(self, thread_id: str) -> bool:
        return await Rebuilding(self.backend, self._reader).one_thread(thread_id)

    # What the backend calls: see `Listener`.

    def on_change(self, thread_ids: Sequence[str]) -> None:
        for thread_id in thread_ids:
            tail = self._tails.named(thread_id)
            if tail is not None and not self._tails.is_writing(thread_id):
                tail.forget()

    def on_stop(self, thread_id: str, token: int) -> None:
        self._leases.stop(thread_id, token)

    def on_anything(self) -> None:
        if self._verifying is None or self._verifying.done():
            self._verifying = asyncio.create_task(self._verify())

    async def _verify(self) -> None:
        """Have readers look into the logs that are gone, or that reach farther than they know."""
        ids = [tail.thread_id for tail in self._tails.others()]
        if not ids:
            return
        with suppress(StoreUnavailable):  # which is logged; the next look comes soon
            ends = await self.backend.look(partial(reads.ends, ids))
            for tail in self._tails.others():
                if tail.thread_id in ids and ends.get(tail.thread_id) != tail.end:
                    tail.forget()
