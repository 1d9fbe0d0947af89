"""Looks after the runs that wait, in every process that posts runs or carries them out."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from time import monotonic

from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.core.queueing import QueueFigures
from agui_runtime.hooks.hook import Hooks
from agui_runtime.runtime.attendance import Attendance, Unattended
from agui_runtime.runtime.overdue import OverdueRuns

logger = lasting_logger_of(__name__)

EVERY, LONGEST = 5.0, 20.0
"""Seconds between two looks, with few runs waiting and with many: a run that is overdue must be
found before the store ends it without its user's message.
"""

COUNTED = 1_000
"""So many runs that wait are counted in a second at most, by each process: databases count them
one by one.
"""


def pause_after(figures: Mapping[str, QueueFigures]) -> float:
    """Seconds until the next look."""
    waiting = sum(each.waiting for each in figures.values())
    return min(LONGEST, max(EVERY, waiting / COUNTED))


class QueueWatch:
    """It reads the figures of all queues once in a while: no request and no scrape does, since
    they take the longer the more runs wait.
    """

    def __init__(self, overdue: OverdueRuns, hooks: Hooks, own: Collection[str]) -> None:
        self._overdue = overdue
        self._hooks = hooks
        self._own = own
        """The queues to which this process posts: they are shown when they are empty, too."""
        self._attendance = Attendance(monotonic())
        self.figures: Mapping[str, QueueFigures] = {}
        """Those of all queues, as they were seen last."""

    @property
    def unattended(self) -> Unattended | None:
        """None while workers look after all that waits."""
        return self._attendance.unattended

    async def watch(self) -> None:
        """Look until cancelled."""
        try:
            while True:
                await asyncio.sleep(min(pause_after(self.figures), self._overdue.seconds))
                await self._look()
        finally:
            self._hooks.queues_seen(self, {})

    async def _look(self) -> None:
        try:
            figures = await self._overdue.figures()
            self._note({**dict.fromkeys(self._own, QueueFigures()), **figures})
            await self._overdue.end_all(figures)
        except AguiError as error:
            self._hooks.queues_seen(self, {})
            logger.warning("looking for runs that wait too long failed: %s", error.message)
        except Exception:  # a foreign SDK: the store's client
            self._hooks.queues_seen(self, {})
            logger.exception("looking for runs that wait too long failed")

    def _note(self, figures: Mapping[str, QueueFigures]) -> None:
        self.figures = figures
        self._hooks.queues_seen(self, figures)
        now = monotonic()
        self._attendance.note(figures, now)
        found = self._attendance.unattended
        if found is not None and self._attendance.due(now):
            queues = ", ".join(f"{count} in {name}" for name, count in found.waiting.items())
            logger.warning("runs wait and no worker has looked for a minute: %s", queues)
