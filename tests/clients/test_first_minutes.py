"""What a newcomer sees: `serve` without any settings, and an unmodified page that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from tests.clients.browser import Browser
from tests.clients.chat import Chat
from tests.clients.conftest import ARTIFACTS
from tests.clients.today import OlderChat, TodaysChat
from tests.programs import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def demo() -> AsyncIterator[str]:
    """The `runtimeUrl` of a server that nobody has set up."""
    async with serving() as (_, origin, _):
        yield f"{origin}/copilotkit"


async def open_chat(browser: Browser, page: str, runtime: str, **query: str) -> Chat:
    address = f"{page}?{urlencode({'runtimeUrl': runtime, **query})}"
    return Chat(await browser.open(address), ARTIFACTS / "first-minutes")


async def test_the_demo_says_what_it_is_and_shows_what_there_is(
    browser: Browser, page_1_10: str, demo: str
) -> None:
    chat = await open_chat(browser, f"{page_1_10}/", demo, scenario="frontend-actions")
    await chat.say("hello")
    await chat.answers("You said: hello")
    assert "no model is connected to this server" in (await chat.messages())[1][1]
    await chat.say("setColor teal")
    await chat.answers("answered")
    assert await chat.texts("#color") == ["teal"]
    await chat.picture("chat")
    await chat.say("error")
    assert "was asked for" in await chat.error()
    await chat.picture("error")
    await chat.say("hello again")
    await chat.answers("You said: hello again")
    await chat.tab.close()


@pytest.mark.parametrize("example", ["today", "before"])
async def test_the_readme_s_front_ends_talk_to_it_as_they_stand_there(
    browser: Browser, pages_1_74: str, demo: str, example: str
) -> None:
    chat = await open_chat(browser, f"{pages_1_74}/readme.html", demo, example=example)
    await chat.insist("hello")
    await chat.answers("You said: hello")
    await chat.picture(f"readme-{example}")
    await chat.tab.close()


async def test_the_readme_s_chat_is_there_again_after_a_reload(
    browser: Browser, pages_1_74: str, demo: str
) -> None:
    chat = await open_chat(browser, f"{pages_1_74}/readme.html", demo, example="today")
    await chat.insist("hello again")
    await chat.answers("You said: hello again")
    before = await chat.messages()
    await chat.tab.reload()
    await chat.answers("You said: hello again")
    await chat.shows(before)
    await chat.tab.close()


async def test_the_demo_asks_and_goes_on_with_the_answer(
    browser: Browser, page_1_10: str, demo: str
) -> None:
    chat = await open_chat(browser, f"{page_1_10}/", demo, agent="default", scenario="interrupt")
    await chat.say("interrupt")
    await chat.tab.shows("#question", "Shall I go on?")
    await chat.picture("interrupt")
    await chat.tab.click("#agree")
    await chat.answers("So I go on.")
    assert await chat.texts("#interrupt") == []
    await chat.tab.close()


@pytest.mark.parametrize("path", ["/api/copilotkit", "/copilotkit/copilotkit"])
async def test_pages_of_each_generation_that_ask_at_a_wrong_path_show_the_right_one(
    browser: Browser, page_1_10: str, pages_1_74: str, demo: str, path: str
) -> None:
    wrong = demo.removesuffix("/copilotkit") + path
    right = f"the runtimeUrl of front ends is {demo}"
    chat = await open_chat(browser, f"{page_1_10}/", wrong)
    await chat.say("hello")  # it shows nothing of what fails before
    await chat.tab.shows(Chat.ALERTS, right)
    await chat.picture(f"wrong{path.replace('/', '-')}")
    await chat.tab.close()
    for page, alerts in (("v1.html", OlderChat.ALERTS), ("", TodaysChat.ALERTS)):
        chat = await open_chat(browser, f"{pages_1_74}/{page}", wrong)
        await chat.tab.shows(alerts, right)
        await chat.tab.close()
