"""Runs that recur: a schedule, its firings, and how one is taken, ended and counted. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from agui_runtime.core.errors import RequestError
from agui_runtime.core.jsontext import Json

Outcome: TypeAlias = Literal["started", "skipped", "failed"]
"""What became of a firing: its run was started, it was not because another run held the thread, or
it could not be.
"""


@dataclass(frozen=True, slots=True)
class Firing:
    """One time at which a schedule was due, in seconds since 1970, and the run that it means.

    `missed` counts the times that passed after it while nobody was there to fire: they are not
    caught up.
    """

    due_at: float
    thread_id: str
    run_id: str
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Fired:
    """What became of a firing, and when that was known; the code and message say why no run was
    started.
    """

    firing: Firing
    outcome: Outcome
    at: float
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A firing that a process is about to start. After `until` the process counts as gone, and
    another one starts the same run.
    """

    firing: Firing
    until: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """Runs of an agent for an owner, at the times that a cron expression names in a time zone.

    `thread_id` is where its runs are written, None for a new thread with each of them. `message` is
    what the agent is sent as a user's message. `next_at` is None where the expression names no more
    times. `version` is a new one with each change.
    """

    schedule_id: str
    owner: str
    agent: str
    cron: str
    zone: str
    message: str
    created_at: float
    thread_id: str | None = None
    properties: Mapping[str, Json] = field(default_factory=dict)
    paused: bool = False
    next_at: float | None = None
    taken: Taken | None = None
    last: Fired | None = None
    version: str = ""

    @property
    def wakes_at(self) -> float | None:
        """When somebody has to look after it; None if nobody has."""
        if self.taken is not None:
            return self.taken.until
        return None if self.paused else self.next_at


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A schedule that somebody wants: which agent is to be sent which message, and when. `zone` is
    a name of the IANA's. With `thread_id` its runs go on with that thread, which is the caller's or
    does not exist yet; without, each begins a thread. `properties` are as a front end's.
    """

    cron: str
    message: str
    agent: str = "default"
    zone: str = "UTC"
    thread_id: str | None = None
    properties: Mapping[str, Json] = field(default_factory=dict)


class ScheduleNotFound(RequestError):
    """The schedule does not exist, or belongs to another caller: both answer alike."""

    code, status = "SCHEDULE_NOT_FOUND", 404

    def __init__(self, schedule_id: str) -> None:
        super().__init__(f"no schedule {schedule_id!r}")


class TooManySchedules(RequestError):
    """The owner has as many schedules as one may have."""

    code, status = "TOO_MANY_SCHEDULES", 409

    def __init__(self, most: int) -> None:
        super().__init__(f"you have {most} schedules, which is the most; delete one first")


def changed(schedule: Schedule) -> Schedule:
    """The schedule as a new version."""
    return replace(schedule, version=uuid.uuid4().hex)


def firing_of(schedule: Schedule, due_at: float, missed: int = 0) -> Firing:
    """The firing of that time: whoever makes it means the same run in the same thread."""
    made = uuid.uuid5(_FIRINGS, f"{schedule.schedule_id}\n{due_at!r}")
    own = str(uuid.uuid5(made, "thread"))
    return Firing(due_at, schedule.thread_id or own, str(made), missed)


_FIRINGS = uuid.UUID("b6b7a3f0-8d0a-5b53-8f0e-6f3d7a8a9c11")
