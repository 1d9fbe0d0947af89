"""How a run appends to its log: events gather while a write is under way and go with the next one.

Meanwhile the agent goes on, so it does not wait for the store's round trip with every event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from agui_runtime.core.errors import AguiError, StoreFailed, StoreFull
from agui_runtime.core.events import Event
from agui_runtime.core.log_lines import logger_of
from agui_runtime.stores.base import Lease, RunLog

logger = logger_of(__name__)

AHEAD = 256
"""An agent may be ahead of the store by so many events; then it waits."""

STORED_FIRST = frozenset({"TOOL_CALL_START", "TOOL_CALL_END"})
"""After these a tool may be started. A call is in the log before that, so that whoever ends the run
of a dead process knows of it.
"""


class RunWriter:
    """Appends a run's events in order. `on_failure` is called once with what a write raised.

    `add` takes events and waits for the store only where it must; it raises what a write raised. A
    lease that cannot lapse is of a store in this process: there is nothing to wait for, and each
    event is written at once.
    """

    def __init__(self, log: RunLog, lease: Lease, on_failure: Callable[[AguiError], None]) -> None:
        self._log = log
        self._lease = lease
        self._on_failure = on_failure
        self._gathers = lease.renew_every is not None
        self._gathered: list[Event] = []
        self.is_behind = False
        """Whether the store is so slow that the agent may soon have to wait for it."""
        self._turned_away: Sequence[Event] = ()
        self._writing: asyncio.Future[None] | None = None
        """Done when nothing is being written any more."""
        self._failure: AguiError | None = None

    def add(self, events: Sequence[Event]) -> Awaitable[None]:
        """See above; a plain function, as an event is dear enough without one more coroutine."""
        return self._gather(events) if self._gathers else self._append(events)

    async def flush(self) -> None:
        """Return when all that was added is stored; raises what a write raised."""
        if self._writing is not None:
            await asyncio.shield(self._writing)
        if self._failure is not None:
            raise self._failure

    async def rest(self) -> Sequence[Event]:
        """Wait for the write that is under way, and return the events that are not stored: those
        that gathered meanwhile, or that a full store refused. None after StoreFailed: the log may
        lack events before them.

        Nothing is written afterwards, whatever is added. Raises nothing.
        """
        rest, self._gathered = self._gathered, []
        if self._writing is not None:
            await asyncio.wait([self._writing])  # which a cancellation of ours leaves alone
        if isinstance(self._failure, StoreFailed):
            return ()
        return [*self._turned_away, *rest]

    async def _gather(self, events: Sequence[Event]) -> None:
        self._gathered += events
        self.is_behind = len(self._gathered) > AHEAD // 2
        if self._failure is None and self._writing is None:
            loop = asyncio.get_running_loop()
            self._writing = loop.create_future()
            loop.call_soon(self._write)  # with all that the agent emits before it waits
        if len(self._gathered) >= AHEAD or any(e["type"] in STORED_FIRST for e in events):
            await self.flush()
        elif self._failure is not None:
            raise self._failure

    def _write(self) -> None:
        events, self._gathered, self.is_behind = self._gathered, [], False
        if not events:
            self._settle()
            return
        try:
            # What stores give is mostly a future, so that a token takes no task.
            writing = asyncio.ensure_future(self._log.append(self._lease, events))
        except Exception as error:  # noqa: BLE001  # a foreign SDK: a store of the user's
            self._fail(error, events)
        else:
            writing.add_done_callback(partial(self._written, events))

    def _written(self, events: Sequence[Event], writing: asyncio.Future[None]) -> None:
        error = None if writing.cancelled() else writing.exception()
        if error is not None:
            self._fail(error, events)
        elif writing.cancelled():
            self._settle()
        else:
            self._write()

    def _fail(self, error: BaseException, events: Sequence[Event]) -> None:
        self._failure = self._failure_of(error, events)
        self._on_failure(self._failure)
        self._settle()

    def _settle(self) -> None:
        if self._writing is not None:
            self._writing.set_result(None)
        self._writing = None

    async def _append(self, events: Sequence[Event]) -> None:
        try:
            await self._log.append(self._lease, events)
        except AguiError as error:
            raise self._failure_of(error, events) from error.__cause__
        except Exception as error:  # a foreign SDK: the store's client
            raise self._failure_of(error, events) from error

    def _failure_of(self, error: BaseException, events: Sequence[Event]) -> AguiError:
        """What ends the run, where the events were not stored."""
        if isinstance(error, StoreFull):
            self._turned_away = events
        if isinstance(error, AguiError):
            return error
        run = self._lease.run
        logger.error("run %s of thread %s is not stored", run.run_id, run.thread_id, exc_info=error)
        failure = StoreFailed()
        failure.__cause__ = error
        return failure
