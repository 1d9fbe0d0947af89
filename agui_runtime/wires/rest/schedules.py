"""Schedules of recurring runs, as the caller makes, reads and changes them."""

from __future__ import annotations

from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.schedules import Fired, Recurrence
from agui_runtime.runtime.owned_schedules import ShownSchedule
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.rest.commands import ScheduleCommand, command_in
from agui_runtime.wires.rest.exchange import RestExchange
from agui_runtime.wires.rest.options import RestOptions
from agui_runtime.wires.shared.figures import shown_time


class ScheduleRoutes:
    """The handlers below `/schedules`."""

    def __init__(self, runtime: CopilotRuntime, options: RestOptions) -> None:
        self._schedules = runtime.schedules
        self._limits = options.server.body

    async def create(self, exchange: RestExchange) -> None:
        command = command_in(ScheduleCommand, await exchange.json(self._limits))
        wanted = Recurrence(
            command.cron,
            command.message,
            command.agent,
            command.zone,
            command.thread_id,
            command.properties,
        )
        made = await self._schedules.create(wanted, exchange.caller)
        await exchange.answer(_shown(made), 201)

    async def list(self, exchange: RestExchange) -> None:
        found = await self._schedules.list(exchange.caller)
        await exchange.answer({"schedules": [_shown(each) for each in found]})

    async def get(self, exchange: RestExchange, schedule: str) -> None:
        await exchange.answer(_shown(await self._schedules.get(schedule, exchange.caller)))

    async def pause(self, exchange: RestExchange, schedule: str) -> None:
        await exchange.answer(_shown(await self._schedules.pause(schedule, exchange.caller)))

    async def resume(self, exchange: RestExchange, schedule: str) -> None:
        await exchange.answer(_shown(await self._schedules.resume(schedule, exchange.caller)))

    async def delete(self, exchange: RestExchange, schedule: str) -> None:
        await self._schedules.delete(schedule, exchange.caller)
        await exchange.reply(204, (), b"")


def _shown(shown: ShownSchedule) -> JsonObject:
    it = shown.schedule
    status = shown.run.status if shown.run is not None else None
    return {
        "id": it.schedule_id,
        "agentId": it.agent,
        "cron": it.cron,
        "zone": it.zone,
        "message": it.message,
        "threadId": it.thread_id,
        "properties": dict(it.properties),
        "paused": it.paused,
        "createdAt": shown_time(it.created_at),
        "nextAt": None if it.next_at is None or it.paused else shown_time(it.next_at),
        "last": None if it.last is None else _fired(it.last, status),
    }


def _fired(fired: Fired, status: str | None) -> JsonObject:
    return {
        "dueAt": shown_time(fired.firing.due_at),
        "at": shown_time(fired.at),
        "outcome": fired.outcome,
        "code": fired.code,
        "message": fired.message,
        "threadId": fired.firing.thread_id,
        "runId": fired.firing.run_id,
        "runStatus": status,
        "missed": fired.firing.missed,
    }
