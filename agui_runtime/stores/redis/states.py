"""`StateStore` beside the logs of the threads; large states are compressed."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Callable

from agui_runtime.core.errors import Conflict, ThreadNotFound, TooLarge
from agui_runtime.off_loop import unless_long
from agui_runtime.stores.base import AgentState, StateKey
from agui_runtime.stores.redis.limits import RedisLimits
from agui_runtime.stores.redis.script import Script
from agui_runtime.stores.shared.codec import squeezed, state_json, state_of

LONG = 64 * 1024
"""Bytes, usually compressed, from which a state is read in a thread."""


class RedisStateStore:
    """`StateStore` for any number of processes."""

    def __init__(self, script: Script, limits: RedisLimits, now: Callable[[], float]) -> None:
        self._script = script
        self._limits = limits
        self._now = now

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        how, payload, version = await self._script.step("load", thread_id, agent)
        if how != b"ok":
            return None
        return await unless_long(len(payload) > LONG, state_of, payload, int(version or 0))

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        text = state_json(saved, self._now())
        if len(text) > self._limits.state_bytes:
            raise TooLarge(f"the state has {len(text)} bytes; at most {self._limits.state_bytes}")
        expected = "" if expected_version is None else str(expected_version)
        nonce = uuid.uuid4().hex
        how, *found = await self._script.step(
            "save", thread_id, agent, squeezed(text), expected, nonce
        )
        if how == b"unknown":
            raise ThreadNotFound(thread_id)
        if how == b"conflict":
            raise Conflict(int(found[0]))
        return int(found[0])

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        await self._script.step("unsave", thread_id, agent or "")

    async def keys(self, thread_id: str | None = None) -> AsyncGenerator[StateKey, None]:
        if thread_id is None:
            threads = await self._script.threads_with("states")
        else:
            threads = [thread_id]
        for each in threads:
            for agent in await self._script.saved_by(each):
                yield StateKey(each, agent)
