"""One browser and one site for each page in a session; a world and its tabs for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from tests.clients.browser import Browser
from tests.clients.chat import Chat
from tests.clients.site import serve
from tests.clients.today import TodaysChat
from tests.clients.world import World, start_world

HERE = Path(__file__).parent
ARTIFACTS = HERE / "artifacts"

C = TypeVar("C", bound=Chat)


class Pages(Generic[C]):
    """Opens a page's chats in new tabs; with `beside`, in the same profile as that chat."""

    def __init__(self, browser: Browser, address: str, kind: type[C], album: Path) -> None:
        self._browser = browser
        self._address = address
        self._kind = kind
        self._album = album
        self.opened: list[C] = []

    async def open(self, beside: Chat | None = None, **query: str) -> C:
        address = f"{self._address}?{urlencode(query)}"
        tab = await self._browser.open(address, beside.tab if beside else None)
        self.opened.append(self._kind(tab, self._album))
        return self.opened[-1]

    async def close(self) -> None:
        for number, chat in enumerate(self.opened, 1):
            await chat.picture(f"end-{number}")
            await chat.tab.close()


class OpenChat(Protocol):
    """Opens the page of 1.10.6 in a new tab; with `beside`, in the same profile as that chat.

    `query` is what the page takes: `scenario`, `agent`, `threadId`.
    """

    async def __call__(self, beside: Chat | None = None, **query: str) -> Chat: ...


class OpenToday(Protocol):
    """Opens a page of 1.74 in the same way; its `query` may have a `user`, too.

    `transport` is `rest`, a path for each thing; `single`, one path for all; `auto`, whatever the
    page finds out; or `one-route`, the same where it can find one path only.
    """

    async def __call__(
        self, beside: Chat | None = None, transport: str = "auto", **query: str
    ) -> TodaysChat: ...


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with Browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def page_1_10() -> Iterator[str]:
    with serve(HERE / "copilotkit-1.10" / "dist") as url:
        yield url


@pytest.fixture(scope="session")
def pages_1_74() -> Iterator[str]:
    with serve(HERE / "copilotkit-1.74" / "dist") as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Its parameter, where a test gives one, is the runtime's `Options`."""
    async with start_world(getattr(request, "param", None)) as world:
        yield world


@asynccontextmanager
async def pages(
    browser: Browser, address: str, kind: type[C], album: str
) -> AsyncIterator[Pages[C]]:
    """The tabs of a test; they close before the runtime of a world that was asked for earlier."""
    opened = Pages(browser, address, kind, ARTIFACTS / album)
    try:
        yield opened
    finally:
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_chat(
    browser: Browser, page_1_10: str, world: World, request: pytest.FixtureRequest
) -> AsyncIterator[OpenChat]:
    album = f"copilotkit-1.10/{request.node.name}"
    async with pages(browser, f"{page_1_10}/", Chat, album) as opened:

        async def open_page(beside: Chat | None = None, **query: str) -> Chat:
            return await opened.open(beside, **{"runtimeUrl": world.runtime, **query})

        yield open_page


@pytest_asyncio.fixture(loop_scope="session")
async def open_today(
    browser: Browser, pages_1_74: str, world: World, request: pytest.FixtureRequest
) -> AsyncIterator[OpenToday]:
    """The page with today's API."""
    async with pages_of_today(browser, f"{pages_1_74}/", world, request.node.name) as open_page:
        yield open_page


@pytest_asyncio.fixture(loop_scope="session")
async def open_v1(
    browser: Browser, pages_1_74: str, world: World, request: pytest.FixtureRequest
) -> AsyncIterator[OpenToday]:
    """The page with the API of 1.10."""
    album = f"v1 {request.node.name}"
    async with pages_of_today(browser, f"{pages_1_74}/v1.html", world, album) as open_page:
        yield open_page


@asynccontextmanager
async def pages_of_today(
    browser: Browser, address: str, world: World, album: str
) -> AsyncIterator[OpenToday]:
    async with pages(browser, address, TodaysChat, f"copilotkit-1.74/{album}") as opened:

        async def open_page(
            beside: Chat | None = None, transport: str = "auto", **query: str
        ) -> TodaysChat:
            return await opened.open(beside, **reach(world, transport), **query)

        yield open_page


def reach(world: World, transport: str) -> dict[str, str]:
    """How the query of a page of 1.74 asks for a transport."""
    asked = {"one-route": {"runtimeUrl": world.one_route}, "auto": {}}
    return {"runtimeUrl": world.runtime, **asked.get(transport, {"transport": transport})}
