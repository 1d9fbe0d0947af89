"""One run, from RUN_STARTED to exactly one terminal event, whatever happens in between.

It calls the agent and decides how the run ends; `StartedRun` holds the thread and writes the log.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import aclosing, suppress

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import current_run as current_run
from agui_runtime.agents.border import alive
from agui_runtime.core.copies import replace
from agui_runtime.core.errors import (
    AgentFailure,
    AguiError,
    OwnerLost,
    RunFailure,
    ShuttingDown,
    Stopped,
    StoreFailed,
)
from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.core.grammar import CONTINUING
from agui_runtime.core.jsontext import copied, dumps
from agui_runtime.core.log_lines import logger_of, write_about
from agui_runtime.core.quotas import RunTooLarge, RunTooLong
from agui_runtime.hooks.hook import Hooks
from agui_runtime.off_loop import is_cancelled, is_much, unless_long
from agui_runtime.runs.assignment import Assignment
from agui_runtime.runs.bursts import Bursts
from agui_runtime.runs.deadlines import Deadlines
from agui_runtime.runs.failures import log_failure
from agui_runtime.runs.notes import StoredNotes
from agui_runtime.runs.started_run import StartedRun
from agui_runtime.runs.writer import RunWriter
from agui_runtime.stores.base import Lease, Store

logger = logger_of(__name__)

BREATH = 256
"""After so many events an agent that never waits gives way to the readers."""


class Run:
    """Carries out one assignment: a task of its own does `drive(lease)`, others may `stop()` it.

    `is_awaited`: somebody waits until it has `begun`, and has a turn before its agent goes on.
    """

    def __init__(
        self, assignment: Assignment, store: Store, hooks: Hooks, *, is_awaited: bool = True
    ) -> None:
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_awaited = is_awaited
        self._assignment = assignment
        self._store = store
        self._hooks = hooks
        self._deadlines = Deadlines(assignment.limits)
        self._cause: AguiError | None = None
        self._unbroken = 0
        self._accepted = 0
        self._bytes = 0
        self._most_bytes = assignment.limits.bytes
        self._rest_after = self._until_rest()

    def __repr__(self) -> str:
        request = self._assignment.request
        return f"run {request.run_id} of thread {request.thread_id}"

    async def drive(self, lease: Lease) -> None:
        """Carry out the run to its end; `begun` is done when readers can see its start.

        Raises only what a store raises that cannot store the end.
        """
        notes = StoredNotes(self._store.states, lease.run.thread_id, lease.run.agent)
        context = self._assignment.context
        self._assignment.pricing.prepare()
        write_about(context.request_id, lease.run)
        current_run.set(replace(context, notes=notes, thread_id=lease.run.thread_id))
        alive.set(self._touch)
        writer = RunWriter(self._store.log, lease, self.cut)
        started = StartedRun(self._assignment, lease, self._store, self._hooks, writer)
        try:
            with self._store.log.keep(lease, lambda: self.cut(OwnerLost())):
                await self._drive(started)
        except OwnerLost as loss:
            logger.error("the thread is lost: another process ends the run")
            await self._hooks.run_lost(started.lost(loss))
        except Exception as error:  # a foreign SDK: the store's client
            failure = error if isinstance(error, AguiError) else StoreFailed()
            await self._hooks.run_lost(started.lost(failure))
            raise
        finally:
            self._cause = None  # its traceback refers to all that the run has held, and to the run

    async def _drive(self, started: StartedRun) -> None:
        try:
            self._deadlines.start(self.cut)
            await started.begin()
            _settle(self.begun)
            if self._cause is not None:  # since before the task had its first turn
                self._deadlines.interrupt()
            await self._perform(started)
        except OwnerLost:
            raise
        except asyncio.CancelledError:
            if is_cancelled():
                self._cause = self._cause or ShuttingDown()
            else:
                self._fail(AgentFailure())
        except AguiError as error:
            self._cause = self._cause or error
        except (KeyboardInterrupt, GeneratorExit):  # the process ends, or this coroutine
            raise
        except BaseException:  # noqa: BLE001  # user code: an agent may raise anything, which ends its run
            self._fail(AgentFailure())
        finally:
            was_cancelled = is_cancelled()
            self._deadlines.stop()
            _settle(self.begun)
        await self._end(started, was_cancelled)

    def stop(self) -> None:
        """Interrupt the agent; the run ends as cancelled. Safe at any time, also twice."""
        self.cut(Stopped())

    def cut(self, cause: AguiError) -> None:
        """End the run for this cause; the first cause counts."""
        if self._cause is None:
            self._cause = cause
            self._deadlines.interrupt()

    async def _perform(self, started: StartedRun) -> None:
        request = started.request
        await self._hooks.before_run(started.info, request, self._assignment.context)
        if self.is_awaited:
            await asyncio.sleep(0)  # so that readers can show the start
        if self._cause is not None:
            return
        lent = await _lent(request)
        async with aclosing(Bursts(self._assignment.agent.run(lent), CONTINUING)) as bursts:
            while events := await bursts.next(self._at_once(started)):
                self._deadlines.touch()
                await self._accept(started, events)
                if started.has_ended or self._deadlines.grace_is_over:
                    return
        if started.is_announced:
            raise AgentFailure("the agent's stream broke off before its end", "INCOMPLETE_STREAM")

    def _at_once(self, started: StartedRun) -> int:
        """How many events are taken together: where the run may have to wait for the store, the
        agent does not wait meanwhile, for a timeout of its own would cut the run.
        """
        return 1 if started.is_behind else self._rest_after - self._unbroken

    def _touch(self) -> None:
        """The agent lives, but emits nothing: one that was stopped has no longer than others."""
        self._deadlines.touch()
        if self._deadlines.grace_is_over:
            raise asyncio.CancelledError

    async def _accept(self, started: StartedRun, events: Sequence[Event]) -> None:
        if self._cause is not None and events[-1]["type"] in TERMINAL:
            events = events[:-1]  # what cut the run decides how it ends
        most = self._most_bytes
        fitting = events if most is None else self._fitting(events, most)
        self._unbroken += await started.accept(fitting)
        if most is not None and len(fitting) < len(events):
            raise RunTooLarge(most)
        if self._unbroken >= self._rest_after:
            await self._rest()

    def _fitting(self, events: Sequence[Event], most: int) -> Sequence[Event]:
        """The first events, as many as may still be emitted."""
        for count, event in enumerate(events):
            self._bytes += len(dumps(event))
            if self._bytes > most:
                return events[:count]
        return events

    async def _rest(self) -> None:
        """Let others have their turn, unless the agent has emitted too much; raises RunTooLong."""
        self._accepted += self._unbroken
        self._unbroken = 0
        most = self._assignment.limits.events
        if most is not None and self._accepted > most:
            raise RunTooLong(most)
        self._rest_after = self._until_rest()
        await asyncio.sleep(0)

    def _until_rest(self) -> int:
        """So many events without one; then it is looked how many there are in all."""
        most = self._assignment.limits.events
        return BREATH if most is None else min(BREATH, most + 1 - self._accepted)

    def _fail(self, failure: RunFailure) -> None:
        if self._cause is None:
            failure.__cause__ = sys.exception()
            self._cause = failure

    async def _end(self, started: StartedRun, was_cancelled: bool) -> None:
        if was_cancelled:
            await _cancellation()
        unwritten = await started.settle()
        if isinstance(self._cause, OwnerLost):  # from here on the thread is another process's
            raise self._cause
        failure = await started.end(unwritten, self._cause)
        if failure is not None:
            log_failure(started.info.agent, failure)
        if self._hooks.read_reports:
            await self._hooks.after_run(started.report(failure))


async def _cancellation() -> None:
    """Take the one that may still come: a task that cancels itself, as where an agent or a hook
    stops the run, is cancelled where it waits next.
    """
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _lent(request: RunAgentInput) -> RunAgentInput:
    """The request for the agent, with a state of its own: many change it in place."""
    if not request.state:
        return request
    state = await unless_long(is_much(request.state), copied, request.state)
    return request.model_copy(update={"state": state})
