"""A LangGraph graph on pages of CopilotKit 1.10.6 and 1.74 in Chromium: on a real LangGraph server,
and in the process of the runtime, behind the real adapter of AG-UI.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import pytest
import pytest_asyncio

from agui_runtime.connectors.langgraph import LangGraphAgent
from tests.clients.chat import Chat
from tests.clients.conftest import OpenPage
from tests.clients.frameworks import (
    EITHER_GENERATION,
    chats_and_thinks,
    fails_and_goes_on,
    stops_and_goes_on,
    world_of,
)
from tests.clients.world import World
from tests.connectors import story
from tests.connectors.scenes import BOTH
from tests.fakes.model import ModelServer
from tests.peers.langgraph_dev import langgraph_dev
from tests.peers.ours import serving

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peers,
    EITHER_GENERATION,
]

GRAPH = "state_agent"
"""So the page of 1.10.6 calls the agent whose state it shares."""

PAINT = '[tool:setColor {"color":"teal"}]'


class Far(NamedTuple):
    """Where the graph runs, and the model behind it."""

    origin: str
    model: ModelServer


@pytest.fixture(scope="module")
def server() -> Iterator[Far]:
    with ModelServer(delay=0.005) as model, langgraph_dev(model.url) as origin:
        yield Far(origin, model)


@pytest.fixture(scope="module")
def process() -> Iterator[Far]:
    app = "tests.peers.servers.graph_app:app"
    with (
        ModelServer(delay=0.005) as model,
        serving(app, "adapters", MODEL_URL=model.url) as origin,
    ):
        yield Far(origin, model)


@pytest_asyncio.fixture(loop_scope="session", params=["server", "process"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    origin, model = request.getfixturevalue(request.param)
    model.seen.clear()
    if request.param == "process":
        yield World(f"{origin}/copilotkit", f"{origin}/copilotkit", model)
        return
    async with world_of(model, **{GRAPH: LangGraphAgent(origin, "story")}) as world:
        yield world


async def test_langgraph_chats_and_thinks(open_page: OpenPage) -> None:
    await chats_and_thinks(await open_page(agent=GRAPH))


async def test_langgraph_carries_out_its_own_tools(open_page: OpenPage, world: World) -> None:
    chat = await open_page(agent=GRAPH)
    await chat.say(story.FORECAST)
    await chat.answers("Tool result: sunny in Oslo")
    await chat.say(story.TWICE)
    await chat.answers("Tool result: sunny in Rome")
    await chat.say("thanks")
    await chat.answers("You said: thanks")
    assert roles(world) == [
        *("user", "assistant", "tool", "assistant"),
        *("user", "assistant", "tool", "tool", "assistant"),
        "user",
    ]


async def test_langgraph_calls_a_tool_of_the_page(open_page: OpenPage, world: World) -> None:
    chat = await open_page(agent=GRAPH, scenario="tools")
    await chat.say(PAINT)
    await chat.answers("Tool result: the swatch is teal")
    assert await chat.texts("#color") == ["teal"]
    await chat.say("thanks")
    await chat.answers("You said: thanks")
    assert roles(world) == ["user", "assistant", "tool", "assistant", "user"]


async def test_langgraph_shares_its_state(open_page: OpenPage) -> None:
    chat = await open_page(agent=GRAPH, scenario="state")
    await chat.say("hello")
    await chat.answers("You said: hello")
    await chat.tab.shows("#state", '"steps":1')
    await chat.say("[emit] again")
    await chat.answers("You said: [emit] again")
    await chat.tab.shows("#state", '"steps":2')


async def test_langgraph_asks_before_its_tool_looks(open_page: OpenPage) -> None:
    chat = await open_page(agent=GRAPH, scenario="interrupt")
    await chat.say(story.WEATHER)
    await agreed(chat)
    await chat.answers("Tool result: sunny in Oslo")
    assert await chat.texts("#interrupt") == []


async def test_langgraph_asks_two_questions_at_once(open_page: OpenPage) -> None:
    chat = await open_page(agent=GRAPH, scenario="interrupt")
    await chat.say(BOTH)
    await agreed(chat)
    await chat.answers("Tool result: sunny in Rome")
    assert await chat.texts("#interrupt") == []


async def test_langgraph_fails_in_a_message_and_goes_on(open_page: OpenPage) -> None:
    await fails_and_goes_on(await open_page(agent=GRAPH))


async def test_langgraph_stops(open_page: OpenPage, world: World) -> None:
    await stops_and_goes_on(await open_page(agent=GRAPH), world)


async def agreed(chat: Chat) -> None:
    await chat.tab.shows("#question", "May I look?")
    await chat.idle()
    await chat.tab.click("#agree")


def roles(world: World) -> list[str]:
    """Who says what in the last request to the model."""
    return [message["role"] for message in world.model.seen[-1].body["messages"]]
