"""`ThreadIndex`: each thread tells of itself; a sorted set for each owner says which to ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

from agui_runtime.core.errors import Busy, ThreadNotFound
from agui_runtime.core.events import RunInfo, ThreadInfo
from agui_runtime.stores.base import (
    ALL_THREADS,
    Page,
    ThreadQuery,
)
from agui_runtime.stores.redis.codec import spans_of, thread_of
from agui_runtime.stores.redis.index import STEP, Index
from agui_runtime.stores.redis.limits import RedisLimits
from agui_runtime.stores.redis.script import Script
from agui_runtime.stores.shared.codec import Damaged, new_epoch
from agui_runtime.stores.shared.pages import page_of, place_of, start_of


class RedisThreadIndex:
    """`ThreadIndex` for any number of processes."""

    def __init__(
        self, script: Script, index: Index, limits: RedisLimits, now: Callable[[], float]
    ) -> None:
        self._script = script
        self._index = index
        self._limits = limits
        self._now = now

    async def get(self, thread_id: str) -> ThreadInfo | None:
        how, pairs = await self._script.step("info", thread_id)
        if how != b"ok":
            return None
        info = thread_of(thread_id, pairs)
        return info if info.updated_at + self._limits.max_age >= self._now() else None

    async def obtain(self, thread_id: str, owner: str, agent: str) -> ThreadInfo:
        how, *found = await self._script.step("obtain", thread_id, owner, agent, new_epoch())
        if how != b"ok":
            raise ThreadNotFound(thread_id)
        info = thread_of(thread_id, found[0])
        await self._index.touched(owner, thread_id, info.updated_at)
        return info

    async def ids(self) -> AsyncGenerator[str, None]:
        for thread_id in await self._script.threads_with("meta"):
            yield thread_id

    async def list(self, owner: str, query: ThreadQuery = ALL_THREADS) -> Page:
        before = start_of(query)
        found: list[ThreadInfo] = []
        step = min(query.limit + 2, STEP)  # one was the last of the page before, one is of the next
        async for entries in self._index.owned(owner, before[0], step):
            infos = await asyncio.gather(*(self._readable(thread) for thread, _ in entries))
            for (thread_id, updated), info in zip(entries, infos, strict=True):
                if isinstance(info, Damaged):
                    continue  # the others are there
                if info is None or info.owner != owner:
                    await self._index.dropped(owner, thread_id, updated)
                elif query.matches(info) and place_of(info) < before:
                    found.append(info)
            if len(found) > query.limit:
                break
        return page_of(found, query.limit)

    async def update(
        self, thread_id: str, *, name: str | None = None, archived: bool | None = None
    ) -> ThreadInfo:
        how, *found = await self._script.step(
            "update",
            thread_id,
            "" if name is None else f"={name}",
            "" if archived is None else str(int(archived)),
        )
        if how != b"ok":
            raise ThreadNotFound(thread_id)
        return thread_of(thread_id, found[0])

    async def delete(self, thread_id: str) -> None:
        how, *found = await self._script.step("delete", thread_id)
        if how == b"unknown":
            raise ThreadNotFound(thread_id)
        if how == b"busy":
            raise Busy(thread_id, found[0].decode())
        owner, deleted = found
        await self._index.dropped(owner.decode(), thread_id, float(deleted))

    async def runs(self, thread_id: str) -> Sequence[RunInfo]:
        how, *found = await self._script.step("runs", thread_id)
        if how != b"ok":
            raise ThreadNotFound(thread_id)
        return [span.run for span in spans_of(found[0])]

    async def runs_of(self, thread_ids: Sequence[str]) -> Mapping[str, Sequence[RunInfo]]:
        steps = (self._script.step("runs", each) for each in thread_ids)  # they leave together
        answers = zip(thread_ids, await asyncio.gather(*steps), strict=True)
        return {
            thread_id: [span.run for span in spans_of(found[0])]
            for thread_id, (how, *found) in answers
            if how == b"ok"
        }

    async def _readable(self, thread_id: str) -> ThreadInfo | Damaged | None:
        try:
            return await self.get(thread_id)
        except Damaged as damage:
            return damage
