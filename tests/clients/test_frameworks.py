"""An agent built with AgentScope, on pages of CopilotKit 1.10.6 and 1.74 in Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.clients.conftest import OpenPage
from tests.clients.frameworks import (
    EITHER_GENERATION,
    chats_and_thinks,
    fails_and_goes_on,
    serve_answering,
    stops_and_goes_on,
    world_of,
)
from tests.clients.world import World
from tests.connectors import story
from tests.connectors.clerk import clerk, free, permitted_first
from tests.fakes.model import ModelServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), EITHER_GENERATION]

HERE = Path(__file__).parent
DELETE = '[tool:delete {"path":"notes.txt"}]'
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
        agent = clerk(model, free(story.forecast), permitted_first(delete))
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


async def test_agentscope_chats_and_thinks(open_page: OpenPage) -> None:
    await chats_and_thinks(await open_page(agent="clerk"))


async def test_agentscope_carries_out_its_own_tools(open_page: OpenPage) -> None:
    chat = await open_page(agent="clerk")
    await chat.say(story.FORECAST)
    await chat.answers("Tool result: sunny in Oslo")
    await chat.say(f"[sameids] {story.TWICE}")
    await chat.answers("Tool result: sunny in Rome")
    await chat.say(f"[sameids] {story.FORECAST}")
    await chat.answers("Tool result: sunny in Oslo")


async def test_agentscope_fails_in_a_message_and_goes_on(open_page: OpenPage) -> None:
    await fails_and_goes_on(await open_page(agent="clerk"))


async def test_agentscope_calls_a_tool_of_the_page(open_page: OpenPage) -> None:
    chat = await open_page(agent="clerk", scenario="tools")
    await chat.say(PAINT)
    await chat.answers("Tool result: the swatch is teal")
    assert await chat.texts("#color") == ["teal"]


async def test_agentscope_asks_before_it_deletes(open_page: OpenPage, deleted: list[str]) -> None:
    chat = await open_page(agent="clerk", scenario="interrupt")
    await chat.say(DELETE)
    await chat.tab.shows("#agree", "Agree")
    await chat.idle()
    assert deleted == []
    await chat.picture("asked")
    await chat.tab.click("#agree")
    await chat.answers("Tool result: deleted notes.txt")
    assert deleted == ["notes.txt"]
    assert await chat.texts("#interrupt") == []


async def test_agentscope_stops(open_page: OpenPage, world: World) -> None:
    await stops_and_goes_on(await open_page(agent="clerk"), world)
