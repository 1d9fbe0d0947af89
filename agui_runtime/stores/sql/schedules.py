"""`Schedules` over a table: a row for each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from agui_runtime.core.schedules import Schedule, TooManySchedules
from agui_runtime.stores.schedules import Due
from agui_runtime.stores.shared.schedule_json import schedule_json, schedule_of
from agui_runtime.stores.shared.whole_writes import WholeWrites
from agui_runtime.stores.sql import statements
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.rows import Row
from agui_runtime.stores.sql.step import Step

ADD = (
    "insert into agui_schedule (id, owner, created, wakes, version, body)"
    " values (:id, :owner, :created, :wakes, :version, :body)"
)
OF_OWNER = "select id, version, body from agui_schedule where owner = :owner order by created, id"
ONE = "select version, body from agui_schedule where id = :id"
SWAP = (
    "update agui_schedule set version = :version, wakes = :wakes, body = :body"
    " where id = :id and version in (:known, :version) returning id"
)
DELETE = "delete from agui_schedule where id = :id returning id"
FIRST = "select {now} as now, min(wakes) as first from agui_schedule"
DUE = (
    "select version, body from agui_schedule where wakes <= cast(:now as double precision)"
    " order by wakes, id limit :most"
)


class SqlSchedules:
    """A step that is carried out twice finds that it was done."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._writes = WholeWrites()

    async def add(self, schedule: Schedule, most: int) -> None:
        await self._backend.write(partial(_add, schedule, most))

    async def get(self, schedule_id: str) -> Schedule | None:
        return await self._backend.look(partial(_one, schedule_id))

    async def list(self, owner: str) -> Sequence[Schedule]:
        return await self._backend.look(partial(_list, owner))

    async def swap(self, version: str, schedule: Schedule) -> bool:
        return await self._backend.change(partial(_swap, version, schedule))

    async def delete(self, schedule: Schedule) -> bool:
        return await self._backend.change(partial(_delete, schedule.schedule_id))

    async def due(self, most: int) -> Due:
        now, first = await self._backend.look(_first)
        if first is None or first > now:
            return Due(now, first)
        return Due(now, first, await self._backend.look(partial(_due, now, most)))


def _add(schedule: Schedule, most: int) -> Step[None]:
    yield statements.TURNS, {"scopes": [f"schedules:{schedule.owner}"]}
    rows = yield OF_OWNER, {"owner": schedule.owner}
    if any(row["id"] == schedule.schedule_id for row in rows):
        return
    if len(rows) >= most:
        raise TooManySchedules(most)
    values = {"owner": schedule.owner, "created": schedule.created_at}
    yield ADD, {**values, **_values(schedule)}


def _one(schedule_id: str) -> Step[Schedule | None]:
    rows = yield ONE, {"id": schedule_id}
    return _schedule(rows[0]) if rows else None


def _list(owner: str) -> Step[list[Schedule]]:
    rows = yield OF_OWNER, {"owner": owner}
    return [_schedule(row) for row in rows]


def _swap(version: str, schedule: Schedule) -> Step[bool]:
    rows = yield SWAP, {"known": version, **_values(schedule)}
    return bool(rows)


def _delete(schedule_id: str) -> Step[bool]:
    return bool((yield DELETE, {"id": schedule_id}))


def _first() -> Step[tuple[float, float | None]]:
    rows = yield FIRST, {}
    return float(rows[0]["now"]), rows[0]["first"]


def _due(now: float, most: int) -> Step[list[Schedule]]:
    rows = yield DUE, {"now": now, "most": most}
    return [_schedule(row) for row in rows]


def _values(schedule: Schedule) -> dict[str, object]:
    return {
        "id": schedule.schedule_id,
        "version": schedule.version,
        "wakes": schedule.wakes_at,
        "body": schedule_json(schedule),
    }


def _schedule(row: Row) -> Schedule:
    return schedule_of(bytes(row["body"]), row["version"])
