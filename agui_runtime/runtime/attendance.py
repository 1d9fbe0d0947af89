"""Whether workers look after the queues of a runtime. Pure: it is given the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agui_runtime.core.queueing import QueueFigures

MINUTE = 60.0
"""Seconds without a worker after which it is worth a word; a restart takes less."""


@dataclass(frozen=True, slots=True)
class Unattended:
    """No worker has looked for a minute: into no queue at all, or not into these, in which so many
    runs wait.
    """

    waiting: Mapping[str, int]


class Attendance:
    """It is given the figures of all queues, from time to time."""

    def __init__(self, now: float) -> None:
        self._anywhere = now
        """When a worker looked last, into whichever queue."""
        self._last: dict[str, float] = {}
        """The same by queue, or since when the queue is known."""
        self._logged: float | None = None
        self.unattended: Unattended | None = None

    def note(self, figures: Mapping[str, QueueFigures], now: float) -> None:
        """These are the figures now."""
        attended = {name for name, each in figures.items() if each.workers}
        if attended:
            self._anywhere = now
        self._last = {
            name: now if name in attended else self._last.get(name, now) for name in figures
        }
        nobody = now - self._anywhere >= MINUTE
        waiting = {
            name: each.waiting
            for name, each in figures.items()
            if each.waiting and (nobody or now - self._last[name] >= MINUTE)
        }
        self.unattended = Unattended(waiting) if nobody or waiting else None

    def due(self, now: float) -> bool:
        """Whether runs wait for nobody, and it was not said in the last minute; then it is now."""
        if self.unattended is None or not self.unattended.waiting:
            return False
        if self._logged is not None and now - self._logged < MINUTE:
            return False
        self._logged = now
        return True
