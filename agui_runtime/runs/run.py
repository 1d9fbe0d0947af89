"""One run, from RUN_STARTED to exactly one terminal event, whatever happens in between.

A run writes to its log and knows nothing of readers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from time import time
from uuid import uuid4

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import Agent, current_run as current_run
from agui_runtime.agents.items import ItemReader, answered, closing
from agui_runtime.core.errors import (
    AgentFailure,
    AguiError,
    OwnerLost,
    RunFailure,
    ShuttingDown,
    Stopped,
    StoreFailed,
)
from agui_runtime.core.events import TERMINAL, Event, Message, RunContext
from agui_runtime.core.fold import Fold
from agui_runtime.core.grammar import Grammar
from agui_runtime.core.history import Truth, known_ids, without_prompts
from agui_runtime.core.jsontext import copied
from agui_runtime.core.log_lines import logger_of, write_about
from agui_runtime.core.run_events import (
    ids_of,
    opened,
    reason_of,
    rewriting,
    started,
    status_of,
    terminal,
)
from agui_runtime.core.split_characters import Halves
from agui_runtime.hooks.hook import Hooks, RunReport
from agui_runtime.off_loop import LONG_LIST, is_cancelled, is_much, unless_long
from agui_runtime.runs.checkpoints import Checkpoints
from agui_runtime.runs.deadlines import Deadlines, RunLimits
from agui_runtime.runs.notes import StoredNotes
from agui_runtime.runs.opening import recall
from agui_runtime.runs.signatures import Signatures
from agui_runtime.runs.writer import RunWriter
from agui_runtime.stores.base import AgentState, Lease, RunEnd, Store

logger = logger_of(__name__)

BREATH = 256
"""After so many events an agent that never waits gives way to the readers."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a run is to do: which agent answers which request, in which context, and whether the
    front end's messages or the thread's are the conversation so far.
    """

    agent: Agent
    request: RunAgentInput
    context: RunContext
    history: Truth = "client"


class Run:
    """Carries out one assignment: a task of its own does `drive(lease)`, others may `stop()` it."""

    def __init__(
        self, assignment: Assignment, store: Store, hooks: Hooks, limits: RunLimits
    ) -> None:
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._assignment = assignment
        self._request = assignment.request
        self._store = store
        self._hooks = hooks
        self._fold = Fold()
        self._grammar = Grammar((), new_id=_new_id)
        self._halves = Halves()
        self._request_ids: Collection[str] = ()
        self._recalled = False
        self._deadlines = Deadlines(limits, self.cut)
        self._save_every = limits.save_every
        self._cause: AguiError | None = None
        self._last: Sequence[Event] = ()
        self._announced = False
        self._unbroken = 0

    def __repr__(self) -> str:
        request = self._assignment.request
        return f"run {request.run_id} of thread {request.thread_id}"

    async def drive(self, lease: Lease) -> None:
        """Carry out the run to its end; `begun` is done when readers can see its start.

        Raises only what a store raises that cannot store the end.
        """
        notes = StoredNotes(self._store.states, lease.run.thread_id, lease.run.agent)
        context = self._assignment.context
        write_about(context.request_id, lease.run)
        current_run.set(replace(context, notes=notes))
        self._lease = lease
        self._writer = RunWriter(self._store.log, lease, self.cut)
        self._signatures = Signatures(StoredNotes(self._store.states, lease.run.thread_id))
        try:
            with self._store.log.keep(lease, lambda: self.cut(OwnerLost())):
                await self._drive()
        except OwnerLost:
            logger.error("the thread is lost: another process ends the run")
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Hold nothing large any more: a run and what watches it refer to each other, and stay
        until the garbage collector looks at the oldest objects, which is seldom.
        """
        ids = self._assignment.request
        self._request = RunAgentInput(thread_id=ids.thread_id, run_id=ids.run_id, messages=[])
        self._assignment = replace(self._assignment, request=self._request)
        self._fold, self._grammar, self._last = Fold(), Grammar(()), ()

    async def _drive(self) -> None:
        try:
            self._deadlines.start()
            await self._begin()
            await self._perform()
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
        except BaseException:  # noqa: BLE001  # an agent may raise anything; here its run learns of it
            self._fail(AgentFailure())
        finally:
            self._deadlines.stop()
            _settle(self.begun)
        await self._end()

    def stop(self) -> None:
        """Interrupt the agent; the run ends as cancelled. Safe at any time, also twice."""
        self.cut(Stopped())

    def cut(self, cause: AguiError) -> None:
        """End the run for this cause; the first cause counts."""
        if self._cause is None:
            self._cause = cause
            self._deadlines.interrupt()

    async def _begin(self) -> None:
        request, run = self._request, self._lease.run
        saved = await self._store.states.load(run.thread_id, run.agent)
        self._checkpoints = Checkpoints(self._store.states, run, saved, self._save_every)
        stored = saved.messages if saved else ()
        long = len(stored) > LONG_LIST or is_much(request.messages, request.state)
        truth, known = self._assignment.history, self._lease.known
        found = await unless_long(long, recall, request, truth, saved, known)
        self._request = await self._signatures.recalled(found.request)
        self._fold, self._request_ids = found.fold, found.request_ids
        self._grammar = found.grammar
        self._recalled = True
        await self._writer.add([started(self._request, found.news)])
        if found.rewritten and await self._knows_all(stored):
            await self._writer.add([rewriting(self._fold.shared_messages)])
        await self._writer.flush()
        _settle(self.begun)

    async def _knows_all(self, stored: Sequence[Message]) -> bool:
        """Whether this run may rewrite the thread's messages without losing one: its agent's state
        and its request hold all of them, or no other agent took part.
        """
        run = self._lease.run
        if self._lease.known <= known_ids(stored) | self._fold.ids:
            return True
        runs = await self._store.threads.runs(run.thread_id)
        return all(each.agent == run.agent for each in runs)

    async def _perform(self) -> None:
        request = self._request
        await self._hooks.before_run(self._lease.run, request, self._assignment.context)
        if self._cause is not None:
            return
        reader, lent = ItemReader(), await _lent(request)
        async with closing(answered(self._assignment.agent.run(lent), lent)) as items:
            async for item in items:
                self._deadlines.touch()
                for event in reader.feed(item):
                    await self._accept(event)
                if self._grammar.ended or self._deadlines.grace_is_over:
                    return
        for event in reader.end():
            await self._accept(event)
        if self._announced:
            raise AgentFailure("the agent's stream broke off before its end", "INCOMPLETE_STREAM")

    async def _accept(self, event: Event) -> None:
        if event["type"] == "RUN_STARTED":
            self._announced = True
        if event["type"] in TERMINAL and self._cause is not None:
            return  # what cut the run decides how it ends
        legal = self._signatures.without(self._halves.joined(self._grammar.accept(event)))
        if not legal:
            return
        if self._signatures.unsaved:
            await self._signatures.save()
        self._note(legal)
        if self._grammar.ended:
            self._last = legal
            return
        await self._writer.add(legal)
        if event["type"] == "STATE_SNAPSHOT":
            await self._save_state()
        self._unbroken += 1
        if self._unbroken >= BREATH:
            self._unbroken = 0
            await asyncio.sleep(0)

    async def _save_state(self) -> None:
        if self._checkpoints.due:
            await self._writer.flush()  # what is saved stands in the log
            await self._checkpoints.save(self._fold.state)

    def _note(self, events: Sequence[Event]) -> None:
        for event in events:
            self._hooks.on_event(self._lease.run, event)
            self._fold.feed(event)

    def _fail(self, failure: RunFailure) -> None:
        if self._cause is None:
            logger.exception("the agent failed")
            self._cause = failure

    async def _end(self) -> None:
        unwritten = await self._writer.rest()
        if isinstance(self._cause, OwnerLost):
            raise self._cause
        if self._signatures.unsaved:
            await self._signatures.save()
        events = [*unwritten, *self._last_events()]
        messages: Sequence[Message] = self._fold.shared_messages
        spoken = without_prompts(self._fold.added)
        if len(spoken) < len(self._fold.added):  # a saved state holds no prompts
            messages = without_prompts(messages)
        end = RunEnd(
            events=events,
            status=status_of(events[-1]),
            ended_at=time(),
            message_ids=self._fold.ids - self._lease.known,
            # What could not be read is not replaced by less.
            state=AgentState(self._fold.state, messages) if self._recalled else None,
        )
        end = await self._release(end)
        report = RunReport(
            run=replace(self._lease.run, status=end.status, ended_at=end.ended_at),
            context=self._assignment.context,
            messages=[message for message in spoken if message["id"] not in self._request_ids],
            request=self._request,
            failure=self._failure(end.events[-1]),
            usage=end.events[-1].get("usage") or (),
        )
        await self._hooks.after_run(report)

    async def _release(self, end: RunEnd) -> RunEnd:
        """Write the end. Where the store fails with an error of its client's, write an end that
        reports this.
        """
        try:
            await self._store.log.release(self._lease, end)
        except AguiError:
            raise
        except Exception:  # a thread must not stay taken, whatever a store's client raises
            logger.exception("the end of the run is not stored as it was")
            self._cause, self._last = StoreFailed(), ()
            end = RunEnd([terminal(self._request, self._cause)], "failed", end.ended_at)
            await self._store.log.release(self._lease, end)
        return end

    def _failure(self, end: Event) -> AguiError | None:
        """The failure that the terminal event reports: the run's own, or one the agent emitted."""
        if end["type"] != "RUN_ERROR":
            return None
        own = None if self._last else self._cause
        return own or AgentFailure(end["message"], end.get("code", AgentFailure.code))

    def _last_events(self) -> Sequence[Event]:
        """The events that the log still lacks: closers of what is open, and the terminal event,
        which is the agent's own or one made for it.
        """
        if isinstance(self._cause, StoreFailed):  # nobody knows what is open in the log
            return [terminal(self._request, self._cause)]
        if self._last:  # what came after its end, while the agent cleaned up, changes nothing
            *rest, end = self._last
            ids = ids_of(self._assignment.request)
            return [*rest, end | ids if end["type"] == "RUN_FINISHED" else end]
        opening = () if self._recalled else (opened(self._request),)
        ending = [
            *self._grammar.closers(reason_of(self._cause)),
            terminal(self._request, self._cause),
        ]
        made = [*opening, *self._halves.joined(ending)]
        self._note(made)
        return made


def _new_id() -> str:
    return str(uuid4())


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _lent(request: RunAgentInput) -> RunAgentInput:
    """The request for the agent, with a state of its own: many change it in place."""
    if not request.state:
        return request
    state = await unless_long(is_much(request.state), copied, request.state)
    return request.model_copy(update={"state": state})
