"""What a user often does is suggested on unchanged pages of both generations, in Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.entries import Entry, Proposal
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import Options
from tests.clients.chat import ASSISTANT
from tests.clients.conftest import OpenPage
from tests.clients.today import TodaysChat
from tests.clients.world import World, start_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

SALES = "Show me the sales of last week"


@pytest.fixture
def memory() -> Memory:
    return Memory(quiet=0)


@pytest_asyncio.fixture(loop_scope="session")
async def world(memory: Memory) -> AsyncIterator[World]:
    options = Options(keys=KeyRing([new_key()]))
    async with start_world(options, memory=memory) as world:
        yield world


@pytest.mark.parametrize("open_page", ["1.10.6", "1.74"], indirect=True)
async def test_what_a_user_often_does_is_suggested_and_counted(
    open_page: OpenPage, world: World, memory: Memory
) -> None:
    await memory.remember("guest", [Proposal("proactive", SALES)])
    chat = await open_page(scenario="suggestions")
    if type(chat) is TodaysChat:  # which has the model asked after the first message
        await chat.say("hello")
    await chat.tab.shows(chat.SUGGESTIONS, SALES)
    await chat.tab.shows(chat.SUGGESTIONS, "Title B")
    await chat.tab.click(f"{chat.SUGGESTIONS} >> nth=0")  # once it can be
    await chat.tab.shows(ASSISTANT, f"You said: {SALES}")
    async with asyncio.timeout(20):
        while (found := await pattern(memory)).accepted == 0:  # noqa: ASYNC110  # another task's
            await asyncio.sleep(0.01)
    assert (found.shown, found.accepted, found.times) == (1, 1, 1)


async def pattern(memory: Memory) -> Entry:
    (found,) = await memory.list("guest", "proactive")
    assert isinstance(found, Entry)
    return found
