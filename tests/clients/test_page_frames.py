"""Frames on the server's own page, in a real Chromium: pages of MCP servers, and pages that a model
writes. They run scripts, and reach neither the page nor any address.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agui_runtime.app import create_app
from agui_runtime.connectors.mcp import McpServer
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers.drawing.open_ui import OpenUIAgent
from agui_runtime.wrappers.mcp_apps import MCPAppsAgent
from tests.clients.browser import FRAME, Browser, File
from tests.clients.page import READY, PageOfServer, StrictTab, Visitor
from tests.fakes.mcp_process import STDIO
from tests.fakes.model import ModelServer
from tests.support import served

APP = FRAME + FRAME
"""CopilotKit puts the page of an MCP server into a frame within a frame."""

ATTEMPTS = """Promise.all(Object.entries({
    page: () => parent.document.title,
    cookies: () => document.cookie,
    storage: () => String(localStorage.length),
    server: () => fetch(document.referrer + "/copilotkit/info").then(() => "reached"),
    elsewhere: () => fetch("https://example.com").then(() => "reached"),
    picture: () => new Promise((done, fail) => {
        const picture = new Image();
        picture.onload = () => done("reached");
        picture.onerror = fail;
        picture.src = "/ui/icon.svg";
    }),
}).map(async ([name, attempt]) => {
    try { return `${name}: ${await attempt()}`; } catch { return `${name}: refused`; }
})).then((all) => { document.getElementById("result").textContent = all.join(", "); })"""

SPY = {
    "initialHeight": 120,
    "css": "h1 { color: teal }",
    "html": "<body><h1>Hello</h1><p id='result'></p></body>",
    "jsExpressions": [ATTEMPTS],
}

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def origin() -> AsyncIterator[str]:
    async with ModelServer(delay=0.005) as model:
        agent = OpenAIAgent("gpt-4o", base_url=model.url, api_key="sk-test")
        shop = McpServer(command=[*STDIO, "0", "show_cart", "checkout"], id="shop")
        runtime = CopilotRuntime({"default": OpenUIAgent(MCPAppsAgent(agent, [shop]))})
        async with served(create_app(runtime)) as origin:
            yield origin


async def test_a_page_of_an_mcp_server_is_shown_calls_its_server_and_is_there_after_a_reload(
    visitor: Visitor,
) -> None:
    page = await visitor.open()
    await page.say('[tool:show_cart {"item":"green tea"}]')
    await page.tab.text(f"{APP}#items >> text=green tea")
    await page.tab.click(f"{APP}#pay")
    await page.tab.text(f"{APP}#answer >> text=paid for 1")
    await page.picture("paid")
    assert await page.findings() == []
    await page.tab.reload()
    await page.tab.text(f"{APP}#items >> text=green tea")


async def test_a_page_that_a_model_writes_is_shown_and_reaches_nothing(
    browser: Browser, origin: str, album: Path
) -> None:
    tab = await browser.open(f"{origin}/ui")  # no visitor: the policy has much to refuse
    page = PageOfServer(StrictTab(tab.name, browser), album)
    await page.say(f"[tool:generateSandboxedUi {json.dumps(SPY).replace('}]', '} ]')}]")
    await page.tab.text(f"{FRAME}#result >> text=picture")
    drawn = await page.tab.text(f"{FRAME}#result")
    await page.picture("drawn")
    tried = "page", "cookies", "storage", "server", "elsewhere", "picture"
    assert drawn == ", ".join(f"{each}: refused" for each in tried)
    await tab.close()


async def test_a_document_is_looked_at_before_it_is_sent(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.tab.wait(READY)
    await page.tab.attach("input[type=file]", File("a.pdf", "application/pdf", b"%PDF-1.4"))
    await page.tab.click("span:has-text('a.pdf')")
    await page.tab.wait("() => document.querySelector('iframe')?.contentDocument?.body")
