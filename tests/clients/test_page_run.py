"""The view of a run on the server's own page, in a real Chromium."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.clients.conftest import on_each_store
from tests.clients.page import GATE, Visitor

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
    for _ in range(2):
        GATE.go_on()
    await watching.tab.shows(".figures", "Finished")
    await watching.tab.read(
        "() => { const list = document.querySelector('.records'); list.scrollTop = 1e6; }"
    )
    await watching.tab.shows(".record-type", "RUN_FINISHED")


@on_each_store
async def test_a_run_that_waits_shows_by_itself_that_it_was_answered(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("interrupt")
    await page.tab.shows(".question", "Shall I go on?")
    thread = await page.address()
    script = "() => document.querySelector('a.message-tool')?.pathname"
    run = await visitor.open(str(await page.tab.wait(script)))
    await run.tab.shows(".figures", "Interrupted, waits for an answer")
    state = await visitor.open(thread.replace("/threads/", "/state/"))
    await state.tab.shows(".run-changes", "Interrupted, waits for an answer")
    await page.tab.click(".question button:has-text('Yes')")
    await run.tab.shows(".figures", "Finished")  # CopilotKit answers under the id of the run
    await run.tab.shows(".said", "So I go on.")
    await state.tab.shows(".run-changes", "Interrupted, then continued")
    assert await state.texts(".run-question") == ["interrupt", "interrupt"]


@on_each_store
async def test_a_run_that_another_one_answered_leads_to_it(visitor: Visitor, origin: str) -> None:
    thread = {"threadId": f"thread-{uuid4()}"}
    async with AsyncClient(base_url=f"{origin}/api/v1/agent") as client:
        question = {"messages": [{"role": "user", "content": "interrupt"}]}
        begun = (await client.post("/runs", json=thread | question)).json()["runId"]
        events = (await client.get(f"/threads/{thread['threadId']}/events")).text
        [interrupt] = re.findall(r'"interrupts":\[{"id":"([^"]+)"', events)
        page = await visitor.open(f"/ui/threads/{thread['threadId']}/runs/{begun}")
        await page.tab.shows(".figures", "Interrupted, waits for an answer")
        answer = {"resume": [{"interruptId": interrupt, "status": "resolved", "payload": "yes"}]}
        later = (await client.post(f"/runs/{begun}/resume", json=thread | answer)).json()["runId"]
    await page.tab.shows(".figures", "Interrupted, then continued")
    await page.tab.click(".figures a:has-text('Run ')")
    await page.tab.shows(".said", "So I go on.")
    assert (await page.address()).endswith(later)


@on_each_store
async def test_an_unknown_run_is_not_found(visitor: Visitor) -> None:
    page = await visitor.open("/ui/threads/nobody-s/runs/r1")
    await page.tab.shows(".empty", "Run not found")
