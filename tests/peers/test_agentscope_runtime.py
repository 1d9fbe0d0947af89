"""An agent that the real agentscope-runtime serves at `/process`, asked through our runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from agui_runtime.connectors.agentscope import AgentScopeProcess
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page, results
from tests.connectors.talk import text
from tests.fakes.model import ModelServer
from tests.peers.environments import HERE, environment
from tests.ports import free_port


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as found:
        yield found


@pytest.fixture
async def page(model: ModelServer) -> AsyncIterator[Page]:
    python, port = await asyncio.to_thread(environment, "agentscope-runtime"), free_port()
    server = str(HERE / "servers" / "agent_app.py")
    words = (str(python), server, model.url, str(port))
    process = await asyncio.create_subprocess_exec(*words)
    origin = f"http://127.0.0.1:{port}"
    runtime = CopilotRuntime({"default": AgentScopeProcess(origin)})
    try:
        async with httpx.AsyncClient() as client:
            while process.returncode is None:
                with suppress(httpx.ConnectError):
                    await client.get(f"{origin}/health")
                    break
                await asyncio.sleep(0.2)  # it says nothing when it can be reached
        yield Page(runtime)
    finally:
        await runtime.close()
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def test_it_answers_thinks_calls_and_fails(page: Page) -> None:
    assert text(await page.say("hi")) == "You said: hi"
    thought = await page.say("[reasoning:Let me see.] hm")
    pieces = [each["delta"] for each in thought if each["type"] == "REASONING_MESSAGE_CONTENT"]
    assert "".join(pieces) == "Let me see."
    called = await page.say('[tool:get_weather {"city":"Rome"}]')
    [arguments] = [each["delta"] for each in called if each["type"] == "TOOL_CALL_ARGS"]
    assert arguments == '{"city": "Rome"}'
    assert list(results(called).values()) == ["21C in Rome"]
    assert text(called) == "Tool result: 21C in Rome"
    for broken in ("[error:401]", "[midfail:2] x"):
        failed = await page.say(broken)
        assert failed[-1]["type"] == "RUN_ERROR"
        assert "its server's log" in failed[-1]["message"]


async def test_a_tool_s_picture_is_a_part_of_its_result(page: Page) -> None:
    events = await page.say('[tool:draw {"what":"a dot"}]')
    source = {"type": "data", "value": "iVBORw0KGgo=", "mimeType": "image/png"}
    assert list(results(events).values()) == [[{"type": "image", "source": source}]]


async def test_a_picture_of_the_user_reaches_the_model(page: Page, model: ModelServer) -> None:
    source = {"type": "data", "value": "iVBORw0KGgo=", "mimeType": "image/png"}
    parts = [{"type": "text", "text": "what is it?"}, {"type": "image", "source": source}]
    page.messages.append({"id": "u1", "role": "user", "content": parts})
    await page.go()
    [sent] = [each for each in model.seen[-1].body["messages"] if each["role"] == "user"]
    assert "data:image/png;base64,iVBORw0KGgo=" in str(sent["content"])


async def test_a_run_that_is_stopped_ends_the_model_s_answer(
    page: Page, model: ModelServer
) -> None:
    async def at_once() -> None:
        return None

    await page.stopped("[delay:50] [n:100] go on", at_once)
    assert text(await page.say("and now?")) == "You said: and now?"
