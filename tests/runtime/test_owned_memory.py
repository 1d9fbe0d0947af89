"""A caller's memory beside their threads: a thread goes with what came from it, or both stay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from agui_runtime.app import create_app
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.entries import Entry, Origin, Proposal
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.memory import MemoryStore
from tests.runtime.worlds import ANN, Waiting, asking, ran
from tests.support import client_of
from tests.wires.graphql.serving import by_header

KEY = new_key()
THREAD = "/copilotkit/threads/t1"
BOTH = {"memory": "true"}


@dataclass(frozen=True, slots=True)
class World:
    """A server, on which ann has the thread t1 and two entries, one of them from it."""

    runtime: CopilotRuntime
    memory: Memory
    client: httpx.AsyncClient
    agent: Waiting

    async def texts(self) -> list[str]:
        found = await self.memory.list(ANN.owner)
        return sorted(each.text for each in found if isinstance(each, Entry))

    async def threads(self) -> list[str]:
        page = await self.runtime.threads.list(ANN)
        return [each.thread_id for each in page.threads]


@asynccontextmanager
async def world(store: MemoryStore, key: str = KEY) -> AsyncIterator[World]:
    memory, waiting = Memory(), Waiting()
    waiting.go.set()
    options = Options(keys=KeyRing([key]))
    agents = {"default": waiting}
    runtime = CopilotRuntime(
        agents, store=store, memory=memory, options=options, authenticate=by_header
    )
    async with client_of(create_app(runtime)) as client:
        client.headers["x-user"] = ANN.owner
        yield World(runtime, memory, client, waiting)


async def begun(site: World) -> None:
    await ran(site.runtime, asking("Hello", run="r1"))
    of_threads = [
        Proposal("associative", text, Origin(thread)) for text, thread in (("A", "t1"), ("B", "t2"))
    ]
    await site.memory.remember(ANN.owner, of_threads)


async def test_a_thread_is_deleted_with_what_came_from_it_or_without() -> None:
    async with world(MemoryStore()) as site:
        await begun(site)
        assert (await site.client.delete(THREAD)).status_code == 204
        assert await site.texts() == ["A", "B"]
        await ran(site.runtime, asking("Again", run="r2"))
        assert (await site.client.delete(THREAD, params=BOTH)).status_code == 204
        assert (await site.texts(), await site.threads()) == (["B"], [])


async def test_where_memory_does_not_open_the_thread_stays() -> None:
    store = MemoryStore()
    async with world(store) as site:
        await begun(site)
    async with world(store, new_key()) as site:
        answer = await site.client.delete(THREAD, params=BOTH)
        assert (answer.status_code, answer.json()["code"]) == (503, "MEMORY_UNREADABLE")
        assert await site.threads() == ["t1"]
        assert (await site.client.delete(THREAD)).status_code == 204


async def test_what_came_from_a_thread_stays_while_the_thread_runs() -> None:
    async with world(MemoryStore()) as site:
        await begun(site)
        site.agent.go.clear()
        live = await site.runtime.start(asking("On", run="r2"))
        assert (await site.client.delete(THREAD, params=BOTH)).status_code == 409
        assert (await site.texts(), await site.threads()) == (["A", "B"], ["t1"])
        await live.stop()


@pytest.mark.parametrize("owner", ["ann", "anonymous"])
async def test_pages_know_whether_there_is_a_memory(owner: str) -> None:
    async with world(MemoryStore()) as site:
        info = (await site.client.get("/copilotkit/info", headers={"x-user": owner})).json()
    assert info["memoryEnabled"] == (owner == "ann")
