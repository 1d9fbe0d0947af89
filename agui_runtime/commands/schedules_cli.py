"""`agui-runtime schedules add|list|pause|resume|delete`: runs that recur, in the store itself.

Whoever may open the store may do all of this: there is no caller to ask about.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from agui_runtime.commands.listing import JSON, time_of, write_listing, write_row
from agui_runtime.commands.task_table import Argument, Carried, Commands, Task, add_tasks
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.schedules import Recurrence, Schedule, ScheduleNotFound

if TYPE_CHECKING:
    from agui_runtime.runtime.owned_schedules import ShownSchedule
    from agui_runtime.stores.base import Store
    from agui_runtime.stores.schedules import Schedules

Work: TypeAlias = "Callable[[Store, Schedules, argparse.Namespace], Awaitable[None]]"

HEADER = ("schedule", "agent", "cron", "zone", "thread", "next", "last", "outcome", "message")


def add_schedules_commands(commands: Commands) -> None:
    """Add `schedules` and its own commands to the command line."""
    add_tasks(commands, "schedules", "runs that recur: make, list and change schedules", _TASKS)


def _of_store(work: Work, *, made: bool = False) -> Carried:
    async def carried_out(options: argparse.Namespace) -> int:
        from agui_runtime.commands.threads_cli import opened_store
        from agui_runtime.settings import Settings
        from agui_runtime.stores.layers.delegating import schedules_of

        async with opened_store(Settings.read(), made=made) as store:
            schedules = schedules_of(store)
            if schedules is None:
                raise Misconfigured("this store holds no schedules")
            await work(store, schedules, options)
        return 0

    return lambda options: asyncio.run(carried_out(options))


async def _add(store: Store, schedules: Schedules, options: argparse.Namespace) -> None:
    from agui_runtime.core.errors import ThreadNotFound
    from agui_runtime.core.events import Caller
    from agui_runtime.runtime.options import Options
    from agui_runtime.runtime.recurrences import ScheduleLimits, made
    from agui_runtime.settings import Settings

    settings, usual = Settings.read(), Options()
    limits = ScheduleLimits(
        settings.caller_schedules or usual.caller_schedules,
        settings.schedule_seconds or usual.schedule_seconds,
    )
    wanted = Recurrence(options.cron, options.message, options.agent, options.zone, options.thread)
    schedule = made(wanted, Caller(options.owner).owner, time.time(), limits)
    thread = await store.threads.get(options.thread) if options.thread else None
    if thread is not None and thread.owner != options.owner:
        raise ThreadNotFound(options.thread)
    await schedules.add(schedule, limits.each)
    write_row(schedule.schedule_id, time_of(schedule.next_at))


async def _list(store: Store, schedules: Schedules, options: argparse.Namespace) -> None:
    from agui_runtime.runtime.owned_schedules import shown_in

    found = await shown_in(store, await schedules.list(options.owner))
    write_listing([_row(each) for each in found], HEADER, options.json)


async def _pause(store: Store, schedules: Schedules, options: argparse.Namespace) -> None:
    from agui_runtime.runtime.recurrences import paused

    await _change(schedules, options.schedule, paused)


async def _resume(store: Store, schedules: Schedules, options: argparse.Namespace) -> None:
    from agui_runtime.runtime.recurrences import resumed

    found = await _change(schedules, options.schedule, lambda it: resumed(it, time.time()))
    write_row(found.schedule_id, time_of(found.next_at))


async def _delete(store: Store, schedules: Schedules, options: argparse.Namespace) -> None:
    await schedules.delete(await _found(schedules, options.schedule))


async def _change(
    schedules: Schedules, schedule_id: str, change: Callable[[Schedule], Schedule]
) -> Schedule:
    from agui_runtime.runtime.owned_schedules import replaced

    return await replaced(schedules, lambda: _found(schedules, schedule_id), change)


async def _found(schedules: Schedules, schedule_id: str) -> Schedule:
    found = await schedules.get(schedule_id)
    if found is None:
        raise ScheduleNotFound(schedule_id)
    return found


def _row(shown: ShownSchedule) -> dict[str, object]:
    it, last = shown.schedule, shown.schedule.last
    return {
        "schedule": it.schedule_id,
        "agent": it.agent,
        "cron": it.cron,
        "zone": it.zone,
        "thread": it.thread_id or (last and last.firing.thread_id),
        "next": "paused" if it.paused else time_of(it.next_at),
        "last": last and time_of(last.firing.due_at),
        "outcome": _outcome(shown),
        "message": it.message,
    }


def _outcome(shown: ShownSchedule) -> str | None:
    """How the last run ended; of one that was not started, why."""
    last = shown.schedule.last
    if last is None:
        return None
    if last.outcome == "started":
        return shown.run.status if shown.run is not None else "started"
    return f"{last.outcome}: {last.code}"


_SCHEDULE = Argument("schedule", {"help": "its id"})
_OWNER = Argument("--owner", {"required": True, "help": "whose, for example anonymous"})
_TASKS = (
    Task(
        "add",
        "send an agent a message again and again",
        _of_store(_add, made=True),
        (
            Argument("cron", {"help": "when, for example '0 7 * * 1-5'"}),
            Argument("message", {"help": "what the agent is sent"}),
            _OWNER,
            Argument("--agent", {"default": "default", "help": "default: %(default)s"}),
            Argument("--zone", {"default": "UTC", "help": "such as Europe/Berlin; %(default)s"}),
            Argument("--thread", {"help": "go on with this one; a new one each time if left out"}),
        ),
    ),
    Task("list", "an owner's schedules, the oldest first", _of_store(_list), (_OWNER, JSON)),
    Task("pause", "fire no more until it is resumed", _of_store(_pause), (_SCHEDULE,)),
    Task("resume", "fire at the next of its times", _of_store(_resume), (_SCHEDULE,)),
    Task("delete", "forget a schedule; its threads stay", _of_store(_delete), (_SCHEDULE,)),
)
