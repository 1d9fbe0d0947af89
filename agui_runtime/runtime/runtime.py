"""`CopilotRuntime`: what every resolver and route calls. It knows agents, runs and stores, and no
wire.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from agui_runtime.agents.actions import Action
from agui_runtime.agents.agent import Agent, Closable, Source
from agui_runtime.core.access import Authorize, Resource
from agui_runtime.core.copies import replace
from agui_runtime.core.demands import a, check, optional
from agui_runtime.core.errors import AgentNotFound, Misconfigured, StoreUnavailable, TooManyRequests
from agui_runtime.core.events import Caller, RunContext, RunInfo, RunRequest
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.totals import Usage, UsageBy
from agui_runtime.hooks.hook import H, Hook, Hooks
from agui_runtime.hooks.store_meter import StoreMeter
from agui_runtime.memories.memory import Memory
from agui_runtime.runs.handle import RunHandle as RunHandle
from agui_runtime.runtime.adoption import Stock
from agui_runtime.runtime.allowance import Allowance
from agui_runtime.runtime.assignments import Assignments, Terms
from agui_runtime.runtime.catalog import AgentInfo, Catalog, Sources, described
from agui_runtime.runtime.costs import Costs
from agui_runtime.runtime.equipment import Equipment
from agui_runtime.runtime.given import (
    check_functions,
    check_lists,
    check_states,
    check_store,
    named_actions,
    named_agents,
    wrapped_agents,
)
from agui_runtime.runtime.launcher import Launcher
from agui_runtime.runtime.openings import Openings
from agui_runtime.runtime.options import Options as Options
from agui_runtime.runtime.owned_memory import OwnedMemory
from agui_runtime.runtime.owned_schedules import OwnedSchedules
from agui_runtime.runtime.permissions import Permissions
from agui_runtime.runtime.preparation import Preparation
from agui_runtime.runtime.refused_writes import RefusedWrites
from agui_runtime.runtime.remembering import Remembering
from agui_runtime.runtime.saved_states import SavedStates
from agui_runtime.runtime.scheduler import Scheduler, opened
from agui_runtime.runtime.shared_counts import SharedCounts
from agui_runtime.runtime.threads import Threads
from agui_runtime.runtime.usage import usage_in
from agui_runtime.stores.base import Store
from agui_runtime.stores.jobs import Jobs
from agui_runtime.stores.layers.accounted import AccountedStore
from agui_runtime.stores.layers.aliased import AliasedStore
from agui_runtime.stores.layers.delegating import jobs_of, undelegated
from agui_runtime.stores.layers.measured import MeasuredStore
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.open import open_store, unavailable_at
from agui_runtime.stores.states import StateSchema, StateStoreManager
from agui_runtime.wrappers.guardrails import Guardrail
from agui_runtime.wrappers.router.named import check_named

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


@explains_arguments
class CopilotRuntime:
    """Agents, server-side actions and a store, behind every wire.

    `agents` maps names to whatever `wrap` accepts; the one named `default` answers requests
    that name none. `actions` are typed functions (or `action(...)`) which every agent may call.
    `store` is a Store or its URL; None is memory. `authenticate` decides who owns a thread;
    without it everybody is the same anonymous caller. `authorize` decides what callers may do,
    see `Access`; without it each may do everything with threads of their own. `before_request`
    sees each request first and may answer it. `remotes` offer more agents and actions with each
    request; where two have the same name, the runtime's own wins, then the earlier remote's.
    `guardrails` check users' messages before anything that an agent does is completed. `states`
    are the schemas of agents' saved states, by the agents' names. `aliases` maps former names
    of agents to present ones: what was stored under the former is found under the present, and
    requests may use either. `memory` is what agents know that are wrapped by `with_memory`.
    """

    def __init__(
        self,
        agents: Mapping[str, object],
        actions: Sequence[Action | Callable[..., object]] = (),
        *,
        store: Store | str | None = None,
        authenticate: Authenticate | None = None,
        authorize: Authorize | None = None,
        before_request: BeforeRequest | None = None,
        hooks: Sequence[Hook] = (),
        options: Options | None = None,
        remotes: Sequence[Source] = (),
        guardrails: Sequence[Guardrail] = (),
        states: Mapping[str, StateSchema] | None = None,
        aliases: Mapping[str, str] | None = None,
        memory: Memory | None = None,
    ) -> None:
        agents = named_agents(agents)
        check_lists(actions=actions, hooks=hooks, remotes=remotes, guardrails=guardrails)
        check_functions(
            authenticate=authenticate, authorize=authorize, before_request=before_request
        )
        check_store(store)
        check("options", options, optional(a(Options)))
        check("memory", memory, optional(a(Memory)))
        check_states(states, agents, may_be_others=bool(remotes or aliases))
        self.options = chosen = options or Options()
        shown_as, blocks = chosen.generative_ui, chosen.blocks
        self.agents = wrapped_agents(agents, shown_as, blocks, others=bool(remotes))
        self.actions = named_actions(actions)
        self.remotes = tuple(remotes)
        self._sources = Sources(self.agents, self.actions, self.remotes, aliases or {})
        check_named(self.agents, self._sources.aliases, remote=bool(remotes))
        self.authenticate = authenticate
        self.is_given_callers = authenticate is not None
        self.permissions = Permissions(authorize, chosen.authorize_every)
        self.before_request = before_request
        self.costs = Costs(chosen.prices)
        self._counts = counts = SharedCounts()
        self.allowance = Allowance(chosen.rules(), counts.counters)
        self.streams = Openings("streams", chosen.caller_streams, chosen.streams, counts.places)
        self.runs = Openings("runs", chosen.caller_runs, chosen.runs, counts.places)
        self._hooks = Hooks(hooks)
        self.count_refusal = self._hooks.refused
        self._writes = RefusedWrites(counts.counters)
        self._preparation = Preparation("agent %r is not prepared for its first run: %r")
        self.is_given_a_store = store is not None
        self.stored_in: Store | str | None = store
        self.owned_memory = OwnedMemory(memory, self.permissions)
        self._use(_store(store), states)
        self._assignments = self._new_assignments(guardrails)
        self.launcher = self._new_launcher()
        self.schedules = OwnedSchedules(
            lambda: self.store, lambda: self.options, self.permissions, self._sources
        )
        self._scheduler: Scheduler | None = None
        self.memory = memory
        self._remembering = Remembering(memory, self._hooks)
        self.is_open = False

    def store_in(self, store: Store | str) -> None:
        """Use this store unless the runtime was given one, or uses it; only before it is opened."""
        if not self.is_given_a_store and store != self.stored_in:
            self.stored_in = store
            self._use(_store(store), self.states.schemas)

    async def open(self) -> None:
        """Connect the store; raises StoreUnavailable, which says where it is."""
        await self._remembering.open(self.store, self.options.keys)
        try:
            await self.store.open()
        except StoreUnavailable as error:
            raise unavailable_at(undelegated(self.store), error) from error
        await self.launcher.open()
        self._preparation.begin(self.agents)
        self._remembering.begin(self.store)
        self._scheduler = opened(self.states.store, self.start, self._hooks, self.launcher)
        self.is_open = True

    async def close(self) -> None:
        """End the live runs with SHUTDOWN, wait for them, and let go of agents and store."""
        self.is_open = False
        await self._preparation.end()
        if self._scheduler is not None:
            await self._scheduler.close()
        await self.drain(0)
        await self.launcher.close()
        await self._hooks.before_close()
        parts: list[Closable] = [a for a in self.agents.values() if isinstance(a, Closable)]
        parts += [self._sources, self._remembering, self.runs, self.streams, self.store]
        for part in parts:
            await part.close()

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
        await self.launcher.drain(limit)

    async def check(self) -> None:
        """Whether runs can be started now; raises ShuttingDown or StoreUnavailable."""
        self.launcher.check()
        await self.store.check()
        await self._writes.check()

    def hook_of(self, kind: type[H]) -> H | None:
        """The first one of that kind, if there is one."""
        return self._hooks.of(kind)

    def add_hook(self, hook: Hook) -> None:
        """Call the hook on all runs from now on; one that measures stores must come before the
        runtime is opened.
        """
        self._hooks.add(hook)
        if isinstance(hook, StoreMeter):
            if self.is_open:
                raise Misconfigured(f"{type(hook).__name__}: add it before the runtime is opened")
            self._use(self._unmeasured, self.states.schemas)

    def describe(self) -> list[AgentInfo]:
        """The runtime's own agents."""
        return described(self.agents)

    async def catalog(self, context: RunContext) -> Catalog:
        """The agents that a request with this context may read, and the actions that it can use,
        the remotes' included; `failures` name the remotes that did not answer.
        """
        found = await self._sources.catalog(context)
        return await self.permissions.readable(context.caller, found)

    async def discover(self, context: RunContext) -> list[AgentInfo]:
        """All agents that a request with this context can use; see `catalog`."""
        return described((await self.catalog(context)).agents)

    def agent(self, name: str | None) -> tuple[str, Agent]:
        """The present name and the agent of that name, or the default one; raises AgentNotFound.
        Remotes are not called.
        """
        return self._sources.own(name)

    async def find(self, name: str, context: RunContext) -> Agent:
        """The agent of that name, also a remote's; raises AgentNotFound, and RemoteFailure where a
        remote that does not answer may have it.
        """
        try:
            return (await self._sources.find(name, context))[1]
        except AgentNotFound as error:
            known = (await self.catalog(context)).agents
            raise AgentNotFound(error.name, known) from None

    async def start(self, request: RunRequest, *, begun: bool = True) -> RunHandle:
        """Start a run, or find the very same one; it goes on whether or not anybody reads it, and
        has `begun` for its readers, unless this is to return when the thread is the run's.

        Raises RequestError (AgentNotFound, Forbidden, InvalidInput, ThreadNotFound, Busy,
        TooManyRequests) or StoreUnavailable; then nothing was started.
        """
        info, assignment = await self._assignments.of(request)
        await self._take_start(info)
        if assignment.request is not request.input:
            request = replace(request, input=assignment.request)
        # An ephemeral run's store is its own, and gone with its last reader.
        store = self._store_of_runs(MemoryStore() if request.ephemeral else None)
        handle = await self.launcher.launch(info, request, assignment, store, begun=begun)
        guard = self.permissions.guard(request.context.caller, handle.run)
        return handle if guard is None else replace(handle, guard=guard)

    async def stop(self, thread_id: str, caller: Caller, run_id: str | None = None) -> bool:
        """Ask the thread's live run to stop; False if there is none. Raises ThreadNotFound and
        Forbidden.
        """
        await self.threads.get(thread_id, caller, "stop")
        return await self.launcher.stop(thread_id, run_id, self.store.log)

    async def usage(
        self, caller: Caller, since: float | None = None, by: UsageBy = "model"
    ) -> Sequence[Usage]:
        """What the caller's runs took that began since then (seconds since 1970; a week ago, if it
        is None) and have ended. Raises Forbidden, and InvalidInput where the store cannot look so
        far back.
        """
        await self.permissions.check(caller, "usage", Resource())
        return await usage_in(self.store, caller.owner, since, by, self._sources.aliases)

    async def _take_start(self, info: RunInfo) -> None:
        """Raises TooManyStarts and BudgetSpent, unless it is no start: the run is under way."""
        try:
            await self.allowance.take_start(info.owner)
        except TooManyRequests:
            live = await self.store.log.active(info.thread_id)
            if live is None or (live.owner, live.run_id) != (info.owner, info.run_id):
                raise

    def _use(self, store: Store, schemas: Mapping[str, StateSchema] | None) -> None:
        self._unmeasured = store
        for meter in self._hooks.store_meters:
            store = MeasuredStore(store, meter)
        aliases = self._sources.aliases
        self.store = AliasedStore(store, aliases) if aliases else store
        self._counts.use(self.store)
        self.states = StateStoreManager(self.store, schemas)
        parts = (self.states, self._sources, self.permissions)
        self.saved_states = SavedStates(*parts, lambda: self.authenticate is not None)
        known = (self.permissions, self.saved_states, self._sources.aliases, self.actions)
        self.threads = Threads(self.store, *known, memory=self.owned_memory)

    def _new_assignments(self, guardrails: Sequence[Guardrail]) -> Assignments:
        chosen = self.options
        return Assignments(
            self._sources,
            self.permissions,
            Equipment(
                tuple(guardrails), chosen.agents_as_tools, chosen.generative_ui, chosen.blocks
            ),
            lambda: Terms(self.options.limits, self.costs, self.options.history),
            lambda: self.states,
        )

    def _new_launcher(self) -> Launcher:
        """It is given functions of what may change until the runtime is opened."""
        stock = Stock(self._jobs, self._store_of_runs, self._writes, lambda: self.options.keys)
        return Launcher(lambda: self.options, self._hooks, self.runs, self._assignments, stock)

    def _store_of_runs(self, own: Store | None = None) -> Store:
        """Where runs are written: the runtime's store, or one of their own."""
        store = own or self.states.store
        return AccountedStore(store, self.allowance) if self.allowance.rules else store

    def _jobs(self) -> Jobs:
        return jobs_of(self.store)


def _store(source: Store | str | None) -> Store:
    return open_store(source) if isinstance(source, str) else source or MemoryStore()


def check_runtime(runtime: object) -> None:
    """Raises Misconfigured for what is no runtime."""
    if not isinstance(runtime, CopilotRuntime):
        kind = type(runtime).__name__
        raise Misconfigured(f"create_app: give it a CopilotRuntime(agents=...), not a {kind}")
