"""How long a run may take, and the watch that cuts it. It knows nothing of events or stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from agui_runtime.core.demands import NATURAL, SECONDS, SOME_SECONDS, check_fields, optional
from agui_runtime.core.errors import RunFailure, RunTimeout
from agui_runtime.core.keyword_arguments import explains_arguments

_DEMANDS = {
    **dict.fromkeys(("first_event", "idle", "total"), optional(SOME_SECONDS)),
    **dict.fromkeys(("stop_grace", "save_every"), SECONDS),
    **dict.fromkeys(("events", "bytes"), optional(NATURAL)),
}


@explains_arguments
@dataclass(frozen=True, slots=True)
class RunLimits:
    """How long a run may take, in seconds, and how many `events`, and `bytes` of them as JSON, its
    agent may emit; None is no limit.

    `first_event` runs from the start, `idle` between two events, `total` over all. An agent that
    was stopped may emit its last events for `stop_grace` seconds, then the run cuts it off. While
    it runs, its state is saved at a snapshot, at most once in `save_every` seconds. Raises
    Misconfigured for what is no such number.
    """

    first_event: float | None = 120.0
    idle: float | None = 600.0
    total: float | None = 3600.0
    events: int | None = None
    bytes: int | None = None
    stop_grace: float = 5.0
    save_every: float = 5.0

    def __post_init__(self) -> None:
        check_fields(self, _DEMANDS)


class Deadlines:
    """Cuts a run when a limit passes, and interrupts the task that carries it out.

    One timer for each run, moved only when it fires: an event costs a look at the clock.
    """

    def __init__(self, limits: RunLimits) -> None:
        self._limits = limits
        self._expire: Callable[[RunFailure], None] = _ignore
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._interrupted_at: float | None = None
        self._latest: float | None = None

    @property
    def grace_is_over(self) -> bool:
        """The run was interrupted, and its agent has had the time to emit its last events."""
        since = self._interrupted_at
        return since is not None and self._now() - since >= self._limits.stop_grace

    def start(self, expire: Callable[[RunFailure], None]) -> None:
        """Begin to watch the task that calls this; `expire` is called when a limit passes."""
        self._expire = expire
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._begun = self._loop.time()
        self._arm()

    def touch(self) -> None:
        first = self._latest is None
        self._latest = self._loop.time()
        if first and self._is_idle_nearer:
            self._arm()

    def interrupt(self) -> None:
        """Cancel what the task awaits; again after each grace time, for agents that swallow it."""
        if self._task is None:
            return
        if self._interrupted_at is None:
            self._interrupted_at = self._now()
        self._task.cancel()
        self._at(self._now() + self._limits.stop_grace, self.interrupt)

    def stop(self) -> None:
        """Watch no longer, and hold nothing of the run: it is freed when nobody else does."""
        if self._task is not None:
            while self._task.uncancel():
                pass
        self._task, self._expire = None, _ignore
        self._cancel_timer()

    @property
    def _is_idle_nearer(self) -> bool:
        """Whether what comes after the first event may have to end before the timer fires."""
        first, idle = self._limits.first_event, self._limits.idle
        return idle is not None and (first is None or idle < first)

    def _now(self) -> float:
        return self._loop.time()

    def _deadlines(self) -> list[tuple[float, str, float]]:
        first, idle, total = self._limits.first_event, self._limits.idle, self._limits.total
        waiting = ("first_event", first) if self._latest is None else ("idle", idle)
        since = self._begun if self._latest is None else self._latest
        rules = [(since, *waiting), (self._begun, "total", total)]
        return [(start + limit, name, limit) for start, name, limit in rules if limit is not None]

    def _arm(self) -> None:
        deadlines = self._deadlines()
        if deadlines and self._interrupted_at is None:
            self._at(min(deadlines)[0], self._check)

    def _check(self) -> None:
        now = self._now()
        due = [rule for rule in self._deadlines() if rule[0] <= now]
        if due:
            _, name, limit = min(due)
            self._expire(RunTimeout(name, limit))
        else:
            self._arm()

    def _at(self, when: float, call: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = self._loop.call_at(when, call)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None


def _ignore(failure: RunFailure) -> None:
    """Nobody is watched."""
