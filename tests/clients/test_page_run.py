"""The view of a run on the server's own page, in a real Chromium."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.clients.conftest import on_each_store
from tests.clients.page import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


@on_each_store
async def test_an_answer_leads_to_its_run_with_steps_and_records(
    visitor: Visitor, origin: str
) -> None:
    page = await visitor.open("/ui?agent=backend_tool_agent")
    await page.say("use it")
    await page.finishes()
    await page.tab.click("a.message-tool")
    await page.tab.shows(".figures", "Finished")
    assert await page.texts(".step-label") == ["lookup", "Message"]

    await page.tab.click(".steps button:has-text('lookup')")
    await page.tab.shows(".raw", '"toolCallName": "lookup"')
    address = str(await page.tab.read("() => location.href"))
    [cursor] = parse_qs(urlsplit(address).query)["at"]
    await page.tab.shows(".raw", cursor)

    other = await visitor.open(address.removeprefix(origin))
    await other.tab.shows(".raw", '"toolCallName": "lookup"')
    await other.tab.read(
        """() => { const types = document.querySelector("section:has(.records) select");
            types.value = "TOOL_CALL_RESULT";
            types.dispatchEvent(new Event("change", { bubbles: true })); }"""
    )
    await other.tab.shows(".record-gist", "42")
    assert await other.texts(".record-type") == ["TOOL_CALL_RESULT"]
    await other.tab.click(".back")
    await other.answers("The answer is 42")


@on_each_store
async def test_a_live_run_is_followed_to_its_end(visitor: Visitor) -> None:
    page = await visitor.open("/ui?agent=slow_agent")
    await page.say("go")
    await page.tab.wait("() => location.pathname.includes('/threads/')")
    thread = await page.address()
    script = """async (path) => {
        const answer = await fetch(path);
        return (await answer.json()).runs[0].id;
    }"""
    run = await page.tab.read(script, f"/copilotkit{thread.removeprefix('/ui')}/runs")
    watching = await visitor.open(f"{thread}/runs/{run}")
    await watching.tab.shows(".figures", "Running")
    await watching.tab.shows(".figures", "Finished")
    await watching.tab.read(
        "() => { const list = document.querySelector('.records'); list.scrollTop = 1e6; }"
    )
    await watching.tab.shows(".record-type", "RUN_FINISHED")


async def test_an_unknown_run_is_not_found(visitor: Visitor) -> None:
    page = await visitor.open("/ui/threads/nobody-s/runs/r1")
    await page.tab.shows(".empty", "Run not found")
