"""What is said to a graph on a LangGraph server: once to a real one, and to its recorded answers.

`python -m tests.peers.recording` writes these down.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from agui_runtime.core.events import Event
from tests.connectors import story
from tests.connectors.page import Page, resume
from tests.connectors.talk import tool

BOTH = '[tool:weather {"city":"Oslo"}] [tool:weather {"city":"Rome"}]'

Runs: TypeAlias = list[list[Event]]


@dataclass(frozen=True, slots=True)
class Scene:
    """`play` returns the events of each run; `options` are those of the agent."""

    play: Callable[[Page], Awaitable[Runs]]
    options: Mapping[str, Any] = field(default_factory=dict)


def thread_of(scene: str) -> str:
    return str(uuid5(NAMESPACE_URL, scene))


async def _chat(page: Page) -> Runs:
    first = await page.say(story.THOUGHTFUL)
    second = await page.say("two")
    page.messages = page.messages[:1]
    return [first, second, await page.go()]


async def _interrupt(page: Page) -> Runs:
    first = await page.say(story.WEATHER)
    again = await page.go()
    return [first, again, await page.go(forwardedProps={"command": {"resume": "yes"}})]


async def _two_interrupts(page: Page) -> Runs:
    first = await page.say(BOTH)
    return [first, await page.go(resume=resume(first, "certainly"))]


async def _two_interrupts_one_answer(page: Page) -> Runs:
    first = await page.say(BOTH)
    again = await page.go()
    return [first, again, await page.go(forwardedProps={"command": {"resume": "yes"}})]


async def _failure(page: Page) -> Runs:
    return [await page.say("[fail]")]


async def _aside(page: Page) -> Runs:
    return [await page.say("suggest", ephemeral=True)]


async def _by_hand(page: Page) -> Runs:
    return [await page.say("[emit] hello", tools=[tool("show")])]


async def _expert(page: Page) -> Runs:
    return [await page.say('[tool:expert {"question":"why"}] hello')]


async def _document(page: Page) -> Runs:
    return [await page.say('[tool:write_document {"document":"Once upon a time"}] go')]


async def _again(page: Page) -> Runs:
    return [await page.say("[again]")]


async def _given(page: Page) -> Runs:
    context = [
        {"description": "who", "value": "Ann"},
        {"description": "A2UI Component Schema — what there is", "value": "{}"},
    ]
    props = {"injectA2UITool": True}
    return [await page.say("[given]", tools=[tool("show")], context=context, forwardedProps=props)]


def _chapter(name: str) -> Scene:
    async def play(page: Page) -> Runs:
        await story.CHAPTERS[name](page)
        return []

    return Scene(play, {**_QUIET, "structured_interrupts": True})


_QUIET = {"dispatched": False}
CHAPTERS = {f"story-{name.replace(' ', '-')}": name for name in story.CHAPTERS}
SCENES: dict[str, Scene] = {
    "chat": Scene(_chat, _QUIET),
    "interrupt": Scene(_interrupt, _QUIET),
    "two-interrupts": Scene(_two_interrupts, {**_QUIET, "structured_interrupts": True}),
    "two-interrupts-one-answer": Scene(_two_interrupts_one_answer, _QUIET),
    "failure": Scene(_failure, _QUIET),
    "ephemeral": Scene(_aside, _QUIET),
    "by-hand": Scene(_by_hand),
    "expert": Scene(_expert, _QUIET),
    "document": Scene(_document, _QUIET),
    "again": Scene(_again, {**_QUIET, "config": {"recursion_limit": 100, "tags": ["demo"]}}),
    "given": Scene(_given, _QUIET),
    **{file: _chapter(name) for file, name in CHAPTERS.items()},
}
