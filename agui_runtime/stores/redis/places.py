"""`Places` for all processes over one Redis: a sorted set for each scope, by when places lapse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agui_runtime.stores.redis.script import Lua
from agui_runtime.stores.redis.server import Server
from agui_runtime.stores.shared.places import PLACE_LEASE

PIECE = 500
"""So many places are renewed in one step."""


class RedisPlaces:
    """In a cluster each scope lives where its key does."""

    lease: float = PLACE_LEASE

    def __init__(self, server: Server, prefix: str) -> None:
        self._prefix = f"{prefix}:open:"
        self._lua = Lua(server, "places.lua")

    async def take(
        self, place: str, limits: Mapping[str, int], seconds: float | None = None
    ) -> str | None:
        taken: list[str] = []
        for scope, most in limits.items():
            if not await self._step("take", scope, most, place, seconds=seconds):
                await self.free(place, taken)
                return scope
            taken.append(scope)
        return None

    async def renew(self, held: Mapping[str, Sequence[str]]) -> None:
        for scope, places in held.items():
            for first in range(0, len(places), PIECE):
                await self._step("renew", scope, 0, *places[first : first + PIECE])

    async def free(self, place: str, scopes: Sequence[str]) -> None:
        for scope in scopes:
            await self._step("free", scope, 0, place)

    async def _step(
        self, step: str, scope: str, most: int, *places: str, seconds: float | None = None
    ) -> bool:
        lease = int(1000 * (seconds or self.lease))
        return bool(await self._lua.run("look", [self._prefix + scope], step, lease, most, *places))
