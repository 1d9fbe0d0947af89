"""The story that all connectors tell, through calls of a tool: it adds up to the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from mcp import Client
from mcp.types import CallToolResult

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import ANONYMOUS, TERMINAL, Event
from tests.connectors import story
from tests.connectors.narrator import narrator
from tests.connectors.page import Page
from tests.connectors.story import CHAPTERS, EXPECTED
from tests.connectors.talk import text, user
from tests.wires.mcp.serving import GENERATIONS, client_of, serving

CANNOT = {
    "frontend tool": "a call brings no tools of a page",
    "stop": "is a call that its client cancels, and told below",
}

OUTCOMES = {
    "finished": ("success", False),
    "asking": ("interrupt", False),
    "failed": ("error", True),
}


class Caller(Page):
    """Says everything in calls of a tool. What each run was, it reads in the thread; the call has
    to have brought the same.
    """

    def __init__(self, runtime: CopilotRuntime, client: Client) -> None:
        super().__init__(runtime)
        self.client = client

    async def go(self, **rest: Any) -> list[Event]:  # noqa: ANN401  # the input's fields
        result = await self.client.call_tool("default", self._arguments(**rest))
        about: dict[str, Any] = result.structured_content
        self.thread = about["threadId"]
        self.runs += 1
        records = await self.runtime.threads.read(self.thread, ANONYMOUS)
        events = [each.event for each in records if each.run_id == about["runId"]]
        check(result, events)
        return self.see(events)

    def _arguments(self, **rest: Any) -> dict[str, Any]:  # noqa: ANN401
        known = {"threadId": self.thread} if self.runs else {}
        if "resume" in rest:
            [entry] = rest["resume"]
            return {**known, "answer": entry["payload"]}
        return {**known, "message": self.messages[-1]["content"]}


def check(result: CallToolResult, events: list[Event]) -> None:
    """The result is what its run was."""
    about: dict[str, Any] = result.structured_content
    assert (about["outcome"], result.is_error) == OUTCOMES[story.ending(events)]
    assert about["text"] == text(events)
    if text(events):
        assert result.content[0].model_dump()["text"] == text(events)


@asynccontextmanager
async def caller_in(generation: str) -> AsyncIterator[Caller]:
    runtime = CopilotRuntime({"default": narrator}, [story.forecast])
    async with serving(runtime) as origin, client_of(origin, generation) as client:
        yield Caller(runtime, client)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("chapter", [each for each in CHAPTERS if each not in CANNOT])
async def test_the_story_is_the_same(generation: str, chapter: str) -> None:
    async with caller_in(generation) as caller:
        assert await CHAPTERS[chapter](caller) == EXPECTED[chapter]


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_a_call_that_is_cancelled_is_the_stop_of_the_story(generation: str) -> None:
    reached = asyncio.Event()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        if message == story.BEFORE_THE_STOP:
            reached.set()

    async with caller_in(generation) as caller:
        call = asyncio.create_task(
            caller.client.call_tool("default", {"message": story.ENDLESS}, progress_callback=note)
        )
        await reached.wait()
        call.cancel()
        await asyncio.wait((call,))
        events = await first_run(caller.runtime)
        caller.messages = [user(story.ENDLESS)]
        caller.see(events)
    assert story.folded(caller, events) == EXPECTED["stop"]


async def first_run(runtime: CopilotRuntime) -> list[Event]:
    """The events of the first run of the only thread, when it has ended."""
    [thread] = (await runtime.threads.list(ANONYMOUS)).threads
    events: list[Event] = []
    async with aclosing(runtime.threads.follow(thread.thread_id, ANONYMOUS)) as batches:
        async for batch in batches:
            events += [each.event for each in batch.records]
            if events[-1]["type"] in TERMINAL:
                break
    return events
