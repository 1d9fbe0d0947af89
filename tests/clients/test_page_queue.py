"""A run that waits for a worker, on the server's own page, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from agui_runtime.app import create_app
from agui_runtime.queues.here import HereQueue
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from tests.clients.browser import Tab
from tests.clients.page import READY, visiting
from tests.fakes.agents import ScriptedAgent, text_agent
from tests.runtime.test_workers import at_work
from tests.support import served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_run_that_waits_says_its_place_and_is_there_after_a_reload(
    home: Tab, album: Path
) -> None:
    agents = {"default": ScriptedAgent("default", text_agent)}
    runtime = CopilotRuntime(agents=agents, options=Options(run_in=HereQueue()))
    async with (
        served(create_app(runtime)) as origin,
        visiting(home, origin, album) as visitor,
    ):
        page = await visitor.open()
        await page.say("is anybody there?")
        await page.tab.shows(".waiting", "about number 1 in line")
        await page.picture("waiting")
        await page.tab.wait("() => location.href.includes('threads/')")
        await page.tab.reload()
        await page.tab.wait("() => document.querySelector('.conversation')")
        async with at_work(runtime):
            await page.answers("Hello from agent")
            await page.tab.wait(READY)
        assert await page.messages() == [
            ("user", "is anybody there?"),
            ("assistant", "Hello from agent"),
        ]
        await page.tab.wait("() => !document.querySelector('.waiting')")
