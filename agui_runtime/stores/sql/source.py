"""One look at a thread's log in tables: its records, its end, its live run."""

from __future__ import annotations

from functools import partial

from agui_runtime.core.errors import Gone
from agui_runtime.core.events import Cursor, RunInfo
from agui_runtime.stores.base import Batch
from agui_runtime.stores.sql import reads
from agui_runtime.stores.sql.backend import Backend


class SqlLogSource:
    """`LogSource` by steps that only read."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def read(self, thread_id: str, after: Cursor | None) -> Batch:
        if after is not None and after.seq > reads.EVER:
            raise Gone
        return await self._backend.read(partial(reads.part, thread_id, after))

    async def end(self, thread_id: str) -> Cursor:
        return await self._backend.look(partial(reads.end, thread_id))

    async def active(self, thread_id: str) -> RunInfo | None:
        live = await self._backend.read(partial(reads.live, thread_id))
        return live.run if live else None
