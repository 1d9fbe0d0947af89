"""What clients write into threads of their own without an agent: messages, and notes of a wire."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from time import time
from typing import TypeAlias

from agui_runtime.agents.run_input import typed
from agui_runtime.core.access import Access, Resource
from agui_runtime.core.errors import AgentNotFound, Conflict, StateUnreadable
from agui_runtime.core.events import Caller, Event, Message, RunInfo, ThreadInfo
from agui_runtime.core.fold import fold
from agui_runtime.core.history import known_ids, without_prompts
from agui_runtime.core.ids import check_id
from agui_runtime.core.jsontext import Json
from agui_runtime.core.run_events import rewriting, started, terminal
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import AgentState, Lease, RunEnd

Change: TypeAlias = Callable[[Sequence[Message]], Sequence[Message]]
"""From a thread's messages to what they become."""


class ThreadEdits:
    """Each change is a run of its own in the log, so that every reader of the thread gets it; it
    holds the thread for so long, and no agent takes part.
    """

    def __init__(self, runtime: CopilotRuntime) -> None:
        self._runtime = runtime

    async def create(self, thread_id: str, caller: Caller) -> ThreadInfo:
        """A thread without messages; it is the default agent's, or the first one's, until an agent
        runs in it. Raises ThreadNotFound for somebody else's, Forbidden and AgentNotFound.
        """
        check_id(thread_id, "thread_id")
        agent = self._usual_agent()
        here = Resource(agent, thread_id)
        await self._runtime.permissions.check(caller, "save_state", here)
        return await self._runtime.store.threads.obtain(thread_id, caller.owner, agent)

    async def add(self, thread_id: str, caller: Caller, messages: Sequence[Message]) -> None:
        """Append the messages; raises ThreadNotFound, Forbidden, Busy and InvalidInput."""
        thread = await self._runtime.threads.get(thread_id, caller, "save_state")
        await self._write(thread, caller, messages, lambda before: [*before, *messages])

    async def change(self, thread_id: str, caller: Caller, change: Change) -> None:
        """Take messages out, or parts of some; raises ThreadNotFound, Forbidden and Busy, and what
        `change` raises: then nothing has changed.
        """
        thread = await self._runtime.threads.get(thread_id, caller, "save_state")
        await self._write(thread, caller, (), change)

    async def note(self, thread_id: str, caller: Caller, name: str) -> Json:
        """What a wire has noted of the thread under that name, None if it has nothing; raises
        ThreadNotFound and Forbidden.
        """
        await self._runtime.threads.get(thread_id, caller)
        saved = await self._runtime.store.states.load(thread_id, f"#{name}")
        return saved.state if saved else None

    async def write_note(
        self,
        thread_id: str,
        caller: Caller,
        name: str,
        note: Callable[[Json], Json],
        access: Access = "rename",
    ) -> Json:
        """Make a new note of the one that there is; nothing that is noted meanwhile is lost. Raises
        ThreadNotFound and Forbidden.
        """
        await self._runtime.threads.get(thread_id, caller, access)
        states = self._runtime.store.states
        while True:
            saved = await states.load(thread_id, f"#{name}") or AgentState()
            made = note(saved.state)
            try:
                await states.save(thread_id, f"#{name}", AgentState(made), saved.version)
            except Conflict:
                continue
            return made

    def _usual_agent(self) -> str:
        try:
            return self._runtime.agent(None)[0]
        except AgentNotFound:
            if not self._runtime.agents:
                raise
            return next(iter(self._runtime.agents))

    async def _write(
        self, thread: ThreadInfo, caller: Caller, news: Sequence[Message], change: Change
    ) -> None:
        log = self._runtime.states.store.log
        ids = (thread.thread_id, str(uuid.uuid4()))
        run = RunInfo(*ids, thread.agent, thread.owner, started_at=time())
        lease = await log.claim(run, _ignored)
        with log.keep(lease, _ignored):
            history = None if news else await self._changed(lease, caller, change)
            await self._change_states(thread, change, whole=not news)
            known = known_ids(news) - lease.known
            events = _events(run, news, history)
            await log.release(lease, RunEnd(events, "finished", time(), known))

    async def _changed(self, lease: Lease, caller: Caller, change: Change) -> Sequence[Message]:
        """The thread's messages behind the change."""
        records = await self._runtime.threads.read(lease.run.thread_id, caller, lease.start)
        events = [each.event for each in records]
        folded = await unless_long(len(events) > LONG_LIST or is_much(events), fold, events)
        return change(without_prompts(folded.shared_messages))

    async def _change_states(self, thread: ThreadInfo, change: Change, *, whole: bool) -> None:
        """What agents keep of the messages: all of them, or the thread's own."""
        states = self._runtime.states
        agents = set() if thread.agent in states.schemas else {thread.agent}
        async with aclosing(states.store.states.keys(thread.thread_id)) as keys:
            agents |= {
                key.agent
                async for key in keys
                if key.agent == thread.agent or (whole and "#" not in key.agent)
            }
        for agent in sorted(agents):
            with suppress(StateUnreadable):  # it is reported to whoever asks for that state
                await self._change_state(thread.thread_id, agent, change)

    async def _change_state(self, thread_id: str, agent: str, change: Change) -> None:
        states = self._runtime.states.store.states
        saved = await states.load(thread_id, agent) or AgentState({})
        made = list(change(saved.messages))
        if made != list(saved.messages):
            await states.save(thread_id, agent, replace(saved, messages=made), saved.version)


def _events(
    run: RunInfo, news: Sequence[Message], history: Sequence[Message] | None
) -> Sequence[Event]:
    """The run's, in which the thread is stated anew where it has another history."""
    ids = {"threadId": run.thread_id, "runId": run.run_id}
    lists = {"messages": list(news), "tools": [], "context": []}
    request = typed({**ids, **lists, "state": None, "forwardedProps": {}})
    stated = [] if history is None else [rewriting(history)]
    return [started(request, news), *stated, terminal(request, None)]


def _ignored() -> None:
    """A change is over before anybody could stop it."""
