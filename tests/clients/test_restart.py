"""A CopilotKit 1.74 page in a real Chromium, whose server goes away and comes back, over Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from agui_runtime.stores.redis import RedisStore
from tests.clients.browser import Browser
from tests.clients.chat import ASSISTANT
from tests.clients.conftest import Pages, pages
from tests.clients.today import TodaysChat
from tests.clients.world import start_world
from tests.ports import free_port
from tests.stores.servers import RedisServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def tabs(
    browser: Browser, pages_1_74: str, request: pytest.FixtureRequest
) -> AsyncIterator[Pages[TodaysChat]]:
    album = f"copilotkit-1.74/{request.node.name}"
    async with pages(browser, f"{pages_1_74}/", TodaysChat, album) as opened:
        yield opened


@pytest.mark.parametrize(
    ("agent", "goes_on"),
    [
        ("interrupt_agent", "Resumed with yes, go on"),
        ("asking_agent", "resolved: yes, go on"),
    ],
)
async def test_a_question_is_answered_to_the_server_that_came_back(
    tabs: Pages[TodaysChat], redis: RedisServer, agent: str, goes_on: str
) -> None:
    port = free_port()
    async with start_world(store=RedisStore(redis.url), port=port) as world:
        chat = await tabs.open(
            runtimeUrl=world.runtime, agent=agent, scenario="interrupt", threadId="thread-1"
        )
        await chat.say("do it")
        await chat.tab.shows("#question", "Approve?")
        await chat.idle()
    async with start_world(store=RedisStore(redis.url), port=port):
        await chat.tab.click("#agree")
        await chat.answers(goes_on)
        told = await chat.messages()
        await chat.tab.reload()
        await chat.answers(goes_on)
        assert await chat.messages() == told


async def test_a_reload_shows_what_was_said_before_and_during_the_restart(
    tabs: Pages[TodaysChat], redis: RedisServer
) -> None:
    async with start_world(store=RedisStore(redis.url)) as world:
        port = urlsplit(world.runtime).port or 0
        chat = await tabs.open(runtimeUrl=world.runtime, threadId="thread-1")
        await chat.say("hello")
        await chat.answers("You said: hello")
        await chat.say("[n:1000] [delay:20]")
        await chat.tab.shows(ASSISTANT, "tok3")
    async with start_world(store=RedisStore(redis.url), port=port):
        await chat.tab.reload()
        await chat.answers("tok3")
        assert (await chat.messages())[:3] == [
            ("user", "hello"),
            ("assistant", "You said: hello"),
            ("user", "[n:1000] [delay:20]"),
        ]
        await chat.say("still there?")
        await chat.answers("You said: still there?")
