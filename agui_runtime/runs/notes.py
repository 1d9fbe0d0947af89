"""Notes that agents write for themselves, stored beside the states that front ends see."""

from __future__ import annotations

from agui_runtime.core.jsontext import Json
from agui_runtime.stores.base import AgentState, StateStore


class StoredNotes:
    """The notes of one agent on one thread, or of the thread itself; they go when it is deleted.

    Only the run that holds the thread may write them.
    """

    def __init__(self, states: StateStore, thread_id: str, agent: str = "") -> None:
        self._states = states
        self._thread_id = thread_id
        self._agent = agent

    async def read(self, name: str) -> Json:
        saved = await self._states.load(self._thread_id, self._key(name))
        return saved.state if saved else None

    async def write(self, name: str, note: object) -> None:
        await self._states.save(self._thread_id, self._key(name), AgentState(note))

    def _key(self, name: str) -> str:
        """No agent's name, so that no wire can load or save it."""
        return f"{self._agent}#{name}"
