"""A plain agent behind a CopilotKit 1.74 page in Chromium that brings components to draw with."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agui_runtime.connectors.openai import OpenAIAgent
from tests.clients.conftest import OpenToday
from tests.clients.frameworks import world_of
from tests.clients.world import World, requests_of
from tests.fakes.model import ModelServer

OFFER = {
    "surfaceId": "offer",
    "components": [
        {"id": "root", "component": "Column", "children": ["title", "tag"]},
        {"id": "title", "component": "Text", "text": "Today only"},
        {"id": "tag", "component": "PriceTag", "item": "lamp", "price": "12 euros"},
    ],
    "data": {},
}
# The model's language ends a call at the first `}]`.
DRAWING = f"[tool:render_a2ui {json.dumps(OFFER).replace('}]', '} ]')}]"
TAG = "[data-testid=copilot-message-list] >> #price >> text=lamp: 12 euros"

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[World]:
    async with ModelServer(delay=0.005) as model:
        agent = OpenAIAgent("gpt-4o", base_url=model.url, api_key="sk-test")
        async with world_of(model, default=agent) as world:
            yield world


async def test_the_agent_draws_with_the_components_of_the_page(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today(scenario="catalog", threadId="thread-1")
    await chat.say(DRAWING)
    await chat.tab.text(TAG)
    await chat.idle()
    await chat.picture("drawn")
    assert await chat.errors() == []
    [request] = requests_of(world)
    assert "PriceTag" in request["messages"][0]["content"]

    before = await chat.messages()
    await chat.tab.reload()
    await chat.tab.text(TAG)
    await chat.shows(before)


async def test_a_page_without_components_has_it_draw_nothing(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today()
    await chat.say("hello")
    await chat.answers("You said: hello")
    [request] = requests_of(world)
    assert "render_a2ui" not in json.dumps(request)
