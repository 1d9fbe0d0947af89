"""The page in `examples/threads`, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import OpenToday, Visit
from tests.clients.site import serve
from tests.clients.today import TodaysChat

EXAMPLE = Path(__file__).parents[2] / "examples" / "threads" / "dist"
TITLES = "nav .title"

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="session")
def example() -> Iterator[str]:
    with serve(EXAMPLE) as url:
        yield url


@pytest.fixture
def open_example(visit: Visit, example: str) -> OpenToday:
    return visit.today(f"{example}/", "threads example")


async def test_threads_are_begun_and_opened_again(open_example: OpenToday) -> None:
    chat = await open_example()
    await begin(chat, "about tea", 1)
    await begin(chat, "about coffee", 2)
    await chat.picture("two threads")
    assert await chat.texts("nav li.current") == (await chat.texts("nav li"))[:1]

    await chat.tab.click("nav li:not(.current) .title")
    await chat.answers("You said: about tea")
    assert await chat.messages() == [
        ("user", "about tea"),
        ("assistant", "You said: about tea"),
    ]


async def test_a_name_stays_after_a_reload(open_example: OpenToday) -> None:
    chat = await open_example()
    await begin(chat, "about tea", 1)
    await chat.tab.click(action("Rename"))
    await chat.tab.fill("nav form input", "Tea")
    await chat.tab.press("nav form input", "Enter")
    await chat.tab.shows(TITLES, "Tea")
    await chat.picture("renamed")
    await chat.tab.reload()
    await chat.tab.shows(TITLES, "Tea")


async def test_a_thread_is_archived_and_brought_back(open_example: OpenToday) -> None:
    chat = await open_example()
    await begin(chat, "about tea", 1)
    await chat.tab.click(action("Archive"))
    await count(chat, 0)
    await chat.tab.click("nav input[type=checkbox]")
    await count(chat, 1)
    await chat.tab.click(action("Bring back"))
    await chat.tab.click("nav input[type=checkbox]")
    await count(chat, 1)
    assert await chat.texts("nav li.archived") == []


async def test_deleting_the_open_thread_begins_a_new_one(open_example: OpenToday) -> None:
    chat = await open_example()
    await begin(chat, "about tea", 1)
    await chat.tab.click(action("Delete"))
    await count(chat, 0)
    await chat.tab.wait("() => !document.querySelector('.copilotKitMessage')")
    await begin(chat, "about coffee", 1)


async def begin(chat: TodaysChat, text: str, threads: int) -> None:
    """Start a thread with this message, after which the list has so many."""
    await chat.tab.click("nav .new")
    await chat.say(text)
    await chat.answers(f"You said: {text}")
    await count(chat, threads)


async def count(chat: TodaysChat, threads: int) -> None:
    await chat.tab.wait("(count) => document.querySelectorAll('nav li').length === count", threads)


def action(label: str) -> str:
    return f"nav .actions button:text-is('{label}')"
