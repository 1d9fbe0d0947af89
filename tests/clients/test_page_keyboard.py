"""The server's own page by keyboard alone, in a real Chromium: whatever takes the focus has a name
and shows that it has it.
"""

from __future__ import annotations

import pytest

from tests.clients.page import PageOfServer, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAVE = """async ([threadId, state]) => {
    const query = `mutation ($data: SaveAgentStateInput!) {
        saveAgentState(data: $data) { version }
    }`;
    const variables = { data: { threadId, agentName: "default", state } };
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ query, variables });
    const answer = await fetch("/copilotkit", { method: "POST", headers, body });
    return (await answer.json()).data.saveAgentState.version;
}"""


async def test_one_chats_and_takes_care_of_threads(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.tab.wait("() => document.querySelector('.conversation[aria-busy=false]')")
    await page.tab.key("Tab")
    assert await page.focused() == "Skip to the content"
    await page.walk("New thread")
    await page.tab.key("Enter")
    await page.tab.wait("() => document.querySelector('.conversation[aria-busy=false]')")
    await page.walk("Write a message")
    await page.tab.fill("textarea:focus", "by keyboard")
    await page.tab.key("Enter")
    await page.finishes()
    await page.tab.read("() => document.querySelector('.search input').focus()")
    await page.walk("Actions for by keyboard")
    await page.tab.key("Enter")
    await page.tab.wait("() => document.activeElement.textContent.includes('Rename')")
    await page.tab.key("ArrowDown")
    assert await page.focused() == "Archive"
    await page.tab.key("Escape")
    assert await page.focused() == "Actions for by keyboard"
    await page.tab.key("Enter")
    await page.tab.wait("() => document.activeElement.textContent.includes('Rename')")
    await page.tab.key("ArrowUp")
    await page.tab.key("Enter")
    await page.tab.shows("dialog", "Delete this thread?")
    await page.tab.wait("() => document.querySelector('dialog:modal')?.matches(':focus-within')")
    await page.tab.key("Escape")
    await page.tab.wait("() => !document.querySelector('dialog')")


async def test_one_replays_a_run_and_reads_its_records(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("state")
    await page.walk("Run")
    await page.tab.key("Enter")
    await page.tab.shows("[role=status]", "The whole run is shown")
    await page.focuses("content")
    await page.walk("Step back")
    await page.tab.key("Enter")
    await page.walk("Step")
    await page.tab.key("Enter")
    await page.tab.shows("[role=status]", "The whole run is shown")
    assert await page.focused() == "Step"
    await page.walk("Moment of the run")
    await page.tab.key("Home")
    await page.tab.shows("[role=status]", "Record 0 of")
    await page.tab.key("End")
    await page.tab.shows("[role=status]", "The whole run is shown")
    await page.walk("Records")
    for key, shown in (
        ("Home", "RUN_STARTED"),
        ("ArrowDown", "STEP_STARTED"),
        ("End", "RUN_FINISHED"),
    ):
        await page.tab.key(key)
        await page.tab.shows(".record[aria-selected=true]", shown)
        await page.tab.shows(".raw", shown)
    assert await page.walk("Copy JSON") == 1


async def test_one_edits_a_state_and_settles_a_conflict(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("state")
    thread = (await page.address()).rpartition("/")[2]
    await page.walk("State")
    await page.tab.key("Enter")
    await page.tab.shows(".state-threads", "state")
    await page.walk("state")
    await page.tab.key("Enter")
    await page.tab.shows("h1", "State of default")
    await page.focuses("content")
    await page.walk("Edit")
    await save(page, '{"plan": {"steps": ["one"]}}')
    await page.tab.shows(".tree summary", "plan")
    await page.walk("plan {1}")
    await page.tab.key("Enter")
    await page.tab.wait("() => !document.querySelector('.tree details').open")
    await page.walk("Edit")
    await page.tab.key("Enter")
    await page.tab.wait("() => document.querySelector('textarea:focus')")
    await page.tab.read(SAVE, [thread, '{"by": "another"}'])
    await page.tab.fill("textarea:focus", '{"by": "me"}')
    await page.walk("Save")
    await page.tab.key("Enter")
    await page.focuses("Conflict")
    await page.walk("Differences")
    await page.walk("Edit the stored one")
    await page.tab.key("Enter")
    assert (await page.focused()).startswith("The state as JSON, from version")
    await page.walk("Save")
    await page.tab.key("Enter")
    await page.focuses("Edit")
    await page.tab.shows(".tree-leaf", 'by "another"')


async def save(page: PageOfServer, text: str) -> None:
    """From the button that opens the editor, back to it."""
    await page.tab.key("Enter")
    await page.tab.wait("() => document.querySelector('textarea:focus')")
    await page.tab.fill("textarea:focus", text)
    await page.walk("Save")
    await page.tab.key("Enter")
    await page.focuses("Edit")


async def test_one_looks_at_agents_numbers_and_how_to_connect(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("hello")
    await page.walk("Agents")
    await page.tab.key("Enter")
    await page.tab.shows(".agents", "skilled")
    await page.walk("skilled")
    await page.tab.key("Enter")
    await page.focuses("content")
    await page.walk("weighWeighs a coin")
    await page.tab.key("Enter")
    await page.walk("Arguments of weigh")
    await page.walk("Copy the schema weigh")
    await page.walk("Numbers")
    await page.tab.key("Enter")
    await page.tab.shows(".figures", "Runs")
    await page.walk("Division")
    await page.tab.key("ArrowDown")
    await page.tab.shows(".bar-label", "default")
    await page.walk("All figures")
    await page.walk("Connect")
    await page.tab.key("Enter")
    await page.tab.shows("h1", "Connect a front end")
    await page.walk("Copy runtimeUrl")
    await page.walk("GraphQL playground")
    await page.walk("Today's CopilotKit")
