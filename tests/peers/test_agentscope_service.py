"""An agent on AgentScope's real service, asked through our runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from agui_runtime.connectors.agentscope import AgentScopeAgents, AgentScopeService
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page, results, resume
from tests.connectors.talk import text, tool
from tests.fakes.model import ModelServer
from tests.peers.environments import environment
from tests.ports import free_port

SERVER = Path(__file__).parent / "servers" / "agentscope_service.py"
ASK = '[tool:get_weather {"city":"Rome"}]'


class ServicePage(Page):
    """One of Ann's, on an agent of the service there."""

    def __init__(self, runtime: CopilotRuntime, origin: str) -> None:
        super().__init__(runtime, caller=Caller("ann"))
        self.origin = origin


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[ServicePage]:
    """A page of Ann's on an agent of the service."""
    port = free_port()
    async with ModelServer() as model, listening(tmp_path, port) as client:
        agent, about = await an_agent(client, model)
        origin = f"http://127.0.0.1:{port}"
        runtime = CopilotRuntime({"default": AgentScopeService(origin, agent=agent, model=about)})
        try:
            yield ServicePage(runtime, origin)
        finally:
            await runtime.close()


@asynccontextmanager
async def listening(folder: Path, port: int) -> AsyncIterator[httpx.AsyncClient]:
    python = await asyncio.to_thread(environment, "agentscope-service")
    process = await asyncio.create_subprocess_exec(python, SERVER, folder, str(port))
    origin, identity = f"http://127.0.0.1:{port}", {"x-user-id": "ann"}
    try:
        async with httpx.AsyncClient(base_url=origin, headers=identity, timeout=60) as client:
            while True:
                with suppress(httpx.ConnectError):
                    await client.get("/health")
                    break
                await asyncio.sleep(0.2)  # it says nothing when it can be reached
            yield client
    finally:
        process.terminate()
        await process.wait()


async def an_agent(client: httpx.AsyncClient, model: ModelServer) -> tuple[str, dict[str, Any]]:
    """The id of a new agent, and the configuration of its sessions' model."""
    kind = {"type": "openai_credential"}
    secret = {**kind, "api_key": "k", "base_url": model.url}
    credential = (await client.post("/credential/", json={"data": secret})).json()
    made = await client.post("/agent/", json={"name": "helper", "system_prompt": "Help."})
    about = {**kind, "credential_id": credential["credential_id"], "model": "m", "parameters": {}}
    agent: str = made.json()["agent_id"]
    return agent, about


async def test_it_remembers_asks_and_is_answered(page: Page) -> None:
    await page.say("hi")
    assert text(await page.say("again")) == "You said: again"
    question = await page.say(ASK)
    events = await page.go(resume=resume(question, {"approved": True}))
    assert list(results(events).values()) == ["21C in Rome"]
    question = await page.say(ASK)
    events = await page.go(resume=resume(question, {"approved": False}))
    [result] = [event for event in events if event["type"] == "TOOL_CALL_RESULT"]
    assert result["metadata"] == {"state": "denied"}


SHOW = '[tool:show {"city":"Rome"}]'


@pytest.mark.parametrize("count", [1, 2])
async def test_calls_for_somebody_outside_are_carried_out_by_the_page(
    page: Page, count: int
) -> None:
    await page.say("hi")
    calling = await page.say(" ".join([SHOW] * count), tools=[tool("show")])
    calls = calling[-1]["outcome"]["pendingToolCallIds"]
    assert len(calls) == count
    for call in calls:
        page.messages.append(shown(call))
    events = await page.go(tools=[tool("show")])
    assert text(events) == "Tool result: shown"
    assert text(await page.say("and now?")) == "You said: and now?"


async def test_two_calls_that_ask_are_answered_one_after_the_other(page: Page) -> None:
    await page.say("hi")
    first = await page.say(f"{ASK} {ASK}")
    second = await page.go(resume=resume(first, {"approved": True}))
    events = await page.go(resume=resume(second, {"approved": True}))
    assert list({**results(second), **results(events)}.values()) == 2 * ["21C in Rome"]


async def test_a_call_that_asks_and_one_for_the_page_wait_at_once(page: Page) -> None:
    await page.say("hi")
    question = await page.say(f"{ASK} {SHOW}", tools=[tool("show")])
    calling = await page.go(resume=resume(question, {"approved": True}), tools=[tool("show")])
    assert list(results(calling).values()) == ["21C in Rome"]
    [call] = calling[-1]["outcome"]["pendingToolCallIds"]
    page.messages.append(shown(call))
    assert text(await page.go(tools=[tool("show")])) == "Tool result: shown"
    assert text(await page.say("and now?")) == "You said: and now?"


async def test_both_are_answered_at_once(page: Page) -> None:
    await page.say("hi")
    question = await page.say(f"{ASK} {SHOW}", tools=[tool("show")])
    [call] = calls_of(question, "show")
    page.messages.append(shown(call))
    events = await page.go(resume=resume(question, {"approved": False}), tools=[tool("show")])
    assert text(events) == "Tool result: shown"


async def test_the_page_s_result_may_come_before_the_answer(page: Page) -> None:
    await page.say("hi")
    question = await page.say(f"{ASK} {SHOW}", tools=[tool("show")])
    [call] = calls_of(question, "show")
    page.messages.append(shown(call))
    again = await page.go(tools=[tool("show")])
    assert again[-1]["outcome"]["interrupts"] == question[-1]["outcome"]["interrupts"]
    events = await page.go(resume=resume(again, {"approved": True}), tools=[tool("show")])
    assert list(results(events).values()) == ["21C in Rome"]
    assert text(events)


def calls_of(events: list[Any], name: str) -> list[str]:
    starts = [each for each in events if each["type"] == "TOOL_CALL_START"]
    return [each["toolCallId"] for each in starts if each["toolCallName"] == name]


def shown(call: str) -> dict[str, Any]:
    return {"id": f"x-{call}", "role": "tool", "toolCallId": call, "content": "shown"}


@pytest.mark.parametrize(
    ("prompt", "result"),
    [
        (
            '[tool:TaskCreate {"subject":"pack","description":"Pack."}]',
            "created successfully: pack",
        ),
        ('[tool:TeamCreate {"name":"crew","description":"Travels."}]', "You are the leader."),
        (
            '[tool:reset_tools {"schedule_tools":true}] [then:ScheduleList {}]',
            "No scheduled tasks found.",
        ),
        ('[tool:Skill {"skill":"packing"}]', "Roll, do not fold."),
    ],
)
async def test_tools_of_the_service_itself_show_as_calls(
    page: Page, prompt: str, result: str
) -> None:
    await page.say("hi")
    events = await page.say(prompt)
    last = list(results(events).items())[-1]
    assert result in last[1]
    assert last[0] in {each["toolCallId"] for each in events if each["type"] == "TOOL_CALL_START"}
    assert result in text(events)


async def test_its_agents_are_listed(page: ServicePage) -> None:
    runtime = CopilotRuntime({}, remotes=[AgentScopeAgents(page.origin)])
    try:
        found = await runtime.discover(RunContext(Caller("ann"), request_id="q", headers={}))
    finally:
        await runtime.close()
    assert [each.name for each in found] == ["helper"]


async def test_a_message_in_place_of_an_answer_is_taken(page: Page) -> None:
    await page.say(ASK)
    assert text(await page.say("never mind")) == "You said: never mind"


async def test_a_run_that_is_stopped_leaves_the_session_free(page: Page) -> None:
    await page.say("hi")

    async def at_once() -> None:
        return None

    await page.stopped("[delay:50] go on", at_once)
    assert text(await page.say("and now?")) == "You said: and now?"
