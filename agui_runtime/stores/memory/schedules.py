"""`Schedules` of one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agui_runtime.core.schedules import Schedule, TooManySchedules
from agui_runtime.stores.schedules import Due


class MemorySchedules:
    """Every step is synchronous, hence atomic in one event loop."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._stored: dict[str, Schedule] = {}

    async def add(self, schedule: Schedule, most: int) -> None:
        if len(await self.list(schedule.owner)) >= most:
            raise TooManySchedules(most)
        self._stored[schedule.schedule_id] = schedule

    async def get(self, schedule_id: str) -> Schedule | None:
        return self._stored.get(schedule_id)

    async def list(self, owner: str) -> Sequence[Schedule]:
        own = [each for each in self._stored.values() if each.owner == owner]
        return sorted(own, key=lambda each: (each.created_at, each.schedule_id))

    async def swap(self, version: str, schedule: Schedule) -> bool:
        present = self._stored.get(schedule.schedule_id)
        if present is None or present.version != version:
            return False
        self._stored[schedule.schedule_id] = schedule
        return True

    async def delete(self, schedule: Schedule) -> bool:
        return self._stored.pop(schedule.schedule_id, None) is not None

    async def due(self, most: int) -> Due:
        now = self._clock()
        wakes = ((each.wakes_at, id_) for id_, each in self._stored.items())
        waking = sorted((at, id_) for at, id_ in wakes if at is not None)
        found = [self._stored[id_] for at, id_ in waking[:most] if at <= now]
        return Due(now, waking[0][0] if waking else None, found)
