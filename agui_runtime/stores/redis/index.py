"""Which threads there are, by owner, by lease and by age of their runs: hints, never the truth.

A thread's own keys are the truth; in a cluster they live elsewhere, so an entry may be missing or
stale for a moment and whoever reads it asks the thread.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from agui_runtime.stores.redis.server import Server

STEP = 100


class Index:
    """Sorted sets of thread ids; scores are times."""

    def __init__(self, server: Server, prefix: str) -> None:
        self._server = server
        self._leases = f"{prefix}:leases"
        self._uncompacted = f"{prefix}:uncompacted"
        self._owners = f"{prefix}:owner:"

    async def leased(self, thread_id: str, until: float) -> None:
        await self._server.command("ZADD", self._leases, until, thread_id)

    async def freed(self, thread_id: str) -> None:
        await self._server.command("ZREM", self._leases, thread_id)

    async def lapsed(self, now: float) -> list[str]:
        """Threads whose lease seems to have lapsed."""
        return await self._due(self._leases, now)

    async def finished(self, thread_id: str, due: float) -> None:
        """The thread has a run to be compacted then, unless one is due earlier."""
        await self._server.command("ZADD", self._uncompacted, "NX", due, thread_id)

    async def take_uncompacted(self, now: float) -> list[str]:
        """Threads with runs to be compacted; each is given to one caller."""
        due = await self._due(self._uncompacted, now)
        return [each for each in due if await self._server.command("ZREM", self._uncompacted, each)]

    async def touched(self, owner: str, thread_id: str, updated: float) -> None:
        await self._server.command("ZADD", self._owners + owner, updated, thread_id)

    async def dropped(self, owner: str, thread_id: str) -> None:
        await self._server.command("ZREM", self._owners + owner, thread_id)

    async def owned(self, owner: str, latest: float) -> AsyncIterator[str]:
        """The owner's threads from that time back, newest first; equal times in falling order."""
        offset = 0
        while True:
            found = await self._server.command(
                *("ZREVRANGEBYSCORE", self._owners + owner, latest, "-inf"),
                *("LIMIT", offset, STEP),
            )
            for each in found:
                yield each.decode()
            if len(found) < STEP:
                return
            offset += STEP

    async def _due(self, key: str, now: float) -> list[str]:
        found = await self._server.command("ZRANGEBYSCORE", key, "-inf", now, "LIMIT", 0, STEP)
        return [each.decode() for each in found]
