"""`ThreadIndex`: threads by owner, and the runs of a thread."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial

from agui_runtime.core.events import RunInfo, ThreadInfo
from agui_runtime.core.outcomes import Tally
from agui_runtime.core.totals import Usage, UsageBy
from agui_runtime.stores.base import ALL_THREADS, Page, ThreadQuery
from agui_runtime.stores.shared.pages import check_limit, check_search, page_of, place_after
from agui_runtime.stores.shared.tails import Tails
from agui_runtime.stores.sql import counters, reads, writes
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.retention import Retention
from agui_runtime.stores.sql.step import Thread

IDS = 1000
"""So many ids are read at a time."""


class SqlThreadIndex:
    """`ThreadIndex` for any number of processes."""

    def __init__(self, backend: Backend, tails: Tails, retention: Retention) -> None:
        self._backend = backend
        self._tails = tails
        self._retention = retention

    async def get(self, thread_id: str) -> ThreadInfo | None:
        return await self._backend.look(partial(reads.thread, thread_id, self._retention.oldest()))

    async def obtain(self, thread_id: str, owner: str, agent: str) -> ThreadInfo:
        thread = self._thread(thread_id, owner, agent)
        return await self._backend.write(partial(writes.obtain, thread), thread_id)

    async def ids(self) -> AsyncGenerator[str, None]:
        after = ""
        while True:
            step = partial(reads.ids, after, self._retention.oldest(), IDS)
            found = await self._backend.read(step)
            for thread_id in found:
                yield thread_id
            if len(found) < IDS:
                return
            after = found[-1]

    async def list(self, owner: str, query: ThreadQuery = ALL_THREADS) -> Page:
        check_limit(query.limit)
        check_search(query.search)
        before, oldest = place_after(query.cursor), self._retention.oldest()
        whose = (owner, query.agents, query.include_archived)
        wanted = reads.Wanted(*whose, before, oldest, query.search)
        found = await self._backend.look(partial(reads.threads, wanted, query.limit + 1))
        return page_of(found, query.limit)

    async def update(
        self, thread_id: str, *, name: str | None = None, archived: bool | None = None
    ) -> ThreadInfo:
        thread = self._thread(thread_id)
        return await self._backend.write(partial(writes.update, thread, name, archived))

    async def delete(self, thread_id: str) -> None:
        # On a full disk, too: it is how a user makes room.
        await self._backend.write_urgently(partial(writes.delete, thread_id), thread_id)
        self._tails.doubt(thread_id)

    async def runs(self, thread_id: str) -> Sequence[RunInfo]:
        return await self._backend.read(partial(reads.runs, thread_id, self._retention.oldest()))

    async def runs_of(self, thread_ids: Sequence[str]) -> Mapping[str, Sequence[RunInfo]]:
        step = partial(reads.runs_of, thread_ids, self._retention.oldest())
        return await self._backend.read(step)

    async def usage(self, owner: str | None, since: float, by: UsageBy) -> Sequence[Usage]:
        return await self._backend.read(partial(counters.usage, owner, since, by))

    async def tallies(self, owner: str | None, since: float, by: UsageBy) -> Sequence[Tally]:
        return await self._backend.read(partial(counters.tallies, owner, since, by))

    def _thread(self, thread_id: str, owner: str = "", agent: str = "") -> Thread:
        return Thread(thread_id, owner, agent, self._retention.oldest())
