"""Answers in parts on the server's own page, in a real Chromium: each has what is done with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.app import create_app
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import with_router
from tests.clients.browser import Tab
from tests.clients.chat import ASSISTANT
from tests.clients.page import visiting
from tests.fakes.agents import Events, ScriptedAgent, say
from tests.support import served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_answer_that_another_one_follows_has_its_tools(home: Tab, album: Path) -> None:
    drawn = asyncio.Event()

    async def in_parts(request: RunAgentInput) -> Events:
        async for event in say(f"first-{request.run_id}", ["The first"]):
            yield event
        await drawn.wait()
        async for event in say(f"second-{request.run_id}", ["The second"]):
            yield event

    runtime = CopilotRuntime(agents={"default": ScriptedAgent("default", in_parts)})
    async with (
        served(create_app(runtime)) as origin,
        visiting(home, origin, album) as visitor,
    ):
        page = await visitor.open()
        await page.say("go")
        await page.tab.shows(ASSISTANT, "The first")
        drawn.set()
        await page.answers("The second")
        await page.tab.wait("() => document.querySelectorAll('a.message-tool').length === 2")


async def test_a_router_s_agent_is_named_before_its_first_word_and_after_a_reload(
    home: Tab, album: Path
) -> None:
    named = asyncio.Event()

    async def notes(request: RunAgentInput) -> AsyncIterator[str]:
        await named.wait()
        yield "It is noted"

    async def tasks(request: RunAgentInput) -> AsyncIterator[str]:
        yield "It is done"

    router = with_router({"notes": notes, "tasks": tasks}, domains={"notes": "knowledge"})
    async with (
        served(create_app(CopilotRuntime(agents={"default": router}))) as origin,
        visiting(home, origin, album) as visitor,
    ):
        page = await visitor.open()
        await page.say("go")
        await page.tab.shows(".answering", "notes answers (knowledge)")
        named.set()
        await page.answers("It is noted")
        await page.finishes()
        await page.tab.reload()
        await page.tab.shows(".answering", "notes answers (knowledge)")
