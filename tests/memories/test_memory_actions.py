"""Agents that decide what is remembered, by calls of actions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.core.events import ANONYMOUS, Caller
from agui_runtime.memories.actions import memory_actions
from agui_runtime.memories.entries import Entry
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page, results
from tests.fakes.model import ModelServer

ANN, BOB = Caller("ann"), Caller("bob")


class World:
    """A model that calls what the user writes down, and a memory."""

    def __init__(self, model: ModelServer) -> None:
        self.memory = Memory()
        agent = OpenAIAgent(base_url=model.url, model="m", api_key="k")
        actions = memory_actions(self.memory)
        self.runtime = CopilotRuntime({"default": agent}, actions, memory=self.memory)
        self.runs = 0

    async def called(self, caller: Caller, action: str, **arguments: str) -> Any:  # noqa: ANN401
        """What the call comes to, in a thread of its own."""
        self.runs += 1
        words = f"[tool:{action} {orjson.dumps(arguments).decode()}] please"
        events = await Page(self.runtime, f"t{self.runs}", caller).say(words)
        (result,) = results(events).values()
        return result if result == "forgotten" else orjson.loads(result)

    async def texts(self, owner: str) -> list[str]:
        found = await self.memory.list(owner)
        return sorted(each.text for each in found if isinstance(each, Entry))


@pytest.fixture
def world() -> Iterator[World]:
    with ModelServer() as model:
        yield World(model)


async def test_an_agent_remembers_recalls_and_forgets(world: World) -> None:
    async with world.runtime.lifespan():
        fact = await world.called(ANN, "remember", text="Her dog is called Bello")
        name = await world.called(ANN, "remember", text="Ann", key="name")
        assert (fact["text"], name["text"]) == ("Her dog is called Bello", "name: Ann")
        assert await world.called(ANN, "recall", about="the dog") == [name, fact]
        assert await world.called(BOB, "recall", about="the dog") == []
        (entry,) = await world.memory.list("ann", "associative")
        assert isinstance(entry, Entry)
        assert (entry.origin.thread_id, entry.origin.extractor) == ("t1", "agent")
        assert await world.called(ANN, "forget", entry_id=fact["id"]) == "forgotten"
        assert await world.texts("ann") == ["Ann"]


async def test_what_is_refused_is_told_to_the_model(world: World) -> None:
    async with world.runtime.lifespan():
        fact = await world.called(ANN, "remember", text="Her dog is called Bello")
        refused = [
            await world.called(ANN, "remember", text="My key is sk-abcdefgh12345678"),
            await world.called(ANN, "remember", text="x" * 1025),
            await world.called(ANN, "forget", entry_id="associative.unknown"),
            await world.called(BOB, "forget", entry_id=fact["id"]),
            await world.called(ANONYMOUS, "remember", text="of nobody"),
        ]
        assert [each["error"]["code"] for each in refused] == [
            *("SECRET_REFUSED", "TOO_LARGE", "MEMORY_NOT_FOUND", "MEMORY_NOT_FOUND", "ANONYMOUS")
        ]
        assert await world.texts("ann") == ["Her dog is called Bello"]
        assert await world.texts("bob") == await world.texts(ANONYMOUS.owner) == []
