"""Which threads there are, by owner, by lease and by age of their runs, and which queues: hints,
never the truth.

A thread's own keys are the truth; in a cluster they live elsewhere, so an entry may be missing or
stale for a moment and whoever reads it asks the thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.script import Lua
from agui_runtime.stores.redis.server import Server

STEP = 100


class Index:
    """Sorted sets of thread ids; scores are times of the server's clock, unless one is given."""

    def __init__(
        self, server: Server, prefix: str, max_age: float, clock: Callable[[], float] | None
    ) -> None:
        self._server = server
        self.max_age = max_age
        self._lua = Lua(server, "prelude.lua", "index.lua", clock=clock)
        self._leases = f"{prefix}:leases"
        self._uncompacted = f"{prefix}:uncompacted"
        self._queues = f"{prefix}:queues"
        self._owners = f"{prefix}:owner:"

    async def claiming(self, thread_id: str, seconds: float) -> None:
        """Somebody may hold a lease of so many seconds, if nobody holds a longer one; raises
        StoreFull where there is no room for another run.
        """
        await self._step(self._leases, "schedule", seconds, "GT", thread_id)

    async def held(self, thread_id: str, seconds: float) -> None:
        """Somebody holds a lease for so many seconds more, or a longer one."""
        await self._step(self._leases, "schedule", seconds, "LATER", thread_id)

    async def leased(self, thread_id: str, seconds: float) -> None:
        await self._step(self._leases, "schedule", seconds, "", thread_id)

    def renew(self, threads: list[str], seconds: float) -> asyncio.Future[Answer]:
        """Their leases were renewed: one attempt to say so."""
        now = self._lua.now()
        return self._lua.ask("write", [self._leases], "schedule", now, seconds, "", *threads)

    async def freed(self, thread_id: str, at: float, seconds: float) -> None:
        """Nobody held a lease of so many seconds then; somebody may do so since."""
        await self._step(self._leases, "drop", at + seconds, thread_id)

    async def lapsed(self) -> list[str]:
        """Threads whose lease seems to have lapsed."""
        return await self._due(self._leases)

    async def finished(self, thread_id: str, seconds: float) -> None:
        """The thread has a run to be compacted then, unless one is due earlier."""
        await self._step(self._uncompacted, "schedule", seconds, "NX", thread_id)

    async def take_uncompacted(self) -> list[str]:
        """Threads with runs to be compacted; each is given to one caller."""
        return [each for each in await self._due(self._uncompacted) if await self._taken(each)]

    async def queue_used(self, name: str) -> None:
        await self._step(self._queues, "use", self.max_age, name)

    async def queues(self) -> list[str]:
        """Those that were used of late."""
        found = await self._server.command("look", self._queues, "ZRANGE", self._queues, 0, -1)
        return [each.decode() for each in found]

    async def touched(self, owner: str, thread_id: str, updated: float) -> None:
        await self._step(self._owners + owner, "touch", updated, thread_id, self.max_age)

    async def dropped(self, owner: str, thread_id: str, seen: float) -> None:
        """The thread was gone, when the time of its latest update was at most that."""
        await self._step(self._owners + owner, "drop", seen, thread_id)

    async def owned(
        self, owner: str, latest: float, step: int
    ) -> AsyncIterator[Sequence[tuple[str, float]]]:
        """The owner's threads from that time back, newest first, each with its time; equal times in
        falling order. So many are read at a time; entries may come and go meanwhile.
        """
        key, passed = self._owners + owner, set[bytes]()
        while True:
            count = step + len(passed)
            words = (key, latest, "-inf", "WITHSCORES", "LIMIT", 0, count)
            found = await self._server.command("read", key, "ZREVRANGEBYSCORE", *words)
            entries = [(each, float(at)) for each, at in zip(found[::2], found[1::2], strict=True)]
            yield [(each.decode(), at) for each, at in entries if each not in passed]
            if len(entries) < count:
                return
            latest = entries[-1][1]
            passed = {each for each, at in entries if at == latest}

    async def _taken(self, thread_id: str) -> bool:
        key = self._uncompacted
        return bool(await self._server.command("write", key, "ZREM", key, thread_id))

    async def _due(self, key: str) -> list[str]:
        return [each.decode() for each in await self._step(key, "due", STEP)]

    async def _step(self, key: str, name: str, *given: str | float) -> Answer:
        return await self._lua.run("write", [key], name, self._lua.now(), *given)
