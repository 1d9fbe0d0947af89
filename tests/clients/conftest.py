"""One browser and one page for the session; a world and its tabs for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from tests.clients.browser import Browser
from tests.clients.chat import Chat
from tests.clients.site import serve
from tests.clients.world import World, start_world

HERE = Path(__file__).parent
ARTIFACTS = HERE / "artifacts"


class OpenChat(Protocol):
    """Opens the page in a new tab; with `beside`, in the same profile as that chat.

    `query` is what the page takes: `scenario`, `agent`, `threadId`.
    """

    async def __call__(self, beside: Chat | None = None, **query: str) -> Chat: ...


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with Browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def page_1_10() -> Iterator[str]:
    with serve(HERE / "copilotkit-1.10" / "dist") as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[World]:
    async with start_world() as world:
        yield world


@pytest_asyncio.fixture(loop_scope="session")
async def open_chat(
    browser: Browser, page_1_10: str, world: World, request: pytest.FixtureRequest
) -> AsyncIterator[OpenChat]:
    """Asks for the world, so that the tabs close before their runtime does."""
    chats: list[Chat] = []
    album = ARTIFACTS / "copilotkit-1.10" / request.node.name

    async def open_page(beside: Chat | None = None, **query: str) -> Chat:
        address = f"{page_1_10}/?{urlencode({'runtimeUrl': world.runtime, **query})}"
        tab = await browser.open(address, beside.tab if beside else None)
        chats.append(Chat(tab, album))
        return chats[-1]

    yield open_page
    for number, chat in enumerate(chats, 1):
        await chat.picture(f"end-{number}")
        await chat.tab.close()
