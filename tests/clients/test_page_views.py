"""The views beside the chat on the server's own page, in a real Chromium: agents and numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.clients.browser import Browser
from tests.clients.conftest import ARTIFACTS
from tests.clients.page import PHONE, PageOfServer, Visitor, server

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHOOSE = """([label, value]) => {
    const select = [...document.querySelectorAll("label")]
        .find((each) => each.textContent.startsWith(label)).querySelector("select");
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
}"""
WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def origin() -> AsyncIterator[str]:
    async with server() as origin:
        yield origin


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(
    browser: Browser, origin: str, request: pytest.FixtureRequest
) -> AsyncIterator[Visitor]:
    visitor = Visitor(browser, origin, ARTIFACTS / "page" / request.node.name)
    yield visitor
    await visitor.leave()


async def test_an_agent_shows_what_it_states_and_is_tried_in_the_chat(visitor: Visitor) -> None:
    page = await visitor.open("/ui/agents")
    await page.tab.shows(".agent", "Tools: weigh")
    await page.tab.click(".agent a:has-text('skilled') >> nth=0")
    await page.tab.shows("h1", "skilled")
    assert await page.address() == "/ui/agents/skilled"
    await page.tab.reload()
    await page.tab.shows(".breaker", "Breaker closed")
    await page.tab.shows(".ability", "Human in the loop")
    await page.tab.click(".tool summary")
    await page.tab.shows(".tool", '"coin": {')
    await page.tab.click("a:has-text('Try it')")
    await page.say("hello")
    await page.answers("Hello from agent")
    await page.tab.wait("() => document.querySelector('select')?.value === 'skilled'")


async def test_an_agent_that_is_not_here_is_not_found(visitor: Visitor) -> None:
    page = await visitor.open("/ui/agents/nobody")
    await page.tab.shows(".empty", "Agent not found")
    await page.tab.click(".empty a")
    await page.tab.shows(".agent", "text_agent description")


async def test_numbers_are_divided_as_the_address_says(
    browser: Browser, request: pytest.FixtureRequest
) -> None:
    async with server() as origin:
        visitor = Visitor(browser, origin, ARTIFACTS / "page" / request.node.name)
        page = await visitor.open("/ui/numbers", look=PHONE)
        await page.tab.shows(".empty", "No runs in this time")
        await talk(await visitor.open())
        await page.tab.reload()
        await page.tab.shows(".failures", "MODEL_UNREACHABLE")
        assert await page.tab.read(WIDE) is False
        assert await page.findings() == []
        await page.tab.read(CHOOSE, ["Division", "agent"])
        await page.tab.shows(".bar-label", "default")
        await page.tab.read(CHOOSE, ["Figure", "failures"])
        await page.tab.shows("h2", "Failures")
        await page.tab.reload()
        await page.tab.shows(".bar-label", "default")
        assert await page.texts("tbody td:nth-child(-n+3)") == ["2", "1"]
        await page.tab.read(CHOOSE, ["Time", "90"])
        await page.tab.shows("[role=alert]", "this store looks back 7 days at most")
        await visitor.leave()


async def talk(page: PageOfServer) -> None:
    """One run that answers, and one that fails."""
    await page.begin("hello")
    await page.say("error")
    await page.tab.shows("[role=alert]", "this failure was asked for")
