"""Clients of CopilotKit up to 1.10: a page's, by GraphQL, and a Node runtime's, of an endpoint."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from typing import Any

import httpx
import orjson

from agui_runtime.core.events import Message
from tests.wires.graphql.merging import apply
from tests.wires.graphql.serving import ACCEPT, PATH, chat
from tests.wires.visitors.visitor import Client, Received, Turn

NOW = "2026-01-01T00:00:00.000Z"
INTERRUPT = "LangGraphInterruptEvent"


class GraphQLClient(Client):
    """As a page of 1.10.6: it leaves a run to stop it, and sends results of the server's again."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, turn: Turn) -> AsyncGenerator[Received]:
        answers = [
            {"name": INTERRUPT, "value": "{}", "response": orjson.dumps(each["payload"]).decode()}
            for each in turn.answers
        ]
        actions = [
            {**_described(each), "jsonSchema": orjson.dumps(each["parameters"]).decode()}
            for each in turn.tools
        ]
        body = chat(
            threadId=turn.thread,
            runId=turn.run,
            messages=[each for message in turn.messages for each in _inputs(message)],
            metaEvents=answers,
            frontend={"actions": actions, "url": "http://page.test/"},
        )
        whole: Any = None
        async with self._http.stream("POST", PATH, json=body, headers={"accept": ACCEPT}) as answer:
            assert answer.status_code == 200
            async for payload in _payloads(answer):
                whole = whole or payload["data"]
                for piece in payload.get("incremental", ()):
                    apply(whole, piece)
                yield _of_response(whole["generateCopilotResponse"])

    def goes_on(self, received: Received) -> bool:
        return bool(received["results"]) and not received["text"]


async def _payloads(answer: httpx.Response) -> AsyncGenerator[Any]:
    """Each part of a multipart answer, as soon as its closing line is there."""
    waiting = b""
    async for block in answer.aiter_raw():
        *parts, waiting = (waiting + block).split(b"\r\n---")
        for part in parts:
            _, _, content = part.partition(b"\r\n\r\n")
            if content:
                yield orjson.loads(content)


def _inputs(message: Message) -> Iterator[dict[str, Any]]:
    """The message as inputs of the mutation."""
    about = {"createdAt": NOW}
    if message["role"] == "tool":
        ids = {"actionExecutionId": message["toolCallId"], "actionName": "show"}
        made = {"resultMessage": {**ids, "result": message["content"]}}
        yield {"id": message["id"], **about, **made}
    elif message.get("content"):
        words = {"role": message["role"], "content": message["content"]}
        yield {"id": message["id"], **about, "textMessage": words}
    for call in message.get("toolCalls") or ():
        yield {"id": call["id"], **about, "actionExecutionMessage": call["function"]}


def _of_response(response: Mapping[str, Any]) -> Received:
    kinds: dict[str, list[Any]] = {}
    for each in response["messages"]:
        kinds.setdefault(each["__typename"], []).append(each)
    states = kinds.get("AgentStateMessageOutput", ())
    code = (response.get("status") or {}).get("code", "")
    ended = "asking" if response["metaEvents"] else ENDINGS.get(code)
    shown = {
        "thread": response["threadId"],
        "text": "".join(w for m in kinds.get("TextMessageOutput", ()) for w in m["content"]),
        "calls": [
            (each["name"], "".join(each["arguments"]))
            for each in kinds.get("ActionExecutionMessageOutput", ())
        ],
        "results": [each["result"] for each in kinds.get("ResultMessageOutput", ())],
        "state": orjson.loads(states[-1]["state"]) if states else None,
    }
    return shown | ({"ending": ended} if ended else {})


ENDINGS = {"Success": "finished", "Failed": "failed"}


class RemoteClient(Client):
    """As a Node runtime, which leaves what it does not want any more."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, turn: Turn) -> AsyncGenerator[Received]:
        body = {
            **{"name": "default", "threadId": turn.thread, "state": {}, "config": {}},
            "messages": [each for message in turn.messages for each in _legacy(message)],
            "actions": [{**_described(each), "parameters": {}} for each in turn.tools],
            "metaEvents": [{"name": INTERRUPT, "response": "yes"} for _ in turn.answers],
        }
        lines: list[Any] = []
        path = "/copilotkit_remote/agents/execute"
        async with self._http.stream("POST", path, json=body) as answer:
            try:
                async for line in answer.aiter_lines():
                    lines.append(orjson.loads(line))
                    yield _of_lines(lines)
            except httpx.RemoteProtocolError:
                yield {**_of_lines(lines), "ending": "failed"}
            else:
                asks = any(each["type"] == "MetaEvent" for each in lines)
                yield {**_of_lines(lines), "ending": "asking" if asks else "finished"}


def _described(tool: Mapping[str, Any]) -> dict[str, str]:
    return {"name": tool["name"], "description": tool["description"]}


def _legacy(message: Message) -> Iterator[dict[str, Any]]:
    if message["role"] == "tool":
        ids = {"actionExecutionId": message["toolCallId"], "actionName": "show"}
        about = {"id": message["id"], "type": "ResultMessage"}
        yield {**about, **ids, "result": message["content"]}
    elif message.get("content"):
        about = {"id": message["id"], "type": "TextMessage"}
        yield {**about, "role": message["role"], "content": message["content"]}
    for call in message.get("toolCalls") or ():
        function = call["function"]
        made = {"name": function["name"], "arguments": orjson.loads(function["arguments"])}
        yield {"id": call["id"], "type": "ActionExecutionMessage", **made}


def _of_lines(lines: Sequence[Mapping[str, Any]]) -> Received:
    arguments: dict[str, str] = {}
    for each in lines:
        if each["type"] == "ActionExecutionArgs":
            id_ = each["actionExecutionId"]
            arguments[id_] = arguments.get(id_, "") + each["args"]
    states = _fields(lines, "AgentStateMessage", "state")
    begun = [each for each in lines if each["type"] == "ActionExecutionStart"]
    return {
        "text": "".join(_fields(lines, "TextMessageContent", "content")),
        "calls": [
            (each["actionName"], arguments.get(each["actionExecutionId"], "")) for each in begun
        ],
        "results": _fields(lines, "ActionExecutionResult", "result"),
        "state": orjson.loads(states[-1]) if states else None,
    }


def _fields(lines: Sequence[Mapping[str, Any]], kind: str, name: str) -> list[Any]:
    return [each[name] for each in lines if each["type"] == kind]
