"""What a Redis store does for its threads when it is due; the index says for which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agui_runtime.stores.redis.codec import spans_of
from agui_runtime.stores.redis.index import Index
from agui_runtime.stores.redis.log import RedisRunLog
from agui_runtime.stores.redis.script import Script
from agui_runtime.stores.redis.server import Server
from agui_runtime.stores.shared.codec import archive_of
from agui_runtime.stores.shared.reading import LogReader
from agui_runtime.stores.shared.spans import RecordedRun, compaction


@dataclass(frozen=True, slots=True)
class RedisUpkeep:
    """`Upkeep` for any number of processes. Runs are compacted `after` seconds from their end."""

    server: Server
    script: Script
    index: Index
    log: RedisRunLog
    reader: LogReader
    after: float
    now: Callable[[], float]

    def calm_for(self) -> float:
        return self.server.calm_for()

    async def lapsed(self) -> Sequence[str]:
        return await self.index.lapsed()

    async def end_lost_run(self, thread_id: str) -> bool:
        return await self.log.end_lost_run(thread_id)

    async def take_uncompacted(self) -> Sequence[str]:
        return await self.index.take_uncompacted()

    async def forget_old_threads(self) -> None:
        """Their keys expire."""

    async def verify(self) -> None:
        await self.reader.verify()

    async def compact(self, thread_id: str, age: float | None = None) -> int:
        how, *found = await self.script.step("runs", thread_id)
        if how != b"ok":
            return 0
        items, archives, seq = found
        spans = spans_of(items)
        if len(spans) < len(items):
            return 0  # where the others end is not known
        done = {int(first) for first in archives}
        after = self.after if age is None else age
        due, next_in = compaction(spans, int(seq), done, self.now(), after)
        for span, last in due:
            await self._archive(thread_id, span, last)
        if next_in is not None:
            await self.index.finished(thread_id, next_in)
        return len(due)

    async def _archive(self, thread_id: str, span: RecordedRun, last: int) -> None:
        epoch = (await self.reader.end(thread_id)).epoch
        records = await self.reader.records(thread_id, epoch, span.first, last)
        payload = archive_of(span.run.run_id, [record.event for record in records], last)
        await self.script.step("archive", thread_id, span.first, last, payload)
