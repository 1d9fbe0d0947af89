"""What is due whether or not anybody asks: runs without a process end, old runs get compacted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from agui_runtime.core.compact import compact
from agui_runtime.core.errors import AguiError, Gone, ThreadNotFound
from agui_runtime.core.events import Record
from agui_runtime.stores.redis.codec import Damaged, StoredRun, archive_of, spans_of
from agui_runtime.stores.redis.index import Index
from agui_runtime.stores.redis.limits import RedisLimits
from agui_runtime.stores.redis.log import RedisRunLog
from agui_runtime.stores.redis.reading import Reading
from agui_runtime.stores.redis.script import Script
from agui_runtime.stores.redis.server import Server

logger = logging.getLogger(__name__)

EVERY = 1.0
RECOVERY = 2.0
"""After trouble with the server, owners have so many seconds to renew their leases first."""


class Janitor:
    """Looks after all threads, in every process; who comes first does what is due."""

    def __init__(
        self,
        server: Server,
        script: Script,
        index: Index,
        log: RedisRunLog,
        reading: Reading,
        limits: RedisLimits,
        now: Callable[[], float],
    ) -> None:
        self._server = server
        self._script = script
        self._index = index
        self._log = log
        self._reading = reading
        self._limits = limits
        self._now = now

    async def watch(self) -> None:
        """Look after the threads until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                if self._server.calm_for() >= RECOVERY:
                    await self.end_lost_runs()
                await self.compact_old_runs()
                await self._reading.verify()
            except AguiError as error:
                logger.warning("looking after the threads failed: %s", error)
            except Exception:  # nobody else would look after them from now on
                logger.exception("looking after the threads failed")

    async def end_lost_runs(self) -> None:
        """End the runs whose leases have lapsed."""
        for thread_id in await self._index.lapsed():
            async with self._apart(thread_id):
                await self._log.end_lost_run(thread_id)

    async def compact_old_runs(self) -> None:
        """Keep runs that ended long enough ago in fewer, equal events."""
        for thread_id in await self._index.take_uncompacted():
            with suppress(Gone, ThreadNotFound):  # it made room, or was deleted meanwhile
                async with self._apart(thread_id):
                    await self._compact(thread_id)

    @asynccontextmanager
    async def _apart(self, thread_id: str) -> AsyncIterator[None]:
        """What is wrong with one thread keeps nobody from looking after the others."""
        try:
            yield
        except Damaged as error:
            logger.error("thread %s is damaged: %s", thread_id, error)
        except AguiError:
            raise
        except Exception:  # whatever its records are
            logger.exception("thread %s cannot be looked after", thread_id)

    async def _compact(self, thread_id: str) -> None:
        how, *found = await self._script.step("runs", thread_id)
        if how != b"ok":
            return
        spans = spans_of(found[0])
        if len(spans) < len(found[0]):
            return  # where the others end is not known
        ends = [span.first - 1 for span in spans[1:]] + [int(found[2])]
        done = {int(first) for first in found[1]}
        for span, last in zip(spans, ends, strict=True):
            if span.first in done:
                continue
            due = (span.run.ended_at or self._now()) + self._limits.compact_after
            if due > self._now():
                await self._index.finished(thread_id, due - self._now())
                return
            await self._archive(thread_id, span, last)

    async def _archive(self, thread_id: str, span: StoredRun, last: int) -> None:
        epoch = (await self._log.end(thread_id)).epoch
        records = await self._log.records(thread_id, epoch, span.first, last)
        events = compact([record.event for record in records])
        compacted = [Record(0, span.run.run_id, event) for event in events]
        await self._script.step("archive", thread_id, span.first, last, archive_of(compacted, last))
