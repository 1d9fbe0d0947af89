"""A run that holds its thread: what it begins from, appends, and leaves behind when it ends.

It calls no agent, and does not decide how the run ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from functools import cached_property
from time import time

from agui_runtime.core.copies import replace
from agui_runtime.core.errors import AgentFailure, AguiError, StoreFailed
from agui_runtime.core.events import TERMINAL, Event, Message, RunInfo
from agui_runtime.core.figures import RunFigures
from agui_runtime.core.fold import Fold
from agui_runtime.core.grammar import Grammar
from agui_runtime.core.history import known_ids, prompts_in, without_prompts
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.meter import RunMeter, figures_of
from agui_runtime.core.run_events import (
    ids_of,
    opened,
    reason_of,
    restating,
    rewriting,
    started,
    status_of,
    terminal,
)
from agui_runtime.hooks.hook import Hooks, RunReport
from agui_runtime.off_loop import LONG_LIST, SLICE, is_much, unless_long
from agui_runtime.runs.assignment import Assignment
from agui_runtime.runs.checkpoints import Checkpoints
from agui_runtime.runs.notes import StoredNotes
from agui_runtime.runs.opening import Recognized, recall
from agui_runtime.runs.signatures import Signatures
from agui_runtime.runs.writer import RunWriter
from agui_runtime.stores.base import AgentState, Lease, RunEnd, Store

logger = logger_of(__name__)


class StartedRun:
    """In this order: `begin`, any number of `accept`, `settle`, `end`, `report`."""

    def __init__(
        self, assignment: Assignment, lease: Lease, store: Store, hooks: Hooks, writer: RunWriter
    ) -> None:
        self.request = assignment.request
        """What the agent gets: with `begin`, beside what the thread holds."""
        self.has_ended = False
        """Whether the agent emitted its terminal event."""
        self._assignment = assignment
        self._lease = lease
        self._store = store
        self._hooks = hooks
        self._writer = writer
        self._signatures = Signatures(StoredNotes(store.states, lease.run.thread_id))
        self._meter = RunMeter(lease.run.started_at)
        self._request_ids: Collection[str] = ()
        self._recalled = False
        self._warned = False
        self._last: Sequence[Event] = ()

    @cached_property
    def _fold(self) -> Fold:
        """What the thread adds up to: since `begin`, with what it holds."""
        return Fold()

    @cached_property
    def _grammar(self) -> Grammar:
        return Grammar()

    @property
    def info(self) -> RunInfo:
        return self._lease.run

    @property
    def is_behind(self) -> bool:
        """Whether the next event may have to wait for the store."""
        return self._writer.is_behind or bool(self._signatures.unsaved)

    @property
    def is_announced(self) -> bool:
        """Whether the agent emitted a RUN_STARTED."""
        return self._grammar.announced

    async def begin(self) -> None:
        """Merge the request with what the thread holds; readers can see RUN_STARTED afterwards."""
        run = self._lease.run
        saved = await self._store.states.load(run.thread_id, run.agent)
        every = self._assignment.limits.save_every
        self._checkpoints = Checkpoints(self._store.states, run, saved, every)
        stored = saved.messages if saved else ()
        messages, truth = self.request.messages, self._assignment.history
        most = LONG_LIST if truth == "client" else SLICE  # a thread's messages become models anew
        long = max(len(messages), len(stored)) > most
        beside = await unless_long(long, Recognized.of, messages, stored, self._lease.known)
        if self._assignment.may_be_long:
            long = long or is_much(beside.others_in(messages), self.request.state)
        found = await unless_long(long, recall, self.request, truth, saved, beside)
        self.request = await self._signatures.recalled(found.request)
        self._fold, self._request_ids = found.fold, found.request_ids
        self._grammar = found.grammar
        self._recalled = True
        await self._writer.add([started(self.request, found.news)])
        if found.restated:
            await self._writer.add([restating(self.request.state)])
        if found.rewritten and await self._knows_all(stored):
            await self._writer.add([rewriting(self._fold.shared_messages)])
        await self._writer.flush()

    async def _knows_all(self, stored: Sequence[Message]) -> bool:
        """Whether this run may rewrite the thread's messages without losing one: its agent's state
        and its request hold all of them, or no other agent took part.
        """
        run = self._lease.run
        if self._lease.known <= known_ids(stored) | self._fold.ids:
            return True
        runs = await self._store.threads.runs(run.thread_id)
        return all(each.agent == run.agent for each in runs)

    def accept(self, events: Sequence[Event]) -> Awaitable[int]:
        """Append what the grammar makes of events of the agent's, and answer how many those are;
        the end is not among them, `end` appends it.
        """
        light = self._grammar.continuing(events)  # which is nothing to the meter
        if len(light) == len(events):  # as nearly always
            return self._keep(light)
        return self._accept(light, events[len(light) :])

    async def _accept(self, light: Sequence[Event], events: Sequence[Event]) -> int:
        ends = events[-1]["type"] in TERMINAL
        count = await self._keep(light)
        legal: list[Event] = []
        try:
            for event in events[: len(events) - ends]:
                legal += self._judge(event)
        finally:  # what comes before an event that has no place in the log
            count += await self._keep(legal)
        if ends:  # no run ends well whose words the store does not take
            self._last, self.has_ended = self._judge(events[-1]), True
            self._note(self._last)
        elif events[-1]["type"] == "STATE_SNAPSHOT" and self._checkpoints.due:
            await self._writer.flush()  # what is saved stands in the log
            await self._checkpoints.save(self._fold.state)
        return count

    def _judge(self, event: Event) -> Sequence[Event]:
        """What the log gets for it."""
        legal = self._grammar.accept(event)
        if event["type"] == "REASONING_ENCRYPTED_VALUE":
            legal = self._signatures.without(legal)
        if legal:
            self._meter.feed(legal, time())
        return legal

    async def _keep(self, legal: Sequence[Event]) -> int:
        if not legal:
            return 0
        if self._signatures.unsaved:
            await self._signatures.save()
        self._note(legal)
        await self._writer.add(legal)
        return len(legal)

    async def settle(self) -> Sequence[Event]:
        """Wait for the write that is under way; returns the accepted events that are not stored."""
        return await self._writer.rest()

    async def end(self, unwritten: Sequence[Event], cause: AguiError | None) -> AguiError | None:
        """Append the rest of the log with the terminal event, save the state, free the thread.

        `cause` is what cut the run, or None where it ran to its end. Returns the failure that it
        has ended with, if any, whose traceback may refer to all of the run.
        """
        self._end, cause = await self._released(unwritten, cause)
        return self._failure(self._end.events[-1], cause)

    def report(self, failure: AguiError | None) -> RunReport:
        """What is known of it when it has ended, with this failure."""
        spoken = without_prompts(self._fold.added)
        return RunReport(
            run=self._end.of(self._lease.run),
            context=self._assignment.context,
            messages=[message for message in spoken if message["id"] not in self._request_ids],
            request=self.request,
            failure=failure,
            usage=self._end.events[-1].get("usage") or (),
        )

    def lost(self, failure: AguiError) -> RunReport:
        """What is known of it where its end is not stored."""
        return RunReport(
            run=replace(self._lease.run, status="failed", ended_at=time()),
            context=self._assignment.context,
            messages=(),
            request=self.request,
            failure=failure,
        )

    async def _end_of(self, unwritten: Sequence[Event], cause: AguiError | None) -> RunEnd:
        """All that the run leaves behind."""
        events = [*unwritten, *self._last_events(cause)]
        return RunEnd(
            events=events,
            status=status_of(events[-1]),
            ended_at=time(),
            message_ids=self._fold.ids_beside(self._lease.known),
            # What could not be read is not replaced by less.
            state=self._state() if self._recalled else None,
            figures=await self._priced_figures(),
        )

    def _state(self) -> AgentState:
        if prompts := prompts_in(self._fold.added):  # a saved state holds none
            self._fold.drop(prompts)
        return AgentState(self._fold.state, self._fold.shared_messages)

    async def _priced_figures(self) -> RunFigures:
        figures = self._meter.figures()
        if figures.tokens is None:
            return figures
        usage, parts = self._meter.usage(), self._meter.usage_by_message()
        pricing = self._assignment.pricing
        costs = {id_: await pricing.cost(part) for id_, part in parts.items() if part}
        messages = [replace(each, cost=costs.get(each.message_id)) for each in figures.messages]
        return replace(figures, cost=await pricing.cost(usage), messages=tuple(messages))

    async def _released(
        self, unwritten: Sequence[Event], cause: AguiError | None
    ) -> tuple[RunEnd, AguiError | None]:
        """Write the end. Where that fails as nobody expected, write one that reports this, so that
        the thread does not stay taken.
        """
        try:
            if self._signatures.unsaved:  # while the run still holds its thread
                await self._signatures.save()
            end = await self._end_of(unwritten, cause)
            await self._store.log.release(self._lease, end)
        except Exception as error:  # a foreign SDK: the store's client; or a fault of our own
            if isinstance(error, AguiError) and not isinstance(error, StoreFailed):
                raise
            logger.exception("the end of the run is not stored as it was")
            cause, self._last = StoreFailed(), ()
            failed = [terminal(self.info, cause)]
            end = RunEnd(failed, "failed", time(), figures=figures_of(failed))
            await self._store.log.release(self._lease, end)
        return end, cause

    def _failure(self, end: Event, cause: AguiError | None) -> AguiError | None:
        """The failure that the terminal event reports: the run's own, or one the agent emitted."""
        if end["type"] != "RUN_ERROR":
            return None
        own = None if self._last else cause
        return own or AgentFailure(end["message"], end.get("code", AgentFailure.code))

    def _last_events(self, cause: AguiError | None) -> Sequence[Event]:
        """The events that the log still lacks: closers of what is open, and the terminal event,
        which is the agent's own or one made for it.
        """
        if isinstance(cause, StoreFailed):  # nobody knows what is open in the log
            failed = [terminal(self.info, cause)]
            self._meter.feed(failed)
            return failed
        if self._last:  # what came after its end, while the agent cleaned up, changes nothing
            *rest, end = self._last
            ids = ids_of(self.info)
            return [*rest, end | ids if end["type"] == "RUN_FINISHED" else end]
        opening = () if self._recalled else (opened(self.request),)
        ending = [*self._grammar.closers(reason_of(cause)), terminal(self.info, cause)]
        made = [*opening, *ending]
        self._meter.feed(made, time())
        self._note(made)
        return made

    def _note(self, events: Sequence[Event]) -> None:
        if self._hooks.see_events:
            self._hooks.on_events(self._lease.run, events)
            events = list(events)  # one may have changed since its stretch was joined
        self._fold.feed_all(events)
        if self._fold.warnings:
            self._warn()

    def _warn(self) -> None:
        """Log what clients cannot apply either; the first time, as it may be each event of many."""
        if not self._warned:
            agent, warning = self._lease.run.agent, self._fold.warnings[0]
            logger.warning("agent %r: %s; front ends pass over it, too", agent, warning)
        self._warned = True
        self._fold.warnings.clear()
