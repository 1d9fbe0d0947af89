"""One look at a thread's log in Redis: its records, its end, its live run."""

from __future__ import annotations

from agui_runtime.core.errors import Gone, ThreadNotFound
from agui_runtime.core.events import Cursor, Record, RunInfo
from agui_runtime.stores.base import Batch
from agui_runtime.stores.redis.codec import firsts_of, record_of, records_of, span_of, spans_of
from agui_runtime.stores.redis.script import Script
from agui_runtime.stores.shared.codec import archived, unreadable
from agui_runtime.stores.shared.reading import PART


class RedisLogSource:
    """`LogSource` by steps of the thread's script."""

    def __init__(self, script: Script) -> None:
        self._script = script

    async def read(self, thread_id: str, after: Cursor | None) -> Batch:
        known, seq = ("", "") if after is None else (after.epoch, str(after.seq))
        how, *more = await self._script.step("read", thread_id, known, seq, PART)
        if how == b"unknown":
            raise ThreadNotFound(thread_id)
        if how == b"gone":
            raise Gone
        epoch, position, *found = more
        if how == b"run":
            first = int(position) + 1
            records = archived(found[0], first) or await self._lost_run(thread_id, first)
        elif how == b"lines":
            records = records_of(int(position) + 1, *found)
        else:
            records = [record_of(entry) for entry in found[0]]
        latest = records[-1].seq if records else int(position)
        return Batch(records, Cursor(epoch.decode(), latest))

    async def end(self, thread_id: str) -> Cursor:
        how, *found = await self._script.step("end", thread_id)
        if how != b"ok":
            raise ThreadNotFound(thread_id)
        epoch, seq = found
        return Cursor(epoch.decode(), int(seq))

    async def active(self, thread_id: str) -> RunInfo | None:
        how, *found = await self._script.step("inspect", thread_id)
        return None if how == b"idle" else span_of(found[-1]).run

    async def _lost_run(self, thread_id: str, first: int) -> list[Record]:
        """One record in the place of all those of an archived run that cannot be read."""
        how, *found = await self._script.step("runs", thread_id)
        if how != b"ok":
            raise ThreadNotFound(thread_id)
        later = [each for each in firsts_of(found[0]) if each > first]
        last = later[0] - 1 if later else int(found[2])
        run = next((span.run.run_id for span in spans_of(found[0]) if span.first == first), "")
        return [Record(last, run, unreadable(run, last, "its archive is damaged"))]
