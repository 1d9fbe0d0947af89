"""A runtime that speaks A2A, plain clients of it, and the official SDK's."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
from a2a.client import A2ACardResolver, Client, ClientConfig, ClientFactory
from a2a.types.a2a_pb2 import Message, Part, Role, SendMessageRequest
from ag_ui.core import RunAgentInput

from agui_runtime import A2AWire, CopilotRuntime, ServerOptions
from agui_runtime.core.events import Event
from tests.runtime.worlds import text
from tests.wires.beside_agui import beside_agui

Json = dict[str, Any]
TODAY: Mapping[str, str] = {"a2a-version": "1.0"}


serving = beside_agui(A2AWire)
"""Yields the origin of a server that speaks A2A and AG-UI."""


@asynccontextmanager
async def plain_client_of(
    runtime: CopilotRuntime,
    wire: A2AWire | None = None,
    options: ServerOptions | None = None,
    headers: Mapping[str, str] = TODAY,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that sends whatever a test wants it to."""
    async with (
        serving(runtime, wire, options) as origin,
        httpx.AsyncClient(base_url=origin, headers=headers) as client,
    ):
        yield client


@asynccontextmanager
async def sdk_client(
    origin: str,
    agent: str = "default",
    *,
    binding: str = "JSONRPC",
    version: str = "1.0",
    streaming: bool = True,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Client]:
    """The official SDK's client, which speaks that binding and version."""
    async with httpx.AsyncClient(headers=headers) as http:
        card = await A2ACardResolver(http, f"{origin}/a2a/{agent}").get_agent_card()
        spoken = [
            each
            for each in card.supported_interfaces
            if (each.protocol_binding, each.protocol_version) == (binding, version)
        ]
        assert len(spoken) == 1
        del card.supported_interfaces[:]
        card.supported_interfaces.extend(spoken)
        config = ClientConfig(
            streaming=streaming, httpx_client=http, supported_protocol_bindings=[binding]
        )
        client = ClientFactory(config).create(card)
        try:
            yield client
        finally:
            await client.close()


def sending(words: str, **more: Any) -> SendMessageRequest:  # noqa: ANN401  # fields of Message
    """A user's message, as the SDK's client sends it."""
    made = Message(
        message_id=str(uuid.uuid4()), role=Role.ROLE_USER, parts=[Part(text=words)], **more
    )
    return SendMessageRequest(message=made)


def message(*parts: Json, **more: Any) -> Json:  # noqa: ANN401  # JSON
    """A user's message of 1.0, of these parts or of a word."""
    id_ = str(uuid.uuid4())
    return {"messageId": id_, "role": "ROLE_USER", "parts": [*parts] or [{"text": "hi"}], **more}


def old_message(*parts: Json, **more: Any) -> Json:  # noqa: ANN401  # JSON
    """The same of 0.3."""
    given = [*parts] or [{"kind": "text", "text": "hi"}]
    return {
        "kind": "message",
        "messageId": str(uuid.uuid4()),
        "role": "user",
        "parts": given,
        **more,
    }


def old_rest_message(**more: Any) -> Json:  # noqa: ANN401  # JSON
    """A user's message of 0.3 over REST."""
    made = {"messageId": "m", "role": "ROLE_USER", "content": [{"text": "hi"}]}
    return {"message": {**made, **more}}


async def called(
    client: httpx.AsyncClient, method: str, params: Json, agent: str = "default"
) -> httpx.Response:
    """The answer to a request in JSON-RPC."""
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    return await client.post(f"/a2a/{agent}", json=body)


@asynccontextmanager
async def reading(
    client: httpx.AsyncClient, method: str, params: Json
) -> AsyncIterator[httpx.Response]:
    """The answer to a request in JSON-RPC as it comes, for a test that does something meanwhile."""
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    async with client.stream("POST", "/a2a/default", json=body) as answer:
        yield answer


async def result(
    client: httpx.AsyncClient, method: str, params: Json, agent: str = "default"
) -> Json:
    """The result in it."""
    answer = await called(client, method, params, agent)
    found = answer.json()
    assert (answer.status_code, found["id"]) == (200, 7), found
    made: Json = found["result"]
    return made


async def sent(
    client: httpx.AsyncClient,
    *parts: Json,
    agent: str = "default",
    **more: Any,  # noqa: ANN401  # JSON
) -> Json:
    """The task that a message of 1.0 led to."""
    made: Json = (await result(client, "SendMessage", {"message": message(*parts, **more)}, agent))[
        "task"
    ]
    return made


async def error(
    client: httpx.AsyncClient, method: str, params: Json, agent: str = "default"
) -> Json:
    """The error in the answer, which is not HTTP's."""
    answer = await called(client, method, params, agent)
    found = answer.json()
    assert answer.status_code == 200
    assert found.keys() == {"jsonrpc", "id", "error"}
    made: Json = found["error"]
    return made


def frames_in(stream: str) -> list[Json]:
    """The JSON of a stream's frames."""
    return [orjson.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]


def texts_of(task: Json) -> list[str]:
    """The words of a task's artifacts."""
    return [
        part["text"]
        for artifact in task.get("artifacts", ())
        for part in artifact["parts"]
        if "text" in part
    ]


class Asking:
    """Asks for a city, so many times, and then repeats what it was answered."""

    name = "asking"
    description = "Asks"

    def __init__(self, *ids: str, times: int = 1) -> None:
        self.requests: list[RunAgentInput] = []
        self._ids = ids or ("i1",)
        self._times = times

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.requests.append(request)
        if request.resume and len(self.requests) > self._times:
            payloads = [f"{each.status} {each.payload}" for each in request.resume]
            for event in text(f"m-{request.run_id}", "; ".join(payloads)):
                yield event
            return
        asked = [
            {"id": id_, "reason": "input_required", "message": f"Which {id_}?"} for id_ in self._ids
        ]
        yield {
            "type": "RUN_FINISHED",
            "threadId": request.thread_id,
            "runId": request.run_id,
            "outcome": {"type": "interrupt", "interrupts": asked},
        }
