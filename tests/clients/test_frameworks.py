"""An agent built with AgentScope, on pages of CopilotKit 1.10.6 and 1.74 in Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.clients.chat import ASSISTANT
from tests.clients.frameworks import PAGES, Open, opener, serve_answering, world_of
from tests.clients.world import World
from tests.connectors.clerk import asked_first, clerk, free
from tests.connectors.story import forecast
from tests.fakes.model import ModelServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = Path(__file__).parent
DELETE = '[tool:delete {"path":"notes.txt"}]'
FORECAST = '[tool:forecast {"city":"Oslo"}]'
PAINT = '[tool:setColor {"color":"teal"}]'


@pytest.fixture
def deleted() -> list[str]:
    """What the AgentScope agent has deleted."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def world(deleted: list[str]) -> AsyncIterator[World]:
    """Its agent is called `clerk`."""

    def delete(path: str) -> str:
        """Delete a file."""
        deleted.append(path)
        return f"deleted {path}"

    async with ModelServer(delay=0.005) as model:
        agent = clerk(model, free(forecast), asked_first(delete))
        async with world_of(model, clerk=agent) as world:
            yield world


@pytest.fixture(scope="module")
def page_1_10() -> Iterator[str]:
    with serve_answering(HERE / "copilotkit-1.10" / "dist", "approve") as url:
        yield url


@pytest.fixture(scope="module")
def pages_1_74() -> Iterator[str]:
    with serve_answering(HERE / "copilotkit-1.74" / "dist", "approve") as url:
        yield url


@pytest.fixture(params=PAGES)
def open_page(request: pytest.FixtureRequest) -> Open:
    return opener(request)


async def test_agentscope_chats(open_page: Open) -> None:
    chat = await open_page("clerk")
    await chat.say("hello")
    await chat.answers("You said: hello")
    await chat.say("and again")
    await chat.answers("You said: and again")
    assert [role for role, _ in await chat.messages()] == ["user", "assistant"] * 2


async def test_agentscope_carries_out_its_own_tool(open_page: Open) -> None:
    chat = await open_page("clerk")
    await chat.say(FORECAST)
    await chat.answers("Tool result: sunny in Oslo")


async def test_agentscope_calls_a_tool_of_the_page(open_page: Open) -> None:
    chat = await open_page("clerk", "tools")
    await chat.say(PAINT)
    await chat.answers("Tool result: the swatch is teal")
    assert await chat.texts("#color") == ["teal"]


async def test_agentscope_asks_before_it_deletes(open_page: Open, deleted: list[str]) -> None:
    chat = await open_page("clerk", "interrupt")
    await chat.say(DELETE)
    await chat.tab.shows("#agree", "Agree")
    await chat.idle()
    assert deleted == []
    await chat.picture("asked")
    await chat.tab.click("#agree")
    await chat.answers("Tool result: deleted notes.txt")
    assert deleted == ["notes.txt"]
    assert await chat.texts("#interrupt") == []


async def test_agentscope_stops(open_page: Open, world: World) -> None:
    chat = await open_page("clerk")
    await chat.say("[n:1000] [delay:20]")
    await chat.tab.shows(ASSISTANT, "tok3")
    await chat.stop()
    await chat.idle()
    await world.model.hung_up()
    await chat.say("still there?")
    await chat.answers("You said: still there?")
