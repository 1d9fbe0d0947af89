"""Agents that the official SDK of A2A serves, in both of its generations, asked through our
connector.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from agui_runtime.connectors.a2a import A2AAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page, resume
from tests.connectors.talk import text
from tests.faults.proxy import Proxy
from tests.peers.conftest import serving

GENERATIONS = {"a2a-sdk-1": "a2a_sdk_1.py", "a2a-sdk-0.3": "a2a_sdk_0_3.py"}


@pytest.fixture(params=GENERATIONS)
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The origin of a server of each generation; it streams."""
    with serving(request.param, GENERATIONS[request.param]) as origin:
        yield origin


@pytest.fixture(params=GENERATIONS)
def still_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same, by whose card it does not stream."""
    with serving(request.param, GENERATIONS[request.param], "still") as origin:
        yield origin


@asynccontextmanager
async def page_before(agent: A2AAgent) -> AsyncIterator[Page]:
    runtime = CopilotRuntime({"default": agent})
    async with runtime.lifespan():
        yield Page(runtime)


async def _scenes(page: Page) -> None:
    """An answer, an answer without a task, a failure, and a question with its answer."""
    assert text(await page.say("world")) == "Hello, world"
    assert text(await page.say("how many were cancelled?")) == "0"
    failed = await page.say("break")
    assert (failed[-1]["type"], failed[-1]["message"]) == ("RUN_ERROR", "the far side fell over")
    asked = await page.say("ask me")
    [question] = asked[-1]["outcome"]["interrupts"]
    assert question["message"] == "Which city?"
    assert text(await page.go(resume=resume(asked, "Rome"))) == "Hello, Rome"
    await page.say("ask me")
    assert text(await page.say("Oslo")) == "Hello, Oslo"


async def test_answers_failures_and_questions_of_one_that_streams(server: str) -> None:
    async with page_before(A2AAgent(server)) as page:
        await _scenes(page)


async def test_answers_failures_and_questions_of_one_that_does_not(still_server: str) -> None:
    async with page_before(A2AAgent(still_server)) as page:
        await _scenes(page)


async def test_a_run_that_is_stopped_cancels_the_task(server: str) -> None:
    async with page_before(A2AAgent(server)) as page:
        stopped = await page.stopped_after("hold", "Hello, ")
        assert stopped[-1]["outcome"] == {"type": "cancelled"}
        assert text(await page.say("how many were cancelled?")) == "1"


async def test_a_question_that_is_dismissed_cancels_the_task(server: str) -> None:
    async with page_before(A2AAgent(server)) as page:
        asked = await page.say("ask me")
        await page.go(resume=resume(asked, None, "cancelled"))
        assert text(await page.say("how many were cancelled?")) == "1"


async def test_a_stream_that_breaks_is_taken_up_again(server: str) -> None:
    proxy = Proxy(urlsplit(server).port or 0)
    await proxy.start()
    between = f"http://127.0.0.1:{proxy.port}/"
    async with page_before(A2AAgent(between, endpoint=between)) as page:
        page.messages.append({"id": "u1", "role": "user", "content": "hold"})
        handle = await page.runtime.start(page.request())
        words, cuts = "", 0
        async for batch in handle.batches():
            words += text([record.event for record in batch.records])
            if words and not cuts:
                cuts = 1
                proxy.reset()
    await proxy.close()
    assert words == "Hello, hold"
