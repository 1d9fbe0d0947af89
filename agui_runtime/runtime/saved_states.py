"""What callers load and save of agents' states in their own threads. It runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agui_runtime.agents.agent import keeps_state
from agui_runtime.core.access import Resource
from agui_runtime.core.errors import Busy, StateUnreadable
from agui_runtime.core.events import Caller, Message, RunContext, ThreadInfo
from agui_runtime.core.history import without_prompts
from agui_runtime.core.ids import check_id
from agui_runtime.runtime.catalog import Sources
from agui_runtime.runtime.permissions import Permissions
from agui_runtime.stores.base import AgentState
from agui_runtime.stores.states import StateStoreManager


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """A state to save. Where `messages` is None, those that are stored stay. `expected_version` is
    the one that the caller has seen; None overwrites any.
    """

    state: object
    messages: Sequence[Message] | None = None
    expected_version: int | None = None


class SavedStates:
    """The only way from a caller to a state: owners are compared here, and nowhere below. Both ways
    may raise Forbidden.

    `callers_known()`: whether an `authenticate` function says who is calling.
    """

    def __init__(
        self,
        states: StateStoreManager,
        sources: Sources,
        permissions: Permissions,
        callers_known: Callable[[], bool],
    ) -> None:
        self._states = states
        self._sources = sources
        self._permissions = permissions
        self._callers_known = callers_known

    async def load(
        self, thread_id: str, agent: str, caller: Caller, context: RunContext | None = None
    ) -> AgentState | None:
        """The agent's latest state in the caller's thread; None if there is none, or the thread is
        another's.

        Where an agent stores its threads' states itself, its own answer comes first, also for a
        thread that is not in the store, but not before one that was saved here since its last run.
        With an `authenticate` function the thread must be in the store, which alone knows its
        owner. Raises AgentNotFound, StateUnreadable, and what such an agent raises.
        """
        context = context or RunContext(caller, "")
        name, found = await self._sources.find(agent, context)
        thread = await self._states.store.threads.get(thread_id)
        if thread is not None and thread.owner != caller.owner:
            return None
        await self._permissions.check(caller, "load_state", Resource(name, thread_id))
        if keeps_state(found) and (thread or not self._callers_known()):
            saved = await self._legible(thread_id, name)
            own = None if saved and saved.replaced else await found.kept_state(thread_id, context)
            if own is not None:
                messages = [dict(message) for message in own.messages]
                return AgentState(own.state, messages, saved.version if saved else 0)
            if saved is not None:
                return saved
        return await self._states.load(thread_id, name) if thread else None

    async def edit(self, thread: ThreadInfo, agent: str, caller: Caller) -> AgentState | None:
        """The state that was saved by hand in the caller's thread, and that no run of the agent has
        begun with yet; None also where the caller may not load it, or it cannot be read.
        """
        name = self._sources.present(agent)
        saved = await self._legible(thread.thread_id, name)
        if saved is None or not saved.replaced:
            return None
        here = Resource(name, thread.thread_id)
        return saved if await self._permissions.allow(caller, "load_state", here) else None

    async def save(self, thread_id: str, agent: str, caller: Caller, update: StateUpdate) -> int:
        """Save the state from which the agent's next run begins, and return the new version.

        The thread is created for the caller if it is new. Prompts are not stored, as each request
        brings its own. Raises AgentNotFound, InvalidInput, ThreadNotFound for another's thread,
        Busy while the agent runs in it (its end would overwrite this), also if a run began
        meanwhile, which may have this or not, TooLarge, and Conflict if another save came first:
        after `expected_version`, or where that is None, since the stored messages were read.
        """
        name, _ = await self._sources.find(agent, RunContext(caller, ""))
        check_id(thread_id, "thread_id")
        await self._permissions.check(caller, "save_state", Resource(name, thread_id))
        self._states.check(name, update.state)
        store = self._states.store
        await store.threads.obtain(thread_id, caller.owner, name)
        await self._check_idle(thread_id, name)
        messages, expected = update.messages, update.expected_version
        if messages is None:
            stored = await self._states.load(thread_id, name) or AgentState()
            messages = stored.messages
            expected = stored.version if expected is None else expected
        saved = AgentState(update.state, without_prompts(messages))
        version = await self._states.save(thread_id, name, saved, expected)
        await self._check_idle(thread_id, name)
        return version

    async def _check_idle(self, thread_id: str, name: str) -> None:
        """Raises Busy while the agent runs in the thread."""
        live = await self._states.store.log.active(thread_id)
        if live is not None and live.agent == name:
            raise Busy(thread_id, live.run_id)

    async def _legible(self, thread_id: str, name: str) -> AgentState | None:
        """The saved state; None also for one that cannot be read, which its run reports."""
        try:
            return await self._states.load(thread_id, name)
        except StateUnreadable:
            return None
