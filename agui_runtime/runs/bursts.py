"""What an agent emits at one go: all that it yields until it waits for something.

A packet of a model holds many words, and each costs less in company.
"""

from __future__ import annotations

from asyncio import CancelledError, Future, current_task, get_running_loop
from collections.abc import AsyncGenerator, Callable, Collection, Generator
from types import coroutine
from typing import TypeAlias, cast

from agui_runtime.core.events import Event
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

_Wait: TypeAlias = Future[object] | None
"""What a coroutine hands to its task when it waits; None where it only gives way."""

LINGER = 0.016
"""Seconds for which a burst goes on at most where the agent only gives way: what a screen shows as
one picture, and readers are sent at one go.
"""

_Step: TypeAlias = Generator[_Wait, None, Event]
"""An agent on its way to its next event."""


class Bursts:
    """Reads an agent's events by the burst; close it (`aclosing`).

    A burst is of events of the `light` kinds. Any other ends it, so that the agent does nothing
    more, and changes nothing that the event refers to, before that has been taken.

    Where the agent waits, what it emitted leaves at once. Where it only gives way, as `sleep(0)`
    does, it is about to go on: then a burst leaves if it is the first or `LINGER` seconds have
    passed since such a one did.
    """

    def __init__(self, events: AsyncGenerator[Event, None], light: Collection[str]) -> None:
        self._events = events
        self._begin = cast("Callable[[], _Step]", events.__anext__)
        self._light = light
        self._burst: list[Event] = []
        self._step: _Step | None = None
        self._wait: _Wait = None
        self._end: BaseException | None = None
        self._now = get_running_loop().time
        self._leaves_at = 0.0
        """When a burst leaves that the agent only gives way in."""

    @coroutine
    def next(self, most: int) -> Generator[_Wait, None, list[Event]]:
        """The next events, at most so many and at least one; none where the agent has ended. Raises
        what the agent raises, after the events before that.
        """
        burst: list[Event] = []
        self._burst = burst
        try:
            if self._end is not None:
                raise self._end
            step, self._step = self._step, None
            event = yield from self._begin() if step is None else _gone_on(step, self._wait)
            burst.append(event)
            if event["type"] in self._light and most > 1:
                yield from self._gather(self._gathered(burst, most))
        except StopAsyncIteration as end:
            self._end = end if burst else None
        except BaseException as failure:  # user code: an agent may raise anything
            if not burst:
                raise
            self._end = failure
        return burst

    @coroutine
    def _gather(self, step: _Step) -> Generator[_Wait, None, None]:
        """Take the step until the burst leaves; if not at its end, it is gone on with later."""
        try:
            wait = step.send(None)
            while wait is None and not self._may_leave():
                try:
                    yield None
                except GeneratorExit:
                    step.close()
                    raise
                except BaseException as failure:  # noqa: BLE001  # user code: raised where it gave way
                    wait = step.throw(failure)
                else:
                    wait = step.send(None)
        except StopIteration:
            return
        self._step, self._wait = step, wait

    def _may_leave(self) -> bool:
        now = self._now()
        if now < self._leaves_at:
            return False
        self._leaves_at = now + LINGER
        return True

    @coroutine
    def _gathered(self, burst: list[Event], most: int) -> Generator[_Wait, None, Event]:
        """Add what comes without a wait. One generator does it for all: an event that leaves it by
        itself is raised, which takes as long as all else. Where it waits, the burst has left when
        it goes on, and the event that comes then is returned.
        """
        while True:
            event = yield from self._begin()
            if self._burst is not burst:
                return event
            burst.append(event)
            if event["type"] not in self._light or len(burst) >= most:
                return event

    async def aclose(self) -> None:
        """Close the agent; where it waits, it is cancelled."""
        self._end = None
        if self._step is not None:
            await self._cancelled()
        await self._events.aclose()

    @coroutine
    def _cancelled(self) -> Generator[_Wait, None, None]:
        """As its task is cancelled, so that the agent's own code can tell; what it still emits or
        raises changes nothing any more.
        """
        step, task = self._step, current_task()
        assert step is not None
        assert task is not None
        self._step, self._burst = None, []
        task.cancel()
        try:
            yield from _gone_on(step, self._wait)
        except (CancelledError, StopAsyncIteration):
            pass
        except Exception:  # user code: what ended the run before counts
            logger.info("an agent failed when it was cancelled", exc_info=True)
        finally:
            task.uncancel()


def _gone_on(step: _Step, wait: _Wait) -> _Step:
    """The event to which an agent gets when it has waited, also if it was cancelled meanwhile."""
    while True:
        try:
            yield wait
        except GeneratorExit:
            step.close()
            raise
        except BaseException as failure:  # noqa: BLE001  # user code: raised where it waits
            try:
                wait = step.throw(failure)
            except StopIteration as arrived:
                return cast(Event, arrived.value)
        else:
            return (yield from step)
