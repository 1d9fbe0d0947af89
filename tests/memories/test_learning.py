"""What is remembered of a conversation once it is quiet: of users' own words, and of no others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeAlias

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import ANONYMOUS, Caller, Event
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.entries import Entry, Proposal
from agui_runtime.memories.extractors.base import Conversation
from agui_runtime.memories.extractors.rules import RuleExtractor
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.wrappers import with_memory
from tests.connectors.page import Page
from tests.runtime.worlds import text as message
from tests.wrappers.test_memory import recalled

World: TypeAlias = Callable[[Memory], CopilotRuntime]

ANN, BOB = Caller("ann"), Caller("bob")


class Gossip:
    """Says of the user what was never said."""

    name, description = "gossip", ""

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        for event in message(f"{request.run_id}-answer", "My name is Eve. I live in Rome."):
            yield event


async def learned(memory: Memory, owner: str) -> list[str]:
    """After the runtime was closed, which waits for what is to be learned."""
    found = await memory.list(owner)
    return sorted(f"{each.tier}: {each.text}" for each in found if isinstance(each, Entry))


@pytest.fixture
def world() -> Callable[[Memory], CopilotRuntime]:
    """A runtime with the memory, over the same store each time."""
    store, options = MemoryStore(), Options(keys=KeyRing([new_key()]))

    def made(memory: Memory) -> CopilotRuntime:
        agents = {"default": with_memory(Gossip(), memory)}
        return CopilotRuntime(agents, store=store, options=options, memory=memory)

    return made


async def test_what_a_user_said_is_known_afterwards(world: World) -> None:
    memory = Memory()
    async with (runtime := world(memory)).lifespan():
        page = Page(runtime, "t1", ANN)
        await page.say("My name is Ann.")
        await page.say("I live in Lisbon.")
        await Page(runtime, "t2", BOB).say("I live in Bern.")
    assert await learned(memory, "ann") == [
        *("associative: I live in Lisbon", "core: Ann", "episodic: My name is Ann.")
    ]
    assert await learned(memory, "bob") == [
        "associative: I live in Bern",
        "episodic: I live in Bern.",
    ]
    (entry,) = [each for each in await memory.list("ann", "core") if isinstance(each, Entry)]
    assert (entry.origin.thread_id, entry.origin.run_id) == ("t1", "t1-r1")


async def test_what_was_recalled_is_not_learned_again(world: World) -> None:
    memory = Memory()
    for number, words in enumerate(("I live in Lisbon.", "Where do I live?", "And where else?")):
        async with (runtime := world(memory)).lifespan():
            events = await Page(runtime, f"t{number}", ANN).say(words)
            assert bool(recalled(events)) == (number > 0)
    (fact,) = [each for each in await memory.list("ann", "associative") if isinstance(each, Entry)]
    assert fact.times == 1


async def test_a_quiet_thread_is_looked_at_while_the_server_goes_on(world: World) -> None:
    seen: asyncio.Queue[Conversation] = asyncio.Queue()

    class Waiting(RuleExtractor):
        async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
            seen.put_nowait(conversation)
            return []

    async with (runtime := world(Memory(extractor=Waiting(), quiet=0.01))).lifespan():
        await Page(runtime, "t1", ANN).say("hello")
        async with asyncio.timeout(10):
            (utterance,) = (await seen.get()).utterances
    assert (utterance.text, utterance.run_id) == ("hello", "t1-r1")


async def test_runs_without_a_trace_and_unknown_callers_teach_nothing(world: World) -> None:
    memory = Memory()
    async with (runtime := world(memory)).lifespan():
        await Page(runtime, "t1", ANN).say("My name is Ann.", ephemeral=True)
        await Page(runtime, "t2", ANONYMOUS).say("My name is Bob.")
    assert await learned(memory, "ann") == await learned(memory, ANONYMOUS.owner) == []


class Broken(RuleExtractor):
    async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        raise ZeroDivisionError


async def test_what_cannot_be_learned_breaks_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory(extractor=Broken())
    with caplog.at_level(logging.WARNING):
        async with (runtime := world(memory)).lifespan():
            assert (await Page(runtime, "t1", ANN).say("hi"))[-1]["type"] == "RUN_FINISHED"
    assert "memory: the extractor failed" in caplog.text
    memory = Memory()
    secret = "Remember that my key is sk-abcdefgh12345678. I live in Rome."
    with caplog.at_level(logging.WARNING):
        async with (runtime := world(memory)).lifespan():
            await Page(runtime, "t2", ANN).say(secret)
    assert await learned(memory, "ann") == ["associative: I live in Rome"]
    assert "looks like a secret" in caplog.text
    assert "sk-abcdefgh12345678" not in caplog.text
