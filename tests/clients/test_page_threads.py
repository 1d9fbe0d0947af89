"""The list of threads on the server's own page, over SQLite and over Redis, in a real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.clients.browser import Tab
from tests.clients.conftest import Stores
from tests.clients.page import THREADS, Visitor, server
from tests.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def origin(stores: Stores) -> AsyncIterator[str]:
    async with server(stores()) as origin:
        yield origin


async def test_threads_are_listed_renamed_archived_and_deleted(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("about tea")
    await page.begin("about coffee")
    await page.lists(["about coffee", "about tea"])

    await page.act("about tea", "Rename")
    await page.tab.fill(".renaming input", "Tea")
    await page.tab.press(".renaming input", "Enter")
    await page.lists(["about coffee", "Tea"])

    await page.act("Tea", "Archive")
    await page.lists(["about coffee"])
    await page.tab.click(".check input")
    await page.tab.shows(".thread-about", "archived")
    await page.act("Tea", "Bring back")
    await page.tab.click(".check input")
    await page.tab.shows(THREADS, "Tea")

    await page.act("about coffee", "Delete")
    await page.picture("delete")
    await page.tab.click("dialog button:has-text('Cancel')")
    await page.act("about coffee", "Delete")
    await page.tab.click("dialog .danger")
    await page.lists(["Tea"])
    assert await page.address() == "/ui/"
    await page.tab.reload()
    await page.lists(["Tea"])


FOCUSED_THREAD = """(name) => document.activeElement
    .closest(".thread-item")?.querySelector(".thread-name").textContent === name"""


async def test_the_focus_stays_in_the_list_when_a_thread_changes_or_goes(visitor: Visitor) -> None:
    page = await visitor.open()
    for what in ("tea", "coffee", "milk"):
        await page.begin(f"about {what}")
    await page.act("about coffee", "Rename")
    await page.tab.fill(".renaming input", "Coffee")
    await page.tab.press(".renaming input", "Enter")
    await page.lists(["about milk", "Coffee", "about tea"])
    await page.tab.wait(FOCUSED_THREAD, "Coffee")
    await page.act("Coffee", "Archive")
    await page.lists(["about milk", "about tea"])
    await page.tab.wait(FOCUSED_THREAD, "about tea")
    await page.act("about tea", "Delete")
    await page.tab.click("dialog .danger")
    await page.lists(["about milk"])
    await page.tab.wait(FOCUSED_THREAD, "about milk")


async def test_a_thread_is_opened_from_the_list_and_found_by_its_words(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("about tea")
    await page.begin("about coffee")
    await page.tab.click(f"{THREADS}:has-text('about tea')")
    await page.answers("You said: about tea")
    await page.tab.fill("input[type=search]", "coffee")
    await page.tab.wait(
        "() => document.querySelectorAll('.thread-item').length === 1"
        " || document.querySelector('.chat-threads .banner')"
    )
    if await page.texts(".chat-threads .banner"):
        assert "search" in (await page.texts(".chat-threads .banner"))[0]
    else:
        assert await page.threads() == ["about coffee"]


async def test_while_the_server_is_away_it_says_so_and_then_it_goes_on(
    home: Tab, stores: Stores, album: Path
) -> None:
    port = free_port()
    async with server(stores(), port) as origin:
        visitor = Visitor(home, origin, album)
        page = await visitor.open()
        await page.begin("before")
    await page.say("while you are away")
    await page.tab.shows(".banner", "The server cannot be reached")
    await page.picture("away")
    assert ("user", "while you are away") in await page.messages()
    async with server(stores(), port):
        await page.answers("You said: while you are away")
        await page.tab.wait("() => !document.querySelector('.banner')")
        assert ("user", "before") in await page.messages()
        await visitor.leave()
