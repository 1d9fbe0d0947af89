"""What strangers and models write, in every view of the server's own page: it is shown as text,
runs nothing, and makes no view wider than the screen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from ag_ui.core import (
    RunAgentInput,
    RunErrorEvent,
    StateSnapshotEvent,
    StepFinishedEvent,
    StepStartedEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)

from agui_runtime.app import create_app
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.memories.entries import Origin, Proposal
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import with_memory
from tests.clients.browser import Json
from tests.clients.page import PHONE, PageOfServer, Visitor
from tests.fakes.agents import Events, ScriptedAgent, say
from tests.support import served

pytestmark = pytest.mark.asyncio(loop_scope="session")

HTML = '<img src=x onerror="hacked = 1"><script>hacked = 1</script><style>* {display: none}</style>'
LINK = "[link](javascript:hacked=1) <a href='javascript:hacked=1'>link</a>"
BACKWARDS = "\u202eabc\u202c"
EVIL = f"{HTML} {BACKWARDS} {'W' * 1500}"

STATES: JsonObject = {
    "identity": {"provider": EVIL},
    "tools": {"supported": True, "items": [{"name": "t" * 300, "description": EVIL}]},
}

REMEMBERED = [
    Proposal("core", EVIL[:1000], Origin("t", "r", "m", EVIL), key=HTML[:100]),
    Proposal("associative", f"{HTML} {'F' * 500}", Origin("t", "r", "m"), entity="E" * 100),
]

UNHARMED = """() => {
    const all = document.querySelectorAll(
        "html, main, .page, .card, .banner, .chat-main, .dialog, .entry");
    const wide = [...all].filter((each) => each.scrollWidth > each.clientWidth + 1);
    return [...wide.map((each) => each.className || each.tagName), window.hacked].filter(Boolean);
}"""


VIEWS = {
    "State": "Choose one.",
    "Memory": "Always known",
    "Numbers": "Failures",
    "Agents": EVIL,
}
"""In the navigation, with what each shows when it is there."""


async def evil_agent(request: RunAgentInput) -> Events:
    async for event in say(f"m-{request.run_id}", [EVIL, LINK]):
        yield event
    call = f"c-{request.run_id}"
    yield ToolCallStartEvent(tool_call_id=call, tool_call_name=EVIL[:200])
    yield ToolCallArgsEvent(tool_call_id=call, delta='{"a": "<b>%s"}' % ("A" * 1500))
    yield ToolCallEndEvent(tool_call_id=call)
    yield ToolCallResultEvent(message_id=f"r{call}", tool_call_id=call, content=EVIL)
    yield StateSnapshotEvent(snapshot={EVIL: EVIL, "list": [{EVIL: [EVIL]}]})
    yield StepStartedEvent(step_name=EVIL)
    yield StepFinishedEvent(step_name=EVIL)
    yield RunErrorEvent(message=EVIL, code="X" * 300)


class Evil(ScriptedAgent):
    description = EVIL
    capabilities = STATES


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def origin() -> AsyncIterator[str]:
    name = "n" * 100
    memory = Memory(anonymous=True)
    runtime = CopilotRuntime({name: with_memory(Evil(name, evil_agent), memory)}, memory=memory)
    async with served(create_app(runtime)) as origin:
        await memory.remember(ANONYMOUS.owner, REMEMBERED)
        yield origin


@pytest.mark.parametrize("look", [{}, PHONE], ids=["desk", "phone"])
async def test_what_is_written_to_do_harm_does_none(
    visitor: Visitor, look: dict[str, Json]
) -> None:
    page = await visitor.open(look=look)
    await page.say(f"{HTML} {BACKWARDS}{'Q' * 300}")
    await page.tab.shows(".banner", "X" * 300)
    await page.tab.click(".banner summary")
    await is_unharmed(page, "failure")
    await page.tab.click(".banner button:has-text('Dismiss')")
    await page.tab.click(".tool-call summary")
    await is_unharmed(page, "chat")
    await page.tab.click("a.message-tool >> nth=0")
    await page.tab.shows(".figures", "Failed")
    await page.tab.click(".record >> nth=1")
    await is_unharmed(page, "run")
    await page.tab.click(".page-header a:has-text('State')")
    await page.tab.click(".run-changes summary")
    await page.tab.shows(".changes", "The whole state")
    await is_unharmed(page, "state")
    for view, ready in VIEWS.items():
        await page.tab.click(f"nav a:has-text('{view}')")
        await page.tab.shows("main", ready)
        await is_unharmed(page, view.lower())
    await page.tab.click("nav a:has-text('Memory')")
    await page.tab.click(".entry [title=Delete] >> nth=0")
    await is_unharmed(page, "deleting")
    await page.tab.key("Escape")
    await page.tab.click("nav a:has-text('Agents')")
    await page.tab.click(".agent a >> nth=0")
    await page.tab.click(".tool summary")
    await is_unharmed(page, "agent")


async def is_unharmed(page: PageOfServer, moment: str) -> None:
    await page.picture(moment)
    assert await page.tab.read(UNHARMED) == [], moment
