"""Looks for schedules that are due, in every process over a store that has any."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from agui_runtime.core.errors import AguiError, ShuttingDown
from agui_runtime.core.events import RunRequest
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.core.schedules import Schedule
from agui_runtime.hooks.hook import Hooks
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.firings import Firings
from agui_runtime.runtime.launcher import Launcher
from agui_runtime.stores.base import Store
from agui_runtime.stores.layers.delegating import schedules_of
from agui_runtime.stores.schedules import Due, Schedules

logger = lasting_logger_of(__name__)

EVERY = 2.0
"""Seconds between two looks: what other processes make is seen by then."""

SOON = 0.25
"""The same while something is due that others may be firing."""

MOST = 50
"""So many firings are under way at a time."""

ELSEWHERE = 60.0
"""Seconds for which a process that does not have the agent waits for others that may have it."""


class Scheduler:
    """`launcher` says whether runs are started here, and of which agents."""

    def __init__(self, schedules: Schedules, firings: Firings, launcher: Launcher) -> None:
        self._schedules = schedules
        self._firings = firings
        self._launcher = launcher
        self._firing: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._is_well = True

    def open(self) -> None:
        self._looking = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Return when nothing is looked for, and what was taken is noted."""
        self._closing.set()
        if self._looking is not None:
            await asyncio.wait([self._looking])
        if self._firing:
            await asyncio.wait(set(self._firing))

    async def _watch(self) -> None:
        while not self._closing.is_set():
            pause = await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._closing.wait()

    async def _look(self) -> float:
        """Fire what is due; how many seconds later to look again."""
        try:
            self._launcher.check()
            found = await self._schedules.due(MOST - len(self._firing))
            taken = await self._take(found)
        except ShuttingDown:
            return EVERY
        except AguiError as error:
            self._note_trouble(error.message)
            return EVERY
        except Exception as error:  # noqa: BLE001  # a foreign SDK: the store's client
            self._note_trouble(repr(error))
            return EVERY
        self._is_well = True
        return _pause(found, taken)

    def _note_trouble(self, cause: str) -> None:
        """Once, until it is over."""
        if self._is_well:
            logger.error("schedules do not fire for now: %s", cause)
        self._is_well = False

    async def _take(self, found: Due) -> int:
        """How many of them are fired here."""
        due = [each for each in found.schedules if self._is_for_here(each, found.now)]
        random.shuffle(due)  # all processes look at the same moment
        count = 0
        for each in due:
            taken = await self._firings.take(each, found.now)
            if taken is not None:
                self._begin(taken)
                count += 1
        return count

    def _is_for_here(self, schedule: Schedule, now: float) -> bool:
        woken = schedule.wakes_at
        return self._launcher.knows(schedule.agent) or (
            woken is not None and now - woken > ELSEWHERE
        )

    def _begin(self, taken: Schedule) -> None:
        task = asyncio.create_task(self._fire(taken))
        self._firing.add(task)
        task.add_done_callback(self._firing.discard)

    async def _fire(self, taken: Schedule) -> None:
        try:
            await self._firings.fire(taken)
        except AguiError as error:  # another process, or this one, takes it again
            logger.error("schedule %s does not fire yet: %s", taken.schedule_id, error.message)
        except Exception:  # a foreign SDK: the store's client
            logger.exception("schedule %s does not fire yet", taken.schedule_id)


def opened(
    store: Store,
    start: Callable[[RunRequest], Awaitable[RunHandle]],
    hooks: Hooks,
    launcher: Launcher,
) -> Scheduler | None:
    """One that looks from now on; None for a store that can have no schedules."""
    schedules = schedules_of(store)
    if schedules is None:
        return None
    made = Scheduler(schedules, Firings(schedules, store, start, hooks), launcher)
    made.open()
    return made


def _pause(found: Due, taken: int) -> float:
    if found.next_at is None:
        return EVERY
    if found.next_at > found.now:
        return min(EVERY, found.next_at - found.now)
    return 0.0 if taken else SOON
