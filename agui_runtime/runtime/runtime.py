"""`CopilotRuntime`: what every resolver and route calls. It knows agents, runs and stores, and no
wire.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from time import time
from typing import Any, TypeAlias

from ag_ui.core import RunAgentInput

from agui_runtime.agents.actions import Action, action
from agui_runtime.agents.agent import Agent, Closable, KeepsState, Source, wrap
from agui_runtime.core.errors import AgentNotFound, Busy, Misconfigured, ShuttingDown
from agui_runtime.core.events import Caller, Message, RunContext, RunInfo, RunRequest
from agui_runtime.core.history import without_prompts
from agui_runtime.core.ids import check_id
from agui_runtime.core.quotas import Quota
from agui_runtime.hooks.hook import Hook, Hooks
from agui_runtime.runs.handle import RunHandle as RunHandle
from agui_runtime.runs.run import Assignment, Run
from agui_runtime.runtime.catalog import AgentInfo, Catalog, Sources, described
from agui_runtime.runtime.equipped_agent import Equipment
from agui_runtime.runtime.options import Options as Options
from agui_runtime.runtime.threads import Threads
from agui_runtime.stores.aliased import AliasedStore
from agui_runtime.stores.base import AgentState, Lease, RunLog, Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.open import open_store
from agui_runtime.stores.states import StateSchema, StateStoreManager
from agui_runtime.wrappers.checked import CheckedAgent
from agui_runtime.wrappers.guardrails import Guardrail

logger = logging.getLogger(__name__)

DEFAULT_AGENT = "default"

Answer: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI app that answers one request, for example a response of Starlette's or FastAPI's."""

Authenticate: TypeAlias = Callable[
    [Any], "Caller | Answer | Awaitable[Caller | Answer | None] | None"
]
"""Who is asking: from the HTTP request (starlette's) to a Caller; None refuses, and an answer of
its own is sent in place of the runtime's.
"""

BeforeRequest: TypeAlias = Callable[[Any], "Answer | Awaitable[Answer | None] | None"]
"""Called with each HTTP request (starlette's); None lets it pass, an answer takes its place."""


class CopilotRuntime:
    """Agents, server-side actions and a store, behind every wire.

    `agents` maps names to whatever `wrap` accepts; the one named `default` answers requests that
    name none. `actions` are typed functions (or `action(...)`) which every agent may call. `store`
    is a Store or its URL; None is memory. `authenticate` decides who owns a thread; without it
    everybody is the same anonymous caller. `before_request` sees each request first and may answer
    it. `remotes` offer more agents and actions with each request; where two have the same name,
    the runtime's own wins, then the earlier remote's. `guardrails` check users' messages before
    anything that an agent does is completed. `states` are the schemas of agents' saved states, by
    the agents' names. `aliases` maps former names of agents to present ones: what was stored under
    the former is found under the present, and requests may use either.
    """

    def __init__(
        self,
        agents: Mapping[str, object],
        actions: Sequence[Action | Callable[..., Any]] = (),
        *,
        store: Store | str | None = None,
        authenticate: Authenticate | None = None,
        before_request: BeforeRequest | None = None,
        hooks: Sequence[Hook] = (),
        options: Options | None = None,
        remotes: Sequence[Source] = (),
        guardrails: Sequence[Guardrail] = (),
        states: Mapping[str, StateSchema] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.options = options or Options()
        shown = self.options.generative_ui
        self.agents = {name: shown.with_apps(name, wrap(it, name)) for name, it in agents.items()}
        if not remotes:  # whose agents nobody knows yet
            shown.check(self.agents)
        self._aliases = _aliases(aliases or {}, self.agents, remotes)
        self.actions = _actions(actions)
        self._use(_store(store), states)
        self.authenticate = authenticate
        self.before_request = before_request
        self._quota = Quota(self.options.caller_runs, self.options.runs, "runs")
        self.remotes = tuple(remotes)
        self._sources = Sources(self.agents, self.actions, self.remotes)
        self._hooks = Hooks(hooks)
        self._guardrails = tuple(guardrails)
        self._runs: dict[asyncio.Task[None], Run] = {}
        self._closing = False
        self.is_open = False

    def store_in(self, store: Store | str) -> None:
        """Use this store unless the runtime was given one; only before it is opened."""
        if self._replaceable:
            self._use(_store(store), self.states.schemas)

    async def open(self) -> None:
        """Connect the store; raises StoreUnavailable."""
        self._closing = False
        await self.store.open()
        self.is_open = True

    async def close(self) -> None:
        """End the live runs with SHUTDOWN, wait for them, and let go of agents and store."""
        self.is_open = False
        await self.drain(0)
        for agent in self.agents.values():
            if isinstance(agent, Closable):
                await agent.close()
        await self._sources.close()
        await self.store.close()

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:
        """Open it for the block and close it afterwards: `FastAPI(lifespan=runtime.lifespan)` in an
        app that mounts the runtime's own.
        """
        await self.open()
        try:
            yield
        finally:
            await self.close()

    async def drain(self, limit: float) -> None:
        """Start nothing new, let the live runs go on for `limit` seconds, end the rest with
        SHUTDOWN.
        """
        if not self._closing:
            logger.info("new runs are refused from now on; %d are live", len(self._runs))
        self._closing = True
        if self._runs and limit:
            await asyncio.wait(list(self._runs), timeout=limit)
        for run in self._runs.values():
            run.cut(ShuttingDown())
        if self._runs:
            await asyncio.wait(list(self._runs))

    async def check(self) -> None:
        """Whether runs can be started now; raises ShuttingDown or StoreUnavailable."""
        if self._closing:
            raise ShuttingDown
        await self.store.check()

    def add_hook(self, hook: Hook) -> None:
        """Call the hook on all runs from now on."""
        self._hooks.add(hook)

    def describe(self) -> list[AgentInfo]:
        """The runtime's own agents."""
        return described(self.agents)

    async def catalog(self, context: RunContext) -> Catalog:
        """The agents and actions that a request with this context can use, the remotes' included;
        `failures` name the remotes that did not answer.
        """
        return await self._sources.catalog(context)

    async def discover(self, context: RunContext) -> list[AgentInfo]:
        """All agents that a request with this context can use; see `catalog`."""
        return described((await self.catalog(context)).agents)

    def agent(self, name: str | None) -> tuple[str, Agent]:
        """The agent of that name, or the default one; raises AgentNotFound."""
        name = self._named(name)
        agent = self.agents.get(name)
        if agent is None:
            raise AgentNotFound(name, self.agents)
        return name, agent

    async def find(self, name: str, context: RunContext) -> Agent:
        """The agent of that name, also a remote's; raises AgentNotFound, and RemoteFailure where a
        remote that does not answer may have it.
        """
        name = self._named(name)
        if name in self.agents:
            return self.agents[name]
        return (await self.catalog(context)).agent(name)

    async def start(self, request: RunRequest) -> RunHandle:
        """Start a run, or find the very same one; it goes on whether or not anybody reads it.

        Raises RequestError (AgentNotFound, InvalidInput, ThreadNotFound, Busy, TooManyRequests) or
        StoreUnavailable; then nothing was started.
        """
        name = self._named(request.agent)
        catalog = await self.catalog(request.context)
        agent = self._equipment.applied(name, catalog, request)
        if name in self.states.schemas:
            agent = CheckedAgent(agent, self.states.schemas[name])
        run_input = _with_ids(request.input)
        self.states.check(name, run_input.state)
        info = RunInfo(
            thread_id=run_input.thread_id,
            run_id=run_input.run_id,
            agent=name,
            owner=request.context.caller.owner,
            started_at=time(),
            fingerprint=request.fingerprint,
        )
        context = replace(request.context, ephemeral=request.ephemeral)
        assignment = Assignment(agent, run_input, context, self.options.history)
        return await self._launch(info, assignment, self._store_of(request))

    async def stop(self, thread_id: str, caller: Caller, run_id: str | None = None) -> bool:
        """Ask the thread's live run to stop; False if there is none. Raises ThreadNotFound."""
        await self.threads.get(thread_id, caller)
        return await self.store.log.ask_stop(thread_id, run_id)

    async def load_state(
        self, thread_id: str, agent: str, caller: Caller, context: RunContext | None = None
    ) -> AgentState | None:
        """The agent's latest state in the caller's thread; None if there is none, or the thread is
        another's.

        Where an agent stores its threads' states itself, its own answer comes first, also for a
        thread that is not in the store. With an `authenticate` function the thread must be in the
        store, which alone knows its owner. Raises AgentNotFound, and what such an agent raises.
        """
        name, context = self._named(agent), context or RunContext(caller, "")
        found = await self.find(name, context)
        known = await self.store.threads.get(thread_id)
        if known is not None and known.owner != caller.owner:
            return None
        if isinstance(found, KeepsState) and (known or self.authenticate is None):
            stored = await found.kept_state(thread_id, context)
            if stored is not None:
                return AgentState(stored.state, [dict(message) for message in stored.messages])
        return await self.states.load(thread_id, name) if known else None

    async def save_state(
        self,
        thread_id: str,
        agent: str,
        caller: Caller,
        state: object,
        messages: Sequence[Message] | None = None,
        expected_version: int | None = None,
    ) -> int:
        """Save the state from which the agent's next run begins, and return the new version.

        The thread is created for the caller if it is new. Where `messages` is None, those that are
        stored stay; prompts are not stored, as each request brings its own. Raises AgentNotFound,
        InvalidInput, ThreadNotFound for another's thread, Busy while the agent runs in it (its end
        would overwrite this), TooLarge, and Conflict if another save came first: after
        `expected_version`, or where that is None, since the stored messages were read.
        """
        name = self._named(agent)
        await self.find(name, RunContext(caller, ""))
        check_id(thread_id, "thread_id")
        self.states.check(name, state)
        await self.store.threads.obtain(thread_id, caller.owner, name)
        live = await self.store.log.active(thread_id)
        if live is not None and live.agent == name:
            raise Busy(thread_id, live.run_id)
        if messages is None:
            stored = await self.states.load(thread_id, name) or AgentState()
            messages = stored.messages
            expected_version = stored.version if expected_version is None else expected_version
        saved = AgentState(state, without_prompts(messages))
        return await self.states.save(thread_id, name, saved, expected_version)

    def _use(self, store: Store, schemas: Mapping[str, StateSchema] | None) -> None:
        self.store = AliasedStore(store, self._aliases) if self._aliases else store
        self.states = StateStoreManager(self.store, schemas)
        self.threads = Threads(self.store)
        self._replaceable = isinstance(store, MemoryStore)

    def _named(self, name: str | None) -> str:
        """The present name of the agent that a request asks for."""
        name = name or DEFAULT_AGENT
        return self._aliases.get(name, name)

    @property
    def _equipment(self) -> Equipment:
        chosen = self.options
        return Equipment(self._guardrails, chosen.agents_as_tools, chosen.generative_ui)

    def _store_of(self, request: RunRequest) -> Store:
        """Ephemeral runs get a store of their own, which is gone with its last reader."""
        if self._closing:
            raise ShuttingDown
        return MemoryStore() if request.ephemeral else self.states.store

    async def _launch(self, info: RunInfo, assignment: Assignment, store: Store) -> RunHandle:
        run = Run(assignment, store, self._hooks, self.options.limits)
        with ExitStack() as place:
            place.enter_context(self._quota.place(info.owner))
            lease = await self._claim(info, run.stop, store.log)
            if not lease.fresh:
                return RunHandle(lease.run, lease.start, store.log)
            # From here on the task answers for the lease, also if our caller is cancelled.
            task = asyncio.create_task(run.drive(lease))
            self._runs[task] = run
            task.add_done_callback(self._forget)
            held = place.pop_all()
            task.add_done_callback(lambda _: held.close())
        await run.begun
        return RunHandle(lease.run, lease.start, store.log, task)

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


def _store(source: Store | str | None) -> Store:
    return open_store(source) if isinstance(source, str) else source or MemoryStore()


def _aliases(
    aliases: Mapping[str, str], agents: Mapping[str, Agent], remotes: Sequence[Source]
) -> Mapping[str, str]:
    for former, present in aliases.items():
        if former in agents:
            raise Misconfigured(f"aliases: {former!r} is an agent's present name")
        if present not in agents and not remotes:
            raise Misconfigured(f"aliases: no agent {present!r}; there are {sorted(agents)}")
    return dict(aliases)


def _actions(sources: Sequence[Action | Callable[..., Any]]) -> tuple[Action, ...]:
    made = tuple(each if isinstance(each, Action) else action(each) for each in sources)
    names = [each.name for each in made]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Misconfigured(f"more than one action is named {sorted(twice)}")
    return made


def _with_ids(run_input: RunAgentInput) -> RunAgentInput:
    """The input with ids for what has none; ids from outside are checked first."""
    made = {}
    for field in ("thread_id", "run_id"):
        value = getattr(run_input, field)
        if not value:
            made[field] = str(uuid.uuid4())
        else:
            check_id(value, field)
    return run_input.model_copy(update=made) if made else run_input
