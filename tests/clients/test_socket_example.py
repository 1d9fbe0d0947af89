"""The page in `examples/socket`, over one socket, beside CopilotKit's page on the same thread, in a
real Chromium.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from tests.clients.agents import SALES
from tests.clients.browser import Browser, Tab, as_list
from tests.clients.conftest import OpenToday
from tests.clients.site import serve
from tests.clients.world import World

EXAMPLE = Path(__file__).parents[2] / "examples" / "socket"
THREAD = "thread-1"

Open: TypeAlias = Callable[..., Awaitable[Tab]]

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def example() -> Iterator[str]:
    with serve(EXAMPLE) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def open_example(browser: Browser, world: World, example: str) -> AsyncIterator[Open]:
    tabs: list[Tab] = []

    async def open_(**query: str) -> Tab:
        given = {"runtimeUrl": world.runtime, "threadId": THREAD, **query}
        tabs.append(await browser.open(f"{example}/?{urlencode(given)}"))
        await tabs[-1].shows("#state", "connected")
        return tabs[-1]

    yield open_
    for tab in tabs:
        await tab.close()


async def say(tab: Tab, form: str, text: str) -> None:
    await tab.fill(f"#{form} input", text)
    await tab.press(f"#{form} input", "Enter")


async def texts(tab: Tab, selector: str) -> list[str]:
    script = "(given) => [...document.querySelectorAll(given)].map((each) => each.textContent)"
    return [str(each) for each in as_list(await tab.read(script, selector))]


async def test_a_home_request_streams_text_and_blocks_into_the_thread_of_another_page(
    open_example: Open, open_today: OpenToday, world: World
) -> None:
    page = await open_example(agent="sales_agent")
    await say(page, "home", "Sales, please, step by step")
    for words in "In week 0 ", "In week 0 it ":
        await page.says("#answer", words)
        world.gate.go_on()
    await page.shows("#end", "success")
    assert await texts(page, "#answer") == [f"{SALES} "]
    assert "block.chart" in await texts(page, "#blocks li")
    other = await open_today(threadId=THREAD, agent="sales_agent")
    await other.answers("In week 7 it was more.")


async def test_a_popup_is_shown_its_domain_before_the_answer(open_example: Open) -> None:
    page = await open_example(agent="routing_agent")
    await say(page, "popup", "note this")
    await page.shows("#domain", "notebook")
    await page.shows("#reply", "Noted.")


async def test_the_page_carries_out_a_call_and_the_agent_goes_on_with_it(
    open_example: Open, open_today: OpenToday
) -> None:
    page = await open_example()
    await say(page, "home", '[tool:open_map {"city":"Rome"}]')
    await page.shows("#answer", "Tool result: Rome is open")
    await page.shows("#end", "success")
    assert await texts(page, "#map") == ["Rome"]
    other = await open_today(threadId=THREAD)
    await other.answers("Tool result: Rome is open")


async def test_the_page_follows_what_another_does_and_renames_the_thread(
    open_example: Open, open_today: OpenToday
) -> None:
    page = await open_example()
    await say(page, "home", "from the socket")
    await page.shows("#thread li.assistant", "You said: from the socket")
    other = await open_today(threadId=THREAD)
    await other.answers("You said: from the socket")
    await other.say("from the other")
    await page.shows("#thread li.user", "from the other")
    await page.shows("#thread li.assistant", "You said: from the other")
    await say(page, "rename", "Our talk")
    await page.shows("#threads li", "Our talk")


async def test_a_stream_that_is_cut_off_goes_on_where_it_was(open_example: Open) -> None:
    page = await open_example(agent="sales_agent")
    await say(page, "home", "go on")
    for number in range(1, 4):
        words = "(given) => document.querySelector('#answer').textContent.split(' ').length > given"
        await page.wait(words, number * 3)
        await page.read("() => { window.mux.cut(); }")
        await page.shows("#state", "connected")
    await page.shows("#end", "success")
    once = await texts(page, "#answer")
    assert once == await texts(page, "#thread li.assistant")
    assert once == [f"{SALES} "]
