"""One browser and one site for each page in a session; a world and its tabs for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeAlias, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

import pytest
import pytest_asyncio

from agui_runtime.stores.base import Store
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.sql import SqliteStore
from tests.clients.browser import Browser, Tab
from tests.clients.chat import Chat
from tests.clients.page import Visitor, server, visiting
from tests.clients.site import serve
from tests.clients.today import OlderChat, TodaysChat
from tests.clients.world import World, start_world
from tests.stores.servers import RedisServer

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


class OpenPage(Protocol):
    """Opens whichever page a story is told on, by names of scenarios that go for all pages."""

    async def __call__(self, *, scenario: str = "chat", **query: str) -> Chat: ...


@dataclass(frozen=True)
class Page:
    """How a page is opened: by which fixture, and with what besides the test's own query.

    `names` are the scenarios that it calls otherwise than the stories do.
    """

    opener: str
    names: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)


NAMES = {"tools": "frontend-actions", "state": "agent-state", "context": "readables"}
NAMES_TODAY = {"tools": "frontend-tools", "state": "shared-state"}
PAGES = {
    "1.10.6": Page("open_chat", NAMES),
    "1.74 v1": Page("open_v1", NAMES),
    "1.74": Page("open_today", NAMES_TODAY),
    "1.74 rest": Page("open_today", NAMES_TODAY, {"transport": "rest"}),
    "1.74 single": Page("open_today", NAMES_TODAY, {"transport": "single"}),
    "1.74 one-route": Page("open_today", NAMES_TODAY, {"transport": "one-route"}),
}
"""By the names that are parameters of `open_page`."""


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


Stores: TypeAlias = Callable[[], Store]
"""Makes a store over the same data each time; its server opens and closes it."""

EACH_STORE = ("sqlite", "redis")

on_each_store = pytest.mark.parametrize("origin", EACH_STORE, indirect=True, scope="module")
"""For stories on the server's own page that depend on what a store does."""


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


def stores_of(request: pytest.FixtureRequest) -> Stores:
    """Those of the kind that is the parameter of a fixture, SQLite's without one, empty."""
    if getattr(request, "param", "sqlite") == "redis":
        return partial(RedisStore, request.getfixturevalue("redis").url, prefix=uuid4().hex)
    folder = request.getfixturevalue("tmp_path_factory").mktemp("page")
    return partial(SqliteStore, f"sqlite:///{folder}/threads.db")


@pytest.fixture(params=EACH_STORE)
def stores(request: pytest.FixtureRequest) -> Stores:
    return stores_of(request)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def origin(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Of the server whose own page a module's stories are told on."""
    async with server(stores_of(request)()) as origin:
        yield origin


@pytest.fixture
def album(request: pytest.FixtureRequest) -> Path:
    """Where the pictures of a story on the server's own page go."""
    test: str = request.node.name
    return ARTIFACTS / "page" / test


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def home(browser: Browser) -> AsyncIterator[Tab]:
    """Holds the profile of the visitors of servers' own pages."""
    tab = await browser.open("about:blank")
    yield tab
    await tab.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(home: Tab, origin: str, album: Path) -> AsyncIterator[Visitor]:
    """Of the page at `origin`."""
    async with visiting(home, origin, album) as visitor:
        yield visitor


class Visit:
    """One test's way to the pages of sites; their tabs close before the runtime of its world."""

    def __init__(self, browser: Browser, world: World, test: str, tabs: AsyncExitStack) -> None:
        self._browser = browser
        self._world = world
        self._test = test
        self._tabs = tabs

    def old(self, address: str, album: str) -> OpenChat:
        opened = self._pages(address, Chat, album)
        return partial(opened.open, runtimeUrl=self._world.runtime)

    def today(self, address: str, album: str, kind: type[TodaysChat] = TodaysChat) -> OpenToday:
        opened = self._pages(address, kind, album)

        async def open_page(
            beside: Chat | None = None, transport: str = "auto", **query: str
        ) -> TodaysChat:
            return await opened.open(beside, **reach(self._world, transport), **query)

        return open_page

    def _pages(self, address: str, kind: type[C], album: str) -> Pages[C]:
        opened = Pages(self._browser, address, kind, ARTIFACTS / album / self._test)
        self._tabs.push_async_callback(opened.close)
        return opened


@pytest_asyncio.fixture(loop_scope="session")
async def visit(
    browser: Browser, world: World, request: pytest.FixtureRequest
) -> AsyncIterator[Visit]:
    async with AsyncExitStack() as tabs:
        yield Visit(browser, world, request.node.name, tabs)


@pytest.fixture
def open_chat(visit: Visit, page_1_10: str) -> OpenChat:
    return visit.old(f"{page_1_10}/", "copilotkit-1.10")


@pytest.fixture
def open_today(visit: Visit, pages_1_74: str) -> OpenToday:
    """The page with today's API."""
    return visit.today(f"{pages_1_74}/", "copilotkit-1.74")


@pytest.fixture
def open_v1(visit: Visit, pages_1_74: str) -> OpenToday:
    """The page with the API of 1.10."""
    return visit.today(f"{pages_1_74}/v1.html", "copilotkit-1.74/v1", OlderChat)


@pytest.fixture(params=["1.10.6", "1.74 v1", "1.74"])
def open_page(request: pytest.FixtureRequest, world: World) -> OpenPage:
    """Its parameter is a name in `PAGES`; `world` is named here because that may have some, too."""
    page = PAGES[request.param]
    opened = request.getfixturevalue(page.opener)

    async def open_it(*, scenario: str = "chat", **query: str) -> Chat:
        chat: Chat = await opened(
            scenario=page.names.get(scenario, scenario), **page.query, **query
        )
        return chat

    return open_it


def reach(world: World, transport: str) -> dict[str, str]:
    """How the query of a page of 1.74 asks for a transport."""
    asked = {"one-route": {"runtimeUrl": world.one_route}, "auto": {}}
    return {"runtimeUrl": world.runtime, **asked.get(transport, {"transport": transport})}
