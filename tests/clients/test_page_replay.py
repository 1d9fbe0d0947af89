"""A run that is replayed on the server's own page, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest
import pytest_asyncio
from ag_ui.core import (
    RunAgentInput,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
)

from agui_runtime.app import create_app
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.clients.browser import Json
from tests.clients.page import DARK, PHONE, PageOfServer, Visitor
from tests.fakes.agents import Events, ScriptedAgent, call_tool, say
from tests.support import served

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLAY, BACK, STEP = (f".replay-controls button >> nth={number}" for number in range(3))
SLIDER = ".replay-controls input"
MINUTE = 60_000
GIVEN: dict[str, Json] = {"state": {}, "tools": [], "context": [], "forwardedProps": {}}


async def talking_agent(request: RunAgentInput) -> Events:
    async for event in timed(_talk(), 30):
        yield event


async def _talk() -> Events:
    async for event in call_tool("c1", "weigh", ['{"coin": ', '"gold"}']):
        yield event
    async for event in say("m1", [f"word{number} " for number in range(40)]):
        yield event


async def pausing_agent(request: RunAgentInput) -> Events:
    """By its own times a minute between words, and less than a second around them."""
    yield TextMessageStartEvent(message_id="m1", role="assistant", timestamp=MINUTE)
    for number in range(1, 4):
        time = MINUTE * number + 500
        yield TextMessageContentEvent(message_id="m1", delta=f"{number} ", timestamp=time)
    yield TextMessageEndEvent(message_id="m1", timestamp=3 * MINUTE + 1000)


async def long_agent(request: RunAgentInput) -> Events:
    async for event in timed(say("m1", (f"{number} " for number in range(10_000))), 0.15):
        yield event


async def timed(events: Events, pause: float) -> Events:
    """These, with times so many milliseconds apart: by them the page, which draws no frame for
    longer than 250, needs several frames to replay them.
    """
    time = float(MINUTE)
    async for event in events:
        yield event.model_copy(update={"timestamp": int(time)})
        time += pause


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def origin() -> AsyncIterator[str]:
    scripts = {"talking": (talking_agent, 0), "pausing": (pausing_agent, 0)}
    scripts["long"] = (long_agent, 0)
    agents = {name: ScriptedAgent(name, *given) for name, given in scripts.items()}
    async with served(create_app(CopilotRuntime(agents=agents))) as origin:
        yield origin


async def replay_of(
    agent: str, visitor: Visitor, origin: str, look: dict[str, Json] | None = None
) -> PageOfServer:
    """The page of a run of that agent, which has ended."""
    ids = {"threadId": f"{agent}-thread", "runId": f"{agent}-run"}
    question = {"id": "q1", "role": "user", "content": "Go on"}
    body = {**ids, **GIVEN, "messages": [question]}
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(f"{origin}/copilotkit/agent/{agent}/run", json=body)
    assert "RUN_FINISHED" in answer.text or answer.status_code == 409  # another story's already
    page = await visitor.open(f"/ui/threads/{ids['threadId']}/runs/{ids['runId']}", look=look)
    await page.tab.shows(".replay-moment", "Record")
    await page.tab.wait("() => document.querySelector('.figures [data-status=Finished]')")
    return page


async def said(page: PageOfServer) -> list[str]:
    return await page.texts(".said li")


async def test_a_run_is_stepped_through_and_played_by_keyboard(
    visitor: Visitor, origin: str
) -> None:
    page = await replay_of("talking", visitor, origin)
    await page.tab.press(SLIDER, "Home")
    await page.tab.shows(".replay-moment", "Record 0 of 48")
    assert (await said(page), await page.texts(".step-label, .record")) == ([], [])
    for number in range(1, 4):
        await page.tab.press(STEP, "Enter")
        await page.tab.shows(".replay-moment", f"Record {number} of 48")
    assert await said(page) == ["YouGo on", 'Tool weigh{"coin": ']
    assert await page.texts(".step-label") == ["weigh"]
    assert len(await page.texts(".record")) == 3
    await page.tab.shows(".raw", '"delta": "{\\"coin\\": "')
    await page.tab.press(BACK, "Enter")
    await page.tab.shows("[role=status]", "Record 2 of 48")
    await page.tab.watch(".said")
    await page.tab.press(PLAY, "Space")
    await page.tab.shows("[role=status]", "The whole run is shown")
    grown = [text for text in await page.tab.watched(".said") if text]
    assert len(grown) > 3
    assert all(later.startswith(text) for text, later in pairwise(grown))
    assert grown[-1].endswith("word38 word39 ")
    assert await page.texts(".step-label") == ["weigh", "Message"]


@pytest.mark.parametrize("look", [{}, DARK, PHONE], ids=["light", "dark", "phone"])
async def test_a_moment_of_a_run_has_no_findings(
    visitor: Visitor, origin: str, look: dict[str, Json], request: pytest.FixtureRequest
) -> None:
    page = await replay_of("talking", visitor, origin, look)
    await page.tab.press(SLIDER, "Home")
    for _ in range(2):
        await page.tab.press(SLIDER, "PageUp")
    await page.tab.shows("[role=status]", "Record")
    assert await page.findings() == []
    await page.picture(request.node.callspec.id)
    wide = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert await page.tab.read(wide) is False


async def test_long_pauses_are_shortened_and_the_page_says_so(
    visitor: Visitor, origin: str
) -> None:
    page = await replay_of("pausing", visitor, origin)
    await page.tab.shows("#replay-pace", "2 longer pauses are shortened to 2 s")
    [moment] = await page.texts(".replay-moment")
    assert re.fullmatch(r"Record 7 of 7 · 5\.\d s", moment), moment
    await page.tab.read(
        """() => { const speeds = document.querySelector(".replay select");
            speeds.value = "20";
            speeds.dispatchEvent(new Event("change", { bubbles: true })); }"""
    )
    await page.tab.click(PLAY)
    await page.tab.shows("[role=status]", "Playing at 20 times the speed")
    await page.tab.shows("[role=status]", "The whole run is shown")
    assert await said(page) == ["YouGo on", "Agent1 2 3 "]


async def test_ten_thousand_records_are_replayed_frame_by_frame(
    visitor: Visitor, origin: str
) -> None:
    page = await replay_of("long", visitor, origin)
    await page.tab.shows(".replay-moment", "Record 10004 of 10004")
    await page.tab.press(SLIDER, "Home")
    await page.tab.watch(".replay-moment")
    await page.tab.click(PLAY)
    await page.tab.shows("[role=status]", "The whole run is shown")
    assert len(await page.tab.watched(".replay-moment")) > 3
    assert len(await page.texts(".record")) < 40
    assert (await said(page))[-1].endswith(" 9998 9999 ")
