"""The seam by which schedules are stored. Promises only; no behaviour.

The store compares and replaces. What a schedule means, and when it is due next, is for the runtime
to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from agui_runtime.core.schedules import Schedule


class Due(NamedTuple):
    """The schedules whose `wakes_at` has come by the store's clock, which says `now`; the first to
    wake come first. `next_at` is when the first of all wakes, which may have come; None if none
    does.
    """

    now: float
    next_at: float | None
    schedules: Sequence[Schedule] = ()


class Schedules(Protocol):
    """The schedules of all owners. Each step completes even if its caller is cancelled."""

    async def add(self, schedule: Schedule, most: int) -> None:
        """Store a new one; raises TooManySchedules if its owner has so many."""

    async def get(self, schedule_id: str) -> Schedule | None:
        """The schedule, whoever owns it; the caller compares owners."""

    async def list(self, owner: str) -> Sequence[Schedule]:
        """All of the owner's, the oldest first."""

    async def swap(self, version: str, schedule: Schedule) -> bool:
        """Put the schedule, which has a new version, in the place of that version of it. False, and
        nothing changes, if that is no longer there: somebody changed or deleted it.
        """

    async def delete(self, schedule: Schedule) -> bool:
        """Forget it, whatever its version; False if it was not there."""

    async def due(self, most: int) -> Due:
        """Up to so many schedules that are to be looked after now."""


@runtime_checkable
class Scheduling(Protocol):
    """A store that has schedules."""

    @property
    def schedules(self) -> Schedules: ...
