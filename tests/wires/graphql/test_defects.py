"""What the reference gets wrong on this wire and we do not, beyond what its transcripts show."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.options import ServerOptions
from tests.fakes.model import ModelServer
from tests.support import served
from tests.wires.graphql.merging import merged
from tests.wires.graphql.runs import FAILED, FINISHED, call, end_text, open_text, say, text
from tests.wires.graphql.serving import ACCEPT, PATH, chat, payloads, serving, user

DELTAS = 200_000
PADDING = "." * 90


class Counting:
    """An app that counts the bytes that another one has sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.sent = 0
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            self.sent += len(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, counted)


def slow_client(origin: str) -> httpx.AsyncClient:
    """A client whose connection takes next to nothing until it is read."""
    little = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**17)]
    transport = httpx.AsyncHTTPTransport(socket_options=little)
    return httpx.AsyncClient(base_url=origin, headers={"accept": ACCEPT}, transport=transport)


async def answered(client: httpx.AsyncClient, asked: Mapping[str, Any]) -> Any:  # noqa: ANN401
    response = await client.post(PATH, json=asked)
    assert response.status_code == 200
    return merged(payloads(response.content))["data"]["generateCopilotResponse"]


async def test_a_slow_reader_gets_every_token_of_a_long_burst_and_is_not_buffered_for() -> None:
    async def burst(request: RunAgentInput) -> AsyncIterator[Event]:
        yield open_text("m1")
        for number in range(DELTAS):
            yield say("m1", f"{number}{PADDING}")
        yield end_text("m1")

    runtime = CopilotRuntime(agents={"default": burst})
    app = FastAPI()
    app.router.routes.extend(GraphQLWire().routes(runtime, ServerOptions(PATH)))
    counting = Counting(app)
    async with (
        served(counting) as origin,
        slow_client(origin) as client,
        client.stream("POST", PATH, json=chat(), timeout=None) as response,
    ):
        await runtime.store.log.wait_idle("thread-1")
        sent_unread = counting.sent
        received = await response.aread()
    answer = merged(payloads(received))["data"]["generateCopilotResponse"]
    [message] = answer["messages"]
    assert message["content"] == [f"{number}{PADDING}" for number in range(DELTAS)]
    assert message["status"]["code"] == answer["status"]["code"] == "Success"
    assert counting.sent > DELTAS * len(PADDING)
    assert sent_unread < counting.sent / 2


async def test_what_the_page_chooses_for_the_model_reaches_it() -> None:
    parameters = {
        "model": "gpt-4o-mini",
        "temperature": 0,
        "maxTokens": 50,
        "stop": ["END"],
        "toolChoice": "function",
        "toolChoiceFunctionName": "find",
    }
    action = {"name": "find", "description": "", "jsonSchema": '{"type": "object"}'}
    asked = chat(
        forwardedParameters=parameters,
        frontend={"actions": [action], "url": "http://page.test/"},
    )
    with ModelServer() as model:
        agent = OpenAIAgent("gpt-4o", api_key="sk-test", base_url=model.url)
        async with serving(CopilotRuntime(agents={"default": agent})) as client:
            await answered(client, asked)
        [seen] = model.seen
    assert seen.body["model"] == "gpt-4o-mini"
    assert seen.body["temperature"] == 0
    assert seen.body["max_completion_tokens"] == 50
    assert seen.body["stop"] == ["END"]
    assert seen.body["tool_choice"] == {"type": "function", "function": {"name": "find"}}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "3"),
        (2.5, "2.5"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (None, ""),
        ("text", "text"),
        ([1, {"a": None}], '[1,{"a":null}]'),
    ],
)
async def test_an_action_may_return_any_value(value: object, shown: str) -> None:
    def look() -> object:
        return value

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for each in call("c1", "look", "{}"):
            yield each

    runtime = CopilotRuntime(agents={"default": agent}, actions=[look])
    async with serving(runtime) as client:
        answer = await answered(client, chat())
    result = answer["messages"][1]
    assert (result["__typename"], result["result"]) == ("ResultMessageOutput", shown)
    assert (result["actionName"], result["actionExecutionId"]) == ("look", "c1")
    assert answer["status"]["code"] == "Success"


def result_message(identity: str, result: str) -> dict[str, Any]:
    told = {"actionExecutionId": "c1", "actionName": "look", "result": result}
    return {"id": identity, "createdAt": "2026-01-01T00:00:00.000Z", "resultMessage": told}


@pytest.mark.parametrize("results", [["", "42 degrees"], ["42 degrees", ""]])
async def test_of_two_results_of_a_call_the_model_sees_the_one_that_says_something(
    results: list[str],
) -> None:
    called = {"name": "look", "arguments": "{}"}
    messages = [
        user("u1", "How warm is it?"),
        {
            "id": "c1",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "actionExecutionMessage": called,
        },
        *(result_message(f"r{number}", result) for number, result in enumerate(results)),
    ]
    with ModelServer() as model:
        agent = OpenAIAgent("gpt-4o", api_key="sk-test", base_url=model.url)
        async with serving(CopilotRuntime(agents={"default": agent})) as client:
            await answered(client, chat(messages=messages))
        [seen] = model.seen
    told = [each["content"] for each in seen.body["messages"] if each["role"] == "tool"]
    assert told == ["42 degrees"]


@pytest.mark.parametrize(
    ("ends", "code"),
    [([FINISHED, FAILED], "Success"), ([FAILED, FINISHED], "Failed")],
)
async def test_the_first_end_that_an_agent_tells_counts(ends: list[Event], code: str) -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for each in [*text("m1", "So"), *ends]:
            yield each

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        answer = await answered(client, chat())
    assert answer["status"]["code"] == code
    assert answer["messages"][0]["status"]["code"] == "Success"
