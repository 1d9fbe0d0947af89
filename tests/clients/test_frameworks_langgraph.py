"""A graph on a real LangGraph server, on pages of CopilotKit 1.10.6 and 1.74 in Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agui_runtime.connectors.langgraph import LangGraphAgent
from tests.clients.frameworks import ANSWER, PAGES, Open, opener, world_of
from tests.clients.world import World
from tests.fakes.model import ModelServer
from tests.peers import test_langgraph_server

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.peers]

server = test_langgraph_server.server


@pytest_asyncio.fixture(loop_scope="session")
async def world(server: str) -> AsyncIterator[World]:
    """Its agent is called `graph`."""
    async with (
        ModelServer() as model,
        world_of(model, graph=LangGraphAgent(server, "story")) as world,
    ):
        yield world


@pytest.fixture(params=PAGES)
def open_page(request: pytest.FixtureRequest) -> Open:
    return opener(request)


async def test_langgraph_chats(open_page: Open) -> None:
    chat = await open_page("graph")
    await chat.say("hello")
    await chat.answers("You said: hello")
    await chat.say("and again")
    await chat.answers("You said: and again")
    assert [role for role, _ in await chat.messages()] == ["user", "assistant"] * 2


async def test_langgraph_asks_before_its_tool_looks(open_page: Open) -> None:
    chat = await open_page("graph", "interrupt")
    await chat.say("[weather]")
    await chat.tab.shows("#question", "May I look?")
    await chat.idle()
    await chat.tab.click("#agree")
    await chat.answers(f"Result: sunny ({ANSWER})")
    assert await chat.texts("#interrupt") == []
