"""What the tables derive from the logs, made anew: a log is the truth, whatever they say."""

from __future__ import annotations

from functools import partial

from agui_runtime.core.errors import Gone, ThreadNotFound
from agui_runtime.core.events import Cursor
from agui_runtime.off_loop import off_loop
from agui_runtime.stores.shared.reading import LogReader
from agui_runtime.stores.sql import reads, writes
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.messages import parts_of

MOST = 100
"""So many threads at a time."""


class Rebuilding:
    """Goes through all threads that idle; those that run derive what they write themselves."""

    def __init__(self, backend: Backend, reader: LogReader) -> None:
        self._backend = backend
        self._reader = reader

    async def all_threads(self) -> int:
        """How many it went through."""
        count, after = 0, ""
        while True:
            found = await self._backend.read(partial(reads.idle_threads, after, MOST))
            for thread_id, start, end in found:
                count += await self._derived(thread_id, start, end)
            if len(found) < MOST:
                return count
            after = found[-1][0]

    async def one_thread(self, thread_id: str) -> bool:
        """The same for one that idles; False if there is none, or it changed meanwhile."""
        found = await self._backend.read(partial(reads.bounds, thread_id))
        return found is not None and await self._derived(thread_id, *found)

    async def _derived(self, thread_id: str, start: Cursor, end: Cursor) -> bool:
        """False if the thread changed meanwhile."""
        try:
            records = await self._reader.records(thread_id, end.epoch, start.seq + 1, end.seq)
        except (Gone, ThreadNotFound):
            return False
        parts, ids = await off_loop(parts_of, records)
        await self._backend.write(partial(writes.derive, thread_id, list(ids), parts))
        return True
