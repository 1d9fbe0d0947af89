"""A Node runtime 1.10.6 whose agents and actions are ours: we are its remote endpoint."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from agui_runtime.agents.agent import current_run
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.copilotkit_remote.wire import CopilotKitRemoteWire
from agui_runtime.wires.shared.options import ServerOptions
from tests.fakes.actions import server_actions
from tests.fakes.agents import SCRIPTS, scripted_agents
from tests.fakes.model import ModelServer
from tests.support import served
from tests.wires.graphql.comparator import Answer, Json, outcome
from tests.wires.graphql.serving import ACCEPT, body, chat, user

PROJECT = Path(__file__).parent / "node-1.10.6"
PATH = "/copilotkit_remote"

pytestmark = pytest.mark.asyncio(loop_scope="module")


def whose_token() -> str:
    """The token of whoever asks"""
    return current_run.get().headers.get("x-token", "nobody")


class Node(NamedTuple):
    """The Node runtime, and ours behind it."""

    client: httpx.AsyncClient
    runtime: CopilotRuntime

    async def ask(self, operation: dict[str, Any]) -> Json:
        """The answer's data, merged as a front end does; it must be whole and without errors."""
        answer = await self.client.post("/copilotkit", json=operation)
        merged = outcome(Answer(answer.status_code, dict(answer.headers), answer.content))
        assert merged.complete
        assert not merged.result.get("errors"), merged.result["errors"]
        return merged.result["data"]

    async def chat(self, text: str, agent: str | None = None, **data: Any) -> Json:  # noqa: ANN401
        """The response to a chat message."""
        session = {"agentSession": {"agentName": agent}} if agent else {}
        asked = chat(messages=[user("u1", text)], **session, **data)
        return (await self.ask(asked))["generateCopilotResponse"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node() -> AsyncIterator[Node]:
    """A Node runtime that knows nothing but our remote endpoint and a model; it starts slowly."""
    runtime = CopilotRuntime(scripted_agents(), actions=[*server_actions(), whose_token])
    app = FastAPI()
    options = ServerOptions(forward_headers=("x-token",))
    app.router.routes.extend(CopilotKitRemoteWire(PATH).routes(runtime, options))
    with ModelServer() as model:
        async with served(app) as origin, _started(f"{origin}{PATH}", model.url) as url:
            headers = {"accept": ACCEPT}
            async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
                yield Node(client, runtime)


@asynccontextmanager
async def _started(remote: str, model: str) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    program = shutil.which("node")
    assert program, "run the tests with python3 scripts.py test"
    process = await asyncio.create_subprocess_exec(
        program,
        *("server.mjs", str(port), remote, model),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout
    try:
        while (line := await process.stdout.readline()) != b"ready\n":
            assert line, "the Node runtime did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.communicate()


def contents(response: Json) -> list[Any]:
    return [message["content"] for message in response["messages"] if "content" in message]


async def test_our_agents_are_the_node_runtimes(node: Node) -> None:
    listed = (await node.ask(body("availableAgents", {})))["availableAgents"]["agents"]
    assert {(agent["name"], agent["description"]) for agent in listed} == {
        (name, f"{name} description") for name in SCRIPTS
    }


async def test_what_our_agents_say_reaches_the_page(node: Node) -> None:
    spoken = await node.chat("hi", agent="text_agent", threadId="said-1")
    called = await node.chat("hi", agent="tool_agent", threadId="said-2")
    stated = await node.chat("hi", agent="state_agent", threadId="said-3")
    assert spoken["status"]["code"] == "Success"
    assert contents(spoken) == [["Hello ", "from ", "agent"]]
    [call] = [message for message in called["messages"] if "arguments" in message]
    assert (call["name"], "".join(call["arguments"])) == ("setColor", '{"color":"blue"}')
    states = [message for message in stated["messages"] if "state" in message]
    assert (states[-1]["nodeName"], states[-1]["running"]) == ("__end__", False)
    assert states[-1]["state"] == '{"steps":["one"],"progress":100}'


async def test_a_question_of_our_agent_is_answered_through_the_node_runtime(node: Node) -> None:
    asked = await node.chat("hi", agent="interrupt_agent", threadId="asked")
    [event] = asked["metaEvents"]
    answer = {"name": event["name"], "value": event["value"], "response": "yes"}
    answered = await node.chat("hi", agent="interrupt_agent", threadId="asked", metaEvents=[answer])
    assert event["name"] == "LangGraphInterruptEvent"
    assert event["value"] == '{"question":"Approve?"}'
    assert contents(answered) == [["Resumed with ", "yes"]]


async def test_our_actions_are_called_by_the_node_runtimes_model(node: Node) -> None:
    weather = await node.chat('[tool:getWeather {"city":"Rome"}]', threadId="acted-1")
    failed = await node.chat("[tool:failAction {}]", threadId="acted-2")
    asked = chat(messages=[user("u1", "[tool:whose_token {}]")], threadId="acted-3")
    asked["variables"]["properties"] = {"token": "ann's"}
    token = (await node.ask(asked))["generateCopilotResponse"]
    assert _result(weather) == '{"city":"Rome","temp":21}'
    assert "kaboom" in _result(failed)
    assert _result(token) == "ann's"


async def test_our_agents_state_is_loaded_by_the_node_runtime(node: Node) -> None:
    data = {"threadId": "kept", "agentName": "lg_like_agent"}
    before = (await node.ask(body("loadAgentState", {"data": data})))["loadAgentState"]
    await node.chat("hi", agent="lg_like_agent", threadId="kept")
    after = (await node.ask(body("loadAgentState", {"data": data})))["loadAgentState"]
    assert before["threadExists"] is False
    assert after["threadExists"] is True
    assert after["state"] == '{"topic":"dogs"}'


async def test_a_failure_of_our_agent_reaches_the_page(node: Node) -> None:
    response = await node.chat("hi", agent="mid_error_agent", threadId="failed")
    assert response["status"]["code"] == "Failed"


def _result(response: Json) -> str:
    [result] = [message["result"] for message in response["messages"] if "result" in message]
    return str(result)
