"""A store that keeps the schemas of agents' states: on load, on save and at the end of a run.

What has no schema passes through as it is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput
from agui_runtime.stores.base import AgentState, Lease, RunEnd, StateKey, StateStore, Store
from agui_runtime.stores.layers.delegating import DelegatingLog, DelegatingStore
from agui_runtime.stores.layers.state_schema import StateSchema


class CheckedStates:
    """`StateStore` whose states have the schemas' present versions."""

    def __init__(self, states: StateStore, schemas: Mapping[str, StateSchema]) -> None:
        self._states = states
        self._schemas = schemas

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        """What was last saved, migrated; raises StateUnreadable."""
        saved = await self._states.load(thread_id, agent)
        return None if saved is None else self.current(agent, saved)

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        """As `StateStore.save`; raises InvalidInput for what does not match the agent's schema."""
        _check_json([saved.state, list(saved.messages)])
        self.check(agent, saved.state)
        schema = self._schemas.get(agent)
        stamped = replace(saved, schema_version=schema.version) if schema else saved
        return await self._states.save(thread_id, agent, stamped, expected_version)

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        await self._states.delete(thread_id, agent)

    def keys(self, thread_id: str | None = None) -> AsyncGenerator[StateKey, None]:
        return self._states.keys(thread_id)

    def current(self, agent: str, saved: AgentState) -> AgentState:
        """The state in the present version of its schema; raises StateUnreadable."""
        schema = self._schemas.get(agent)
        if schema is None or schema.version == saved.schema_version:
            return saved
        state = schema.migrated(saved.state, saved.schema_version)
        return replace(saved, state=state, schema_version=schema.version)

    def check(self, agent: str, state: object) -> None:
        """Raises InvalidInput for a state that does not match the agent's schema."""
        if agent not in self._schemas:
            return
        _check_json(state)
        problem = self._schemas[agent].problem(state)
        if problem is not None:
            raise InvalidInput(f"the state does not match the schema of agent {agent!r}: {problem}")


class CheckedLog(DelegatingLog):
    """`RunLog` whose runs save states of their own schema's version when they end.

    These match the schema: what a run begins with is checked, and a `CheckedAgent` adds nothing
    else.
    """

    async def release(self, lease: Lease, end: RunEnd) -> None:
        if end.state is not None:
            state = replace(end.state, schema_version=lease.run.schema_version)
            end = replace(end, state=state)
        await super().release(lease, end)


class CheckedStore(DelegatingStore):
    """A `Store` with rules over another one."""

    def __init__(self, store: Store, schemas: Mapping[str, StateSchema]) -> None:
        super().__init__(
            store,
            CheckedLog(store.log),
            CheckedStates(store.states, schemas),
            store.threads,
        )


def _check_json(value: object) -> None:
    """Nothing is mended here: what is loaded is what was saved."""
    if jsontext.fits(value):
        return
    try:
        same = jsontext.plain(value) == value
    except jsontext.Unencodable as error:
        raise InvalidInput(f"the state is not JSON: {error}") from None
    if not same:
        raise InvalidInput("the state is not JSON: keys and texts must be whole, and lists no sets")
