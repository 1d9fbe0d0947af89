"""Schedules as they are made, paused and resumed. No I/O."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import NamedTuple

from agui_runtime.core.errors import InvalidInput, TooLarge
from agui_runtime.core.ids import check_id
from agui_runtime.core.jsontext import Json, Unencodable, dumps, is_whole, plain
from agui_runtime.core.schedules import Recurrence, Schedule, changed
from agui_runtime.runtime.cron import Timetable

LARGEST = 64 * 1024
"""Bytes of a message and its properties: they are stored with each schedule, and read when it is
due.
"""


class ScheduleLimits(NamedTuple):
    """How many schedules an owner may have, and how many seconds are to lie between two firings of
    one.
    """

    each: int
    seconds: float


def made(wanted: Recurrence, owner: str, now: float, limits: ScheduleLimits) -> Schedule:
    """A new schedule; raises InvalidInput and TooLarge."""
    properties = _checked(wanted)
    table = Timetable(wanted.cron, wanted.zone)
    table.check(now, limits.seconds)
    schedule = Schedule(
        schedule_id=str(uuid.uuid4()),
        owner=owner,
        agent=wanted.agent,
        cron=wanted.cron,
        zone=wanted.zone,
        message=wanted.message,
        created_at=now,
        thread_id=wanted.thread_id,
        properties=properties,
    )
    return changed(replace(schedule, next_at=table.next(now)))


def paused(schedule: Schedule) -> Schedule:
    """It fires no more until it is resumed; what is being started goes on."""
    return changed(replace(schedule, paused=True))


def resumed(schedule: Schedule, now: float) -> Schedule:
    """It fires at the next of its times from now on: those in between are not caught up."""
    table = Timetable(schedule.cron, schedule.zone)
    return changed(replace(schedule, paused=False, next_at=table.next(now)))


def _checked(wanted: Recurrence) -> dict[str, Json]:
    """The properties as they are stored."""
    if not wanted.message.strip():
        raise InvalidInput("message: say what the agent is to be sent")
    if not is_whole(wanted.message):
        raise InvalidInput("message: it holds half of a character")
    if wanted.thread_id is not None:
        if not wanted.thread_id:
            raise InvalidInput("threadId: give an id, or leave it out for a thread with each run")
        check_id(wanted.thread_id, "threadId")
    try:
        properties: dict[str, Json] = plain(dict(wanted.properties))
    except Unencodable as error:
        raise InvalidInput(f"properties: {error}") from None
    size = len(wanted.message.encode()) + len(dumps(properties))
    if size > LARGEST:
        raise TooLarge(f"message and properties have {size} bytes; a schedule takes {LARGEST}")
    return properties
