"""Saved states for tests: put into a store, and all of them taken out again."""

from __future__ import annotations

from contextlib import aclosing

from agui_runtime.stores.base import AgentState, StateKey, Store
from agui_runtime.stores.states import StateStoreManager
from agui_runtime.stores.states.reports import Entry

TRIP = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
}


async def keep(
    store: Store,
    thread: str,
    state: object,
    *,
    agent: str = "trip",
    owner: str = "ann",
    at: int = 1,
) -> None:
    """Save as a release of the app did whose schema had version `at`."""
    await store.threads.obtain(thread, owner, "default")
    message = {"id": "m1", "role": "user", "content": "hi"}
    await store.states.save(thread, agent, AgentState(state, [message], schema_version=at))


async def all_entries(states: StateStoreManager, **wanted: str) -> dict[StateKey, Entry]:
    async with aclosing(states.entries(**wanted)) as entries:
        return {entry.key: entry async for entry in entries}


async def exported(states: StateStoreManager, **wanted: str) -> list[bytes]:
    async with aclosing(states.export(**wanted)) as lines:
        return sorted([line async for line in lines])
