"""An MCP server's own page within a CopilotKit 1.74 page in Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agui_runtime.connectors.mcp import McpServer
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.wrappers.mcp_apps import MCPAppsAgent
from tests.clients.browser import FRAME
from tests.clients.conftest import OpenToday
from tests.clients.frameworks import world_of
from tests.clients.world import World, requests_of
from tests.fakes.mcp_process import STDIO
from tests.fakes.model import ModelServer

APP = FRAME + FRAME
"""CopilotKit puts the server's page into a frame within a frame."""

SHOP = McpServer(command=[*STDIO, "0", "show_cart", "checkout"], id="shop")

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[World]:
    async with ModelServer(delay=0.005) as model:
        agent = OpenAIAgent("gpt-4o", base_url=model.url, api_key="sk-test")
        async with world_of(model, default=MCPAppsAgent(agent, [SHOP])) as world:
            yield world


@pytest.mark.parametrize("transport", ["rest", "single"])
async def test_a_page_of_an_mcp_server_is_shown_and_calls_its_server_and_a_reload_shows_it(
    open_today: OpenToday, world: World, transport: str
) -> None:
    chat = await open_today(transport=transport, threadId="thread-1")
    await chat.say('[tool:show_cart {"item":"green tea"}]')
    await chat.answers("Tool result: ")
    await chat.tab.text(f"{APP}#items >> text=green tea")
    await chat.tab.click(f"{APP}#pay")
    await chat.tab.text(f"{APP}#answer >> text=paid for 1")
    await chat.picture("paid")
    before = await chat.messages()
    assert await chat.errors() == []

    await chat.tab.reload()
    await chat.tab.text(f"{APP}#items >> text=green tea")
    await chat.tab.click(f"{APP}#pay")
    await chat.tab.text(f"{APP}#answer >> text=paid for 1")
    await chat.picture("reloaded")
    await chat.shows(before)
    assert await chat.errors() == []
    assert len(requests_of(world)) == 2
