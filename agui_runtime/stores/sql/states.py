"""`StateStore`: a row for each thread and agent."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from functools import partial

from agui_runtime.core.errors import TooLarge
from agui_runtime.off_loop import unless_long
from agui_runtime.stores.base import AgentState, RunEnd, StateKey
from agui_runtime.stores.shared.codec import ending_state, squeezed, state_json, state_of
from agui_runtime.stores.sql import reads, writes
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.retention import Retention
from agui_runtime.stores.sql.step import Saving

LONG = 64 * 1024
"""Bytes, usually compressed, from which a state is read in a thread."""

KEYS = 500
"""So many keys are read at a time."""


class SqlStateStore:
    """`StateStore` for any number of processes."""

    def __init__(self, backend: Backend, retention: Retention) -> None:
        self._backend = backend
        self._retention = retention

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        found = await self._backend.look(partial(reads.state, thread_id, agent))
        if found is None:
            return None
        payload, version = found
        return await unless_long(len(payload) > LONG, state_of, payload, version)

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        now, most = self._retention.now(), self._retention.limits.state_bytes
        text = state_json(saved, now)
        if len(text) > most:
            raise TooLarge(f"the state has {len(text)} bytes; at most {most}")
        saving = _saving(agent, saved, squeezed(text), now)
        oldest = self._retention.oldest()
        step = partial(writes.save, thread_id, saving, expected_version, oldest)
        return await self._backend.write(step)

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        await self._backend.change(partial(writes.unsave, thread_id, agent))

    async def keys(self, thread_id: str | None = None) -> AsyncGenerator[StateKey, None]:
        after, oldest = ("", ""), self._retention.oldest()
        while True:
            found = await self._backend.look(partial(reads.states, after, thread_id, oldest, KEYS))
            for key in found:
                yield StateKey(*key)
            if len(found) < KEYS:
                return
            after = found[-1]


async def ending(agent: str, end: RunEnd) -> Saving | None:
    """The state that a run's end brings."""
    if end.state is None:
        return None
    payload = await ending_state(end.state, end.ended_at)
    return _saving(agent, end.state, payload, end.ended_at)


def _saving(agent: str, saved: AgentState, payload: bytes, now: float) -> Saving:
    return Saving(agent, payload, saved.schema_version, now, uuid.uuid4().hex)
