"""`Counters` for all processes over one Redis: a hash for each sum. It needs no other rights than
the log does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agui_runtime.stores.redis.script import Lua
from agui_runtime.stores.redis.server import Server


class RedisCounters:
    """In a cluster each sum lives where its key does."""

    def __init__(self, server: Server, prefix: str) -> None:
        self._server = server
        self._prefix = f"{prefix}:counter:"
        self._lua = Lua(server, "counter.lua")

    async def add(self, key: str, amount: int, seconds: float) -> int:
        milliseconds = max(1, int(1000 * seconds))
        return int(await self._lua.run("look", [self._prefix + key], amount, milliseconds))

    async def sums(self, keys: Sequence[str]) -> Sequence[int]:
        return await asyncio.gather(*map(self._sum, keys))

    async def _sum(self, key: str) -> int:
        name = self._prefix + key
        return int(await self._server.command("look", name, "HGET", name, "sum") or 0)
