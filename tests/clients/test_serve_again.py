"""What a person sees who starts `serve`, chats in a CopilotKit page in a real Chromium, ends the
server with Ctrl-C and starts it again: over the SQLite file that `serve` has by itself.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.clients.browser import Browser
from tests.clients.chat import Chat
from tests.clients.conftest import Pages, pages
from tests.clients.today import OlderChat, TodaysChat
from tests.ports import free_port
from tests.programs import serving_at

pytestmark = pytest.mark.asyncio(loop_scope="session")

KINDS: dict[str, tuple[str, str, type[Chat]]] = {
    "1.10.6": ("page_1_10", "", Chat),
    "1.74 v1": ("pages_1_74", "v1.html", OlderChat),
    "1.74": ("pages_1_74", "", TodaysChat),
}
TODAY = pytest.mark.parametrize("tabs", ["1.74"], indirect=True)


class Desk:
    """One folder and one port, at which a person starts the server, and ends it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.runtime = f"http://127.0.0.1:{self._port}/copilotkit"

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """`serve` until Ctrl-C, which ends it in order and without a traceback."""
        data = str(self._folder)
        async with serving_at(self._port, AGUI_DATA=data) as (process, _, announced):
            assert f"threads      {self._folder / 'threads.db'}" in announced
            yield
            process.send_signal(signal.SIGINT)
            _, errors = await process.communicate()
            assert process.returncode == 130
            assert "Traceback" not in errors.decode()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest_asyncio.fixture(loop_scope="session", params=list(KINDS))
async def tabs(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Pages[Chat]]:
    site, page, kind = KINDS[request.param]
    address = f"{request.getfixturevalue(site)}/{page}"
    async with pages(browser, address, kind, f"serve-again/{request.node.name}") as opened:
        yield opened


async def opened(tabs: Pages[Chat], desk: Desk, scenario: str = "chat") -> Chat:
    return await tabs.open(
        runtimeUrl=desk.runtime, agent="default", scenario=scenario, threadId="thread-1"
    )


async def test_a_reload_shows_the_conversation_from_before(tabs: Pages[Chat], desk: Desk) -> None:
    async with desk.serve():
        chat = await opened(tabs, desk)
        for text in ("good morning", "how are you"):
            await chat.say(text)
            await chat.answers(f"You said: {text}")
        before = await chat.messages()
    async with desk.serve():
        await chat.tab.reload()
        await chat.answers("You said: how are you")
        await chat.shows(before)
        await chat.picture("after the restart")
        await chat.say("still there?")
        await chat.answers("You said: still there?")
        assert (await chat.messages())[:-2] == before


async def test_an_open_question_is_answered_by_the_page_that_stayed(
    tabs: Pages[Chat], desk: Desk
) -> None:
    async with desk.serve():
        chat = await opened(tabs, desk, "interrupt")
        await chat.say("interrupt")
        await chat.tab.shows("#agree", "Agree")
        await chat.idle()
    async with desk.serve():
        await chat.tab.click("#agree")
        await chat.answers("So I go on.")
        assert await chat.texts("#interrupt") == []
        after = await chat.messages()
        await chat.tab.reload()
        await chat.answers("So I go on.")
        await chat.shows(after)


@TODAY
async def test_an_open_question_is_there_again_after_a_reload(
    tabs: Pages[Chat], desk: Desk
) -> None:
    async with desk.serve():
        chat = await opened(tabs, desk, "interrupt")
        await chat.say("interrupt")
        await chat.tab.shows("#question", "Shall I go on?")
        await chat.idle()
        before = await chat.messages()
    async with desk.serve():
        await chat.tab.reload()
        await chat.tab.shows("#question", "Shall I go on?")
        await chat.shows(before)
        await chat.picture("asked again")
        await chat.tab.click("#agree")
        await chat.answers("So I go on.")
        assert await chat.texts("#interrupt") == []
