"""What an SQL store does for its threads when it is due; the tables say for which."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from agui_runtime.core.compact import compact
from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.events import Cursor, Event
from agui_runtime.off_loop import off_loop
from agui_runtime.stores.shared.codec import packed
from agui_runtime.stores.shared.reading import LogReader
from agui_runtime.stores.shared.spans import RecordedRun
from agui_runtime.stores.sql import counters, job_steps, places, reads, sealed_rows, writes
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.log import SqlRunLog
from agui_runtime.stores.sql.retention import Retention

logger = logging.getLogger(__name__)

MOST = 100
"""So many threads at a time."""

LEISURE = 600.0
"""Seconds from one sweep to the next: it goes through whole tables, which grow with users."""


class SqlUpkeep:
    """`Upkeep` for any number of processes; who comes first does what is due."""

    def __init__(
        self, backend: Backend, log: SqlRunLog, reader: LogReader, retention: Retention
    ) -> None:
        self._backend = backend
        self._log = log
        self._reader = reader
        self._retention = retention
        self._troubled_at = float("-inf")
        self._swept_at = float("-inf")

    def calm_for(self) -> float:
        return asyncio.get_running_loop().time() - self._troubled_at

    async def lapsed(self) -> Sequence[str]:
        try:
            return await self._backend.look(partial(reads.lapsed, MOST))
        except StoreUnavailable:
            self._troubled_at = asyncio.get_running_loop().time()
            raise

    async def end_lost_run(self, thread_id: str) -> bool:
        return await self._log.end_lost_run(thread_id)

    async def take_uncompacted(self) -> Sequence[str]:
        age = self._retention.limits.compact_after
        return await self._backend.look(partial(reads.to_compact, age, MOST))

    async def compact(self, thread_id: str, age: float | None = None) -> int:
        age = self._retention.limits.compact_after if age is None else age
        due = await self._backend.read(partial(reads.uncompacted, thread_id, age))
        for span, end in due:
            await self._archive(span, end)
        return len(due)

    async def forget_old_threads(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._swept_at + LEISURE:
            await self.sweep()
            self._swept_at = now
        if self._retention.limits.max_age is not None:
            oldest = self._retention.oldest()
            expire = partial(writes.expire, oldest, MOST)
            for thread_id in await self._backend.write_urgently(expire):
                logger.info("thread %s was too old and is forgotten", thread_id)

    async def sweep(self) -> None:
        """Delete rows that count for nothing any longer."""
        await self._backend.change(counters.forget)
        await self._backend.change(places.forget)
        await self._backend.change(job_steps.forget_workers)
        await self._backend.change(sealed_rows.forget_deletions)

    async def verify(self) -> None:
        await self._reader.verify()

    async def _archive(self, span: RecordedRun, end: Cursor) -> None:
        run = span.run
        records = await self._reader.records(run.thread_id, end.epoch, span.first, end.seq)
        text = await off_loop(_compacted, [record.event for record in records])
        place = (run.thread_id, span.first, end.seq, run.run_id)
        await self._backend.write(partial(writes.archive, *place, text))


def _compacted(events: list[Event]) -> bytes:
    return packed(compact(events))
