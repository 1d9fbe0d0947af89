"""What a model draws on a CopilotKit 1.74 page in Chromium: A2UI surfaces, and pages of its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.wrappers.drawing.a2ui import A2UIAgent
from agui_runtime.wrappers.drawing.open_ui import OpenUIAgent
from tests.clients.browser import FRAME
from tests.clients.conftest import OpenToday
from tests.clients.frameworks import world_of
from tests.clients.world import World, requests_of
from tests.fakes.model import ModelServer

BUY = {"event": {"name": "buy", "context": {"item": "lamp"}}}
SURFACE = {
    "surfaceId": "offer",
    "components": [
        {"id": "root", "component": "Column", "children": ["title", "buy"]},
        {"id": "title", "component": "Text", "text": {"path": "/title"}},
        {"id": "buy", "component": "Button", "child": "label", "action": BUY},
        {"id": "label", "component": "Text", "text": "Buy it"},
    ],
    "data": {"title": "A green lamp"},
}
PAGE = {
    "initialHeight": 120,
    "placeholderMessages": ["Setting the timer"],
    "css": "h1 { color: teal }",
    "html": "<body><h1>Tea timer</h1><p id='left'></p></body>",
    "jsFunctions": "const left = () => 'three minutes';",
    "jsExpressions": ["document.getElementById('left').textContent = left()"],
}

OFFER = {
    "surfaceId": "offer",
    "components": [{"id": "root", "component": "PriceTag", "item": "lamp", "price": "12 euros"}],
    "data": {},
}

LIST = "[data-testid=copilot-message-list]"
TWICE = f"""(text) => document.querySelector("{LIST}")?.textContent.split(text).length === 3"""
TITLE = f"{LIST} >> text=/^A green lamp$/"
BUTTON = f"{LIST} >> button:has-text('Buy it')"
TAG = f"{LIST} >> #price >> text=lamp: 12 euros"
TIMER = f"{FRAME}#left >> text=three minutes"

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[World]:
    async with ModelServer(delay=0.005) as model:
        agent = OpenAIAgent("gpt-4o", base_url=model.url, api_key="sk-test")
        async with world_of(model, default=A2UIAgent(OpenUIAgent(agent)), plain=agent) as world:
            yield world


async def test_a_surface_is_drawn_and_the_agent_is_told_what_was_pressed_on_it(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today(threadId="thread-1")
    await chat.say(calling("render_a2ui", SURFACE))
    await chat.tab.shows(LIST, "Building interface")
    await world.model.go_on()
    await chat.tab.text(TITLE)
    await chat.idle()
    assert len(requests_of(world)) == 1

    await chat.tab.click(BUTTON)
    pressed = "The user did 'buy' on the surface 'offer'"
    await chat.answers(pressed)
    await chat.picture("pressed")
    roles = [message["role"] for message in requests_of(world)[-1]["messages"]]
    assert roles[1:] == ["user", "assistant", "tool", "assistant", "tool"]
    assert await chat.errors() == []

    before = await chat.messages()
    await chat.tab.reload()
    await chat.answers(pressed)
    await chat.tab.text(TITLE)
    await chat.shows(before)
    await chat.tab.click(BUTTON)
    await world.model.request(2)
    await chat.answers(pressed)
    assert len(await chat.messages()) == len(before) + 1


async def test_a_page_grows_in_a_frame_of_its_own_and_a_reload_shows_it(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today(threadId="thread-1")
    await chat.say(calling("generateSandboxedUi", PAGE))
    await chat.tab.wait(TWICE, "Setting the timer")  # in what was said, and below it
    await world.model.go_on()
    await chat.tab.text(TIMER)
    await chat.answers("UI generated")
    assert await chat.errors() == []

    before = await chat.messages()
    await chat.tab.reload()
    await chat.tab.text(TIMER)
    await chat.picture("reloaded")
    await chat.shows(before)
    assert len(requests_of(world)) == 2


async def test_an_agent_that_always_draws_does_so_with_the_components_of_the_page(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today(scenario="catalog", threadId="thread-1")
    await chat.say(calling("render_a2ui", OFFER))
    await world.model.go_on()
    await chat.tab.text(TAG)
    assert await chat.errors() == []


async def test_beside_one_that_always_draws_a_plain_agent_draws_nothing(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today(scenario="catalog", agent="plain", threadId="thread-1")
    await chat.say("hello")
    await chat.answers("You said: hello")
    [request] = requests_of(world)
    assert "render_a2ui" not in json.dumps(request)
    assert await chat.errors() == []


def calling(tool: str, arguments: object) -> str:
    """What makes the model call the tool; it stands still after half of the arguments."""
    # Its language ends a call at the first `}]`.
    return f"[wait:4] [tool:{tool} {json.dumps(arguments).replace('}]', '} ]')}]"
