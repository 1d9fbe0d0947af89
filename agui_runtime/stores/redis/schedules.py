"""`Schedules` for all processes over one Redis. In a cluster all of them live in one place, so that
each step is atomic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from agui_runtime.core.fingerprints import owner_digest
from agui_runtime.core.schedules import Schedule, TooManySchedules
from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.script import Key, Lua
from agui_runtime.stores.redis.server import Server
from agui_runtime.stores.schedules import Due
from agui_runtime.stores.shared.schedule_json import schedule_json, schedule_of
from agui_runtime.stores.shared.whole_writes import WholeWrites

LOOKS = frozenset({"list", "due"})
"""The steps that change nothing."""

VERSION = 32
"""Characters of a version, before the schedule."""


class RedisSchedules:
    """They have no end: what is to be forgotten is deleted."""

    def __init__(self, server: Server, prefix: str, clock: Callable[[], float] | None) -> None:
        self._server = server
        self._tag = f"{prefix}:schedules:{{all}}"
        self._lua = Lua(server, "prelude.lua", "schedules.lua", clock=clock)
        self._writes = WholeWrites()

    async def add(self, schedule: Schedule, most: int) -> None:
        words = (*_stored(schedule), repr(schedule.created_at), most)
        if not await self._write("add", schedule.owner, *words):
            raise TooManySchedules(most)

    async def get(self, schedule_id: str) -> Schedule | None:
        bodies = f"{self._tag}:bodies"
        found = await self._server.command("look", bodies, "HGET", bodies, schedule_id)
        return _schedule(found) if found is not None else None

    async def list(self, owner: str) -> Sequence[Schedule]:
        return _schedules(await self._step("list", owner))

    async def swap(self, version: str, schedule: Schedule) -> bool:
        return bool(await self._write("swap", schedule.owner, *_stored(schedule), version))

    async def delete(self, schedule: Schedule) -> bool:
        return bool(await self._write("delete", schedule.owner, schedule.schedule_id))

    async def due(self, most: int) -> Due:
        now, first, found = await self._step("due", "", most)
        return Due(float(now), float(first) if first else None, _schedules(found))

    async def _write(self, name: str, owner: str, *given: str | bytes | float) -> Answer:
        return await self._writes.carry_out(self._step(name, owner, *given))

    async def _step(self, name: str, owner: str, *given: str | bytes | float) -> Answer:
        keys: list[Key] = [f"{self._tag}:bodies", f"{self._tag}:wakes"]
        keys.append(f"{self._tag}:of:{owner_digest(owner)}")
        lane: Literal["look", "write"] = "look" if name in LOOKS else "write"
        return await self._lua.run(lane, keys, name, self._lua.now(), *given)


def _stored(schedule: Schedule) -> Sequence[str | bytes]:
    wakes = "" if schedule.wakes_at is None else repr(schedule.wakes_at)
    return schedule.schedule_id, schedule.version, wakes, schedule_json(schedule)


def _schedule(stored: bytes) -> Schedule:
    return schedule_of(stored[VERSION:], stored[:VERSION].decode())


def _schedules(found: Sequence[bytes | None]) -> list[Schedule]:
    return [_schedule(each) for each in found if each is not None]
