"""What every resolver and route calls. It knows agents, runs and stores, and no wire."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from time import time
from typing import Any, Literal, TypeAlias

from ag_ui.core import RunAgentInput

from agui_runtime.actions import Action, action, with_actions
from agui_runtime.connectors.base import Agent, Closable, wrap
from agui_runtime.errors import (
    AgentNotFound,
    Busy,
    InvalidInput,
    Misconfigured,
    ShuttingDown,
    ThreadNotFound,
)
from agui_runtime.events import TERMINAL, Caller, Cursor, Record, RunInfo, RunRequest
from agui_runtime.hooks import Hook, Hooks
from agui_runtime.run import Assignment, Limits, Run
from agui_runtime.stores.base import AgentState, Batch, Lease, RunLog, Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.threads import Threads

logger = logging.getLogger(__name__)

DEFAULT_AGENT = "default"

SAFE_ID = re.compile(r"[A-Za-z0-9._:@~+=/|-]{1,200}")
"""Ids that may become keys of a store; the front ends' own are UUIDs, with or without a prefix."""

DEFAULT_LIMITS = Limits()

BusyPolicy: TypeAlias = Literal["reject", "queue", "supersede"]
"""What a second start on a running thread gets: Busy, its turn later, or the first one's end."""

Authenticate: TypeAlias = Callable[[Any], "Caller | Awaitable[Caller | None] | None"]
"""Who is asking: from the HTTP request (starlette's) to a Caller; None refuses."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a runtime behaves; every default is safe on a public network.

    `queue_timeout` is the longest wait, in seconds, under the policies `queue` and `supersede`.
    `stop_on_disconnect`: a 1.10.6 front end says stop by closing its connection and in no other
    way.
    """

    on_busy: BusyPolicy = "reject"
    queue_timeout: float = 60.0
    stop_on_disconnect: bool = True
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """An agent as front ends see it."""

    name: str
    description: str


class CopilotRuntime:
    """Agents, server-side actions and a store, behind every wire.

    `agents` maps names to whatever `wrap` accepts; the one named `default` answers requests that
    name none. `actions` are typed functions (or `action(...)`) which every agent may call. `store`
    is memory when left out. `authenticate` decides who owns a thread; without it everybody is the
    same anonymous caller.
    """

    def __init__(
        self,
        agents: Mapping[str, object],
        actions: Sequence[Action | Callable[..., Any]] = (),
        *,
        store: Store | None = None,
        authenticate: Authenticate | None = None,
        hooks: Sequence[Hook] = (),
        options: Options | None = None,
    ) -> None:
        self.agents = {name: wrap(source, name) for name, source in agents.items()}
        self.actions = _actions(actions)
        self.store = store or MemoryStore()
        self.threads = Threads(self.store)
        self.authenticate = authenticate
        self.options = options or Options()
        self._hooks = Hooks(hooks)
        self._runs: dict[asyncio.Task[None], Run] = {}
        self._closing = False

    async def open(self) -> None:
        """Connect the store; raises StoreUnavailable."""
        self._closing = False
        await self.store.open()

    async def close(self) -> None:
        """End the live runs with SHUTDOWN, wait for them, and let go of agents and store."""
        self._closing = True
        for run in self._runs.values():
            run.cut(ShuttingDown())
        if self._runs:
            await asyncio.wait(list(self._runs))
        for agent in self.agents.values():
            if isinstance(agent, Closable):
                await agent.close()
        await self.store.close()

    def describe(self) -> list[AgentInfo]:
        """The agents there are."""
        return [AgentInfo(name, agent.description) for name, agent in self.agents.items()]

    def agent(self, name: str | None) -> tuple[str, Agent]:
        """The agent of that name, or the default one; raises AgentNotFound."""
        name = name or DEFAULT_AGENT
        agent = self.agents.get(name)
        if agent is None:
            raise AgentNotFound(name, self.agents)
        return name, agent

    async def start(self, request: RunRequest) -> RunHandle:
        """Start a run, or find the very same one; it goes on whether or not anybody reads it.

        Raises RequestError (AgentNotFound, InvalidInput, ThreadNotFound, Busy) or StoreUnavailable;
        then nothing was started.
        """
        name, agent = self.agent(request.agent)
        asked = _with_ids(request.input)
        info = RunInfo(
            thread_id=asked.thread_id,
            run_id=asked.run_id,
            agent=name,
            owner=request.context.caller.owner,
            started_at=time(),
            fingerprint=request.fingerprint,
        )
        acting = with_actions(agent, self.actions, request.follow_up)
        assignment = Assignment(acting, asked, request.context)
        return await self._launch(info, assignment, self._store_of(request))

    async def stop(self, thread_id: str, caller: Caller, run_id: str | None = None) -> bool:
        """Ask the thread's live run to stop; False if there is none. Raises ThreadNotFound."""
        await self.threads.get(thread_id, caller)
        return await self.store.log.ask_stop(thread_id, run_id)

    async def load_state(self, thread_id: str, agent: str, caller: Caller) -> AgentState | None:
        """What the agent last left in the caller's thread; None if there is nothing, or it is
        another's.

        Raises AgentNotFound.
        """
        name, _ = self.agent(agent)
        try:
            await self.threads.get(thread_id, caller)
        except ThreadNotFound:
            return None
        return await self.store.states.load(thread_id, name)

    def _store_of(self, request: RunRequest) -> Store:
        """Ephemeral runs get a store of their own, which is gone with its last reader."""
        if self._closing:
            raise ShuttingDown
        return MemoryStore() if request.ephemeral else self.store

    async def _launch(self, info: RunInfo, assignment: Assignment, store: Store) -> RunHandle:
        run = Run(assignment, store, self._hooks, self.options.limits)
        lease = await self._claim(info, run.stop, store.log)
        if lease.fresh:
            # From here on the task answers for the lease, also if our caller is cancelled.
            task = asyncio.create_task(run.drive(lease))
            self._runs[task] = run
            task.add_done_callback(self._forget)
            await run.begun
        return RunHandle(lease.run, lease.start, store.log)

    async def _claim(self, info: RunInfo, on_stop: Callable[[], None], log: RunLog) -> Lease:
        """Claim the thread as the policy says; raises Busy when it stays taken."""
        policy = self.options.on_busy
        deadline = asyncio.get_running_loop().time() + self.options.queue_timeout
        while True:
            try:
                return await log.claim(info, on_stop)
            except Busy as busy:
                if policy == "reject":
                    raise
                if policy == "supersede":
                    await log.ask_stop(info.thread_id, busy.run_id)
                try:
                    async with asyncio.timeout_at(deadline):
                        await log.wait_idle(info.thread_id)
                except TimeoutError:
                    raise busy from None

    def _forget(self, task: asyncio.Task[None]) -> None:
        run = self._runs.pop(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("the end of %s could not be stored", run, exc_info=task.exception())


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A run that was started, for whoever asked for it. Dropping it does not end the run."""

    run: RunInfo
    start: Cursor
    _log: RunLog

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """The run's records from RUN_STARTED to its terminal event, as they come; close it
        (`aclosing`).
        """
        async with aclosing(self._log.follow(self.run.thread_id, self.start)) as batches:
            async for batch in batches:
                count = _length_of_run(batch.records)
                if count is None:
                    yield batch
                else:
                    yield replace(batch, records=batch.records[:count])
                    return

    async def stop(self) -> None:
        """Ask the run to stop; does nothing if it has ended."""
        await self._log.ask_stop(self.run.thread_id, self.run.run_id)


def _length_of_run(records: Sequence[Record]) -> int | None:
    """How many of the records belong to the run, if its terminal event is among them."""
    for count, record in enumerate(records, 1):
        if record.event["type"] in TERMINAL:
            return count
    return None


def _actions(sources: Sequence[Action | Callable[..., Any]]) -> tuple[Action, ...]:
    made = tuple(each if isinstance(each, Action) else action(each) for each in sources)
    names = [each.name for each in made]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Misconfigured(f"more than one action is named {sorted(twice)}")
    return made


def _with_ids(asked: RunAgentInput) -> RunAgentInput:
    """The input with ids for what has none; ids from outside are checked first."""
    made = {}
    for field in ("thread_id", "run_id"):
        value = getattr(asked, field)
        if not value:
            made[field] = str(uuid.uuid4())
        elif not SAFE_ID.fullmatch(value):
            raise InvalidInput(
                f"{field}: at most 200 of the characters A-Z a-z 0-9 . _ : @ ~ + = / | -"
            )
    return asked.model_copy(update=made) if made else asked
