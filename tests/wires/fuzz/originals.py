"""A valid request for everything that the server offers, by the route that takes it."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from tests.wires.fuzz.jsons import Json
from tests.wires.fuzz.original import Original as Original
from tests.wires.fuzz.originals_of_a2a import of_a2a
from tests.wires.fuzz.originals_of_mcp import of_mcp
from tests.wires.fuzz.originals_of_openai import of_openai
from tests.wires.fuzz.world import REMOTE
from tests.wires.graphql.serving import QUERIES, chat, user
from tests.wires.graphql.subscribing import ANSWER, EVENTS, THREAD

BASE = "/copilotkit"
REST = "/api/v1/agent"

THREADS = ("t-1", "t-2", "t-3")

OTHER_KINDS = "application/graphql-response+json, application/json, multipart/mixed"


def _run(thread: str, agent: str = "default", **more: Json) -> dict[str, Json]:
    """A RunAgentInput with one of everything that it can hold."""
    picture: Json = {"type": "url", "value": "http://x.test/y.png", "mimeType": "image/png"}
    call: Json = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    parts: Json = [{"type": "text", "text": "hi"}, {"type": "image", "source": picture}]
    return {
        "threadId": thread,
        "runId": f"run-{agent}",
        "protocolVersion": "1.0",
        "state": {"n": 1, "list": [1]},
        "messages": [
            {"id": "u1", "role": "user", "content": parts},
            {
                "id": "b1",
                "role": "user",
                "content": [{"type": "binary", "mimeType": "a/b", "data": "eA=="}],
            },
            {"id": "a1", "role": "assistant", "content": "Well", "toolCalls": [call]},
            {"id": "r1", "role": "tool", "toolCallId": "c1", "content": "1"},
            {"id": "u2", "role": "user", "content": "and?"},
        ],
        "tools": [{"name": "paint", "description": "Paints", "parameters": {"type": "object"}}],
        "context": [{"description": "page", "value": "1"}],
        "forwardedProps": {"command": {"resume": "yes"}, "key": "value"},
        "resume": [{"interruptId": "i1", "status": "resolved", "payload": {}}],
        **more,
    }


def _agents() -> list[Original]:
    run = _run("t-1")
    older = {key: value for key, value in run.items() if key not in ("protocolVersion", "resume")}
    at = f"{BASE}/agent"
    return [
        Original("POST", f"{at}/default/run", body=run),
        Original("POST", f"{at}/asking/run", body=_run("t-2", "asking") | {"threadId": ""}),
        Original("POST", f"{at}/default/run", body=older | {"runId": ""}),
        Original("POST", f"{at}/default/suggest", body=_run("side")),
        Original("POST", f"{at}/default/connect", body=_run("t-1", messages=[])),
        Original(
            "POST",
            f"{at}/default/connect",
            headers={"last-event-id": "0123456789ab.3"},
            body=_run("t-1", messages=[]),
        ),
        Original("POST", f"{at}/default/stop/t-1", body={"runId": "run-default"}),
        Original("POST", f"{at}/stubborn/stop/t-3", body={}),
    ]


def _threads() -> list[Original]:
    page = [("agentId", "default"), ("includeArchived", "true"), ("limit", "2")]
    cursor = ("cursor", "1764168000.5/t-1")
    return [
        Original("GET", f"{BASE}/threads", page),
        Original("GET", f"{BASE}/threads", [*page, cursor]),
        Original("POST", f"{BASE}/threads/subscribe", body={}),
        Original("POST", f"{BASE}/threads/clear", body={}),
        Original("PATCH", f"{BASE}/threads/t-1", body={"name": "One", "archived": False}),
        Original("DELETE", f"{BASE}/threads/t-2", [("memory", "true")]),
        Original("POST", f"{BASE}/threads/t-1/archive", body={}),
        *(
            Original("GET", f"{BASE}/threads/t-1/{part}")
            for part in ("messages", "events", "state", "runs")
        ),
    ]


_FORM_TYPE = {"content-type": "multipart/form-data; boundary=b"}
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a.webm"\r\n'
    b"Content-Type: audio/webm\r\n\r\nsound\r\n--b--\r\n"
)


def _others() -> list[Original]:
    audio: Json = {"audio": "c291bmQ=", "mimeType": "audio/webm", "filename": "a.webm"}
    noticed: Json = {"type": "click", "threadId": "t-1", "payload": {}, "clientEventId": "e1"}
    return [
        Original("GET", f"{BASE}/info"),
        Original("POST", f"{BASE}/transcribe", body=audio),
        Original("POST", f"{BASE}/transcribe", headers=_FORM_TYPE, body=FORM),
        Original("POST", f"{BASE}/annotate", body=noticed),
        Original("GET", f"{BASE}/inspector-metadata"),
        Original("GET", f"{BASE}/usage", [("since", "2026-01-01"), ("by", "day")]),
        Original("GET", f"{BASE}/cpk-debug-events", endless=True),
        Original("GET", f"{BASE}/socket"),
        Original("GET", "/healthz"),
        Original("GET", "/readyz"),
        *(Original("GET", f"{base}/health") for base in (BASE, "/graphql")),
        *(Original("GET", f"{base}/playground/page.js") for base in (BASE, "/graphql")),
    ]


def _envelopes() -> list[Original]:
    agent: Json = {"agentId": "default"}
    stop: Json = {"agentId": "default", "threadId": "t-1"}
    listed: Json = {"path": "/threads?limit=2&cursor=1764168000.5/t-1", "httpMethod": "GET"}
    named: Json = {"path": "/threads/t-1", "httpMethod": "PATCH"}
    audio: Json = {"audio": "c291bmQ=", "mimeType": "audio/webm"}
    bodies: list[Json] = [
        {"method": "info"},
        {"method": "agent/run", "params": agent, "body": _run("t-2")},
        {"method": "agent/connect", "params": agent, "body": _run("t-2", messages=[])},
        {"method": "agent/suggest", "params": agent, "body": _run("side")},
        {"method": "agent/stop", "params": stop},
        {"method": "transcribe", "body": audio},
        {"method": "inspector/metadata"},
        {"method": "inspector/learning"},  # there is none: not found
        {"method": "resource/request", "params": listed},
        {"method": "resource/request", "params": named, "body": {"name": "Two"}},
    ]
    return [Original("POST", BASE, body=body) for body in bodies]


EXPLORING = """query Look($thread: String!, $run: String!, $after: String, $first: Int!) {
  hello
  agents { id name description capabilities breaker }
  threads(first: $first, after: $after, agentName: "default") {
    nodes { id name archived createdAt runs(first: $first) { id status timing { startedAt } } }
    pageInfo { endCursor hasNextPage }
  }
  thread(id: $thread) { id }
  usage(since: "2026-01-01", by: THREAD) { key runs cost { usd } }
  outcomes(since: "2026-01-01", by: AGENT) { key failures { code runs } duration { median p95 } }
  run(id: $run, threadId: $thread) {
    usage { totalTokens }
    events(first: $first, after: $after) { nodes { cursor seq type event } }
  }
}"""

SAVING = """mutation Save($data: SaveAgentStateInput!) {
  saveAgentState(data: $data) { threadId version }
}"""

EXECUTING = """mutation Execute($data: ExecuteAgentInput!) {
  executeAgent(data: $data) { threadId runId state status { ... on BaseResponseStatus { code } } }
}"""


REMEMBERED = """query Remembered($first: Int!, $after: String, $thread: String, $ids: [String!]) {
  memory(tier: Core, first: $first, after: $after, threadId: $thread, ids: $ids) {
    nodes { id text origin { thread { id } } }
    pageInfo { endCursor }
  }
}"""

REMEMBERING = (
    """mutation Remember($data: RememberInput!) { remember(data: $data) { id tier text } }"""
)

CORRECTING = """mutation Correct($id: String!, $text: String!) {
  correctMemory(id: $id, text: $text) { id updatedAt origin { threadId } }
}"""


def talk(thread: str = "t-1") -> Json:
    """The `data` of a chat with one of everything that it can hold."""
    result: Json = {"actionExecutionId": "c1", "actionName": "look", "result": "1"}
    state: Json = {"agentName": "default", "state": '{"n": 1}', "config": "{}"}
    action: Json = {"name": "paint", "description": "Paints", "jsonSchema": '{"type": "object"}'}
    moment = "2026-01-01T00:00:00.000Z"
    rest: Json = {
        "runId": "run-1",
        "messages": [
            user("u1", "Hello"),
            {
                "id": "c1",
                "createdAt": moment,
                "actionExecutionMessage": {"name": "look", "arguments": '{"n": 1}'},
            },
            {"id": "r1", "createdAt": moment, "resultMessage": result},
        ],
        "frontend": {"actions": [action], "url": "http://page.test/"},
        "agentSession": {"agentName": "default"},
        "agentStates": [state],
        "metaEvents": [{"name": "LangGraphInterruptEvent", "value": "?", "response": "yes"}],
        "context": [{"description": "page", "value": "1"}],
        "forwardedParameters": {"temperature": 0.5, "maxTokens": 5, "stop": ["x"]},
    }
    whole: Json = chat(threadId=thread)["variables"]["data"]
    return whole | rest


def operations() -> list[tuple[str, dict[str, Json]]]:
    """Documents with their variables; the last ones are subscriptions."""
    held: Json = {"threadId": "t-1", "agentName": "default", "state": "{}", "expectedVersion": 1}
    given: Json = {"threadId": "t-2", "messages": [user("u1", "Hi")], "state": "{}"}
    looked: dict[str, Json] = {"thread": "t-1", "run": "run-default", "after": None, "first": 2}
    loaded: dict[str, Json] = {"data": {"threadId": "t-1", "agentName": "default"}}
    chatting: dict[str, Json] = {"data": talk(), "properties": {"key": "value"}}
    return [
        (QUERIES["generateCopilotResponse"], chatting),
        (QUERIES["availableAgents"], {}),
        (QUERIES["loadAgentState"], loaded),
        (EXPLORING, looked),
        (SAVING, {"data": held}),
        (EXECUTING, {"data": given}),
        (
            REMEMBERED,
            {"first": 2, "after": "1764168000.5/core.1", "thread": "t-1", "ids": ["core.1"]},
        ),
        (REMEMBERING, {"data": {"tier": "Core", "text": "Ann", "key": "name", "entity": ""}}),
        (CORRECTING, {"id": "core.1", "text": "Anna"}),
        ("mutation Delete($id: String!) { deleteMemory(id: $id) }", {"id": "core.1"}),
        ("mutation Of($id: String!) { deleteThreadMemory(threadId: $id) }", {"id": "t-1"}),
        ("mutation { forgetMe }", {}),
        (ANSWER, {"data": talk("t-3")}),
        (EVENTS, {"threadId": "t-1", "after": "0123456789ab.3"}),
        (THREAD, {"threadId": "t-1"}),
    ]


def _graphql() -> list[Original]:
    made = []
    for text, variables in operations():
        endless = "runEvents" in text or "threadUpdated" in text
        streamed = text.startswith("subscription")
        accept = {"accept": "text/event-stream" if streamed else OTHER_KINDS}
        body: Json = {"query": text, "variables": variables, "operationName": None}
        for base in (BASE, "/graphql"):
            made.append(Original("POST", base, (), accept, body, endless))
    looked = {"thread": "t-1", "run": "r", "first": 1}
    operation = [("query", EXPLORING), ("variables", orjson.dumps(looked).decode())]
    hashed: Json = {"persistedQuery": {"version": 1, "sha256Hash": "ab" * 32}}
    return [
        *made,
        Original("GET", BASE, operation, {"accept": "*/*"}),
        Original("GET", BASE, headers={"accept": "text/html"}),
        Original("GET", "/graphql", [("query", "{hello}")]),
        Original("GET", BASE, [("extensions", orjson.dumps(hashed).decode())]),
        Original("POST", BASE, body={"extensions": hashed}),
    ]


def _remote() -> list[Original]:
    message: Json = {"id": "u1", "type": "TextMessage", "role": "user", "content": "hi"}
    call: Json = {"id": "c1", "type": "ActionExecutionMessage", "name": "look", "arguments": {}}
    tool: Json = {"name": "paint", "description": "Paints", "parameters": []}
    execution: Json = {
        **{"name": "default", "threadId": "t-1", "messages": [message, call], "state": {}},
        **{"config": {}, "properties": {"key": "value"}, "actions": [tool], "nodeName": "n"},
        "metaEvents": [{"name": "LangGraphInterruptEvent", "response": "yes"}],
    }
    acted: Json = {"name": "look", "arguments": {"n": 1}, "properties": {}}
    return [
        Original("POST", f"{REMOTE}/info", body={"properties": {}, "frontendUrl": "http://p/"}),
        Original("POST", f"{REMOTE}/actions/execute", body=acted),
        Original("POST", f"{REMOTE}/agents/execute", body=execution),
        Original("POST", f"{REMOTE}/agents/state", body={"name": "default", "threadId": "t-1"}),
    ]


def _rest() -> list[Original]:
    run = _run("t-1")
    command = {key: run[key] for key in ("threadId", "runId", "messages", "state", "tools")}
    more: dict[str, Json] = {"context": run["context"], "forwardedProps": run["forwardedProps"]}
    asking = command | more | {"agent": "asking", "threadId": "t-2", "runId": "run-asking"}
    answer: Json = {"interruptId": "i1", "status": "resolved", "payload": {"n": 1}}
    audio: Json = {"audio": "c291bmQ=", "mimeType": "audio/webm", "filename": "a.webm"}
    recurring: Json = {"cron": "0 7 1 1 *", "message": "hi", "threadId": "t-2", "zone": "UTC"}
    known: Json = {"tier": "core", "text": "Ann", "key": "name", "entity": ""}
    events = f"{REST}/threads/t-1/events"
    cursor = "0123456789ab.3"
    return [
        Original("POST", f"{REST}/runs", body=command),
        Original("POST", f"{REST}/runs", body=asking),
        Original(
            "POST", f"{REST}/runs/run-asking/resume", body={"threadId": "t-2", "resume": [answer]}
        ),
        Original("POST", f"{REST}/runs/run-default/stop", body={"threadId": "t-1"}),
        Original("GET", events, [("until", "end")]),
        Original("GET", events, [("after", cursor)], {"last-event-id": cursor}),
        Original("GET", events, [("until", "live")], endless=True),
        Original("GET", f"{REST}/threads/t-1/history", [("limit", "2"), ("before", "u2")]),
        Original("GET", f"{REST}/threads/t-1/stream", [("offset", "-1")]),
        Original("GET", f"{REST}/threads/t-1/stream", [("offset", "-1"), ("live", "long-poll")]),
        Original("GET", f"{REST}/threads/t-1/runs/run-default/stream", [("offset", "now")]),
        Original(
            "GET", f"{REST}/threads/t-1/stream", [("offset", "now"), ("live", "sse")], endless=True
        ),
        Original("POST", f"{REST}/schedules", body=recurring),
        Original("GET", f"{REST}/schedules"),
        Original("GET", f"{REST}/schedules/s-1"),
        Original("POST", f"{REST}/schedules/s-1/pause"),
        Original("POST", f"{REST}/schedules/s-1/resume"),
        Original("DELETE", f"{REST}/schedules/s-1"),
        Original("POST", f"{REST}/memory", body=known),
        Original("GET", f"{REST}/memory", [("tier", "core"), ("limit", "2"), ("cursor", "1.5/x")]),
        Original("GET", f"{REST}/memory/export"),
        Original("PATCH", f"{REST}/memory/core.1", body={"text": "Anna"}),
        Original("DELETE", f"{REST}/memory/core.1"),
        Original("DELETE", f"{REST}/memory/threads/t-1"),
        Original("DELETE", f"{REST}/memory"),
        Original("POST", f"{REST}/transcribe", body=audio),
        Original("POST", f"{REST}/transcribe", headers=_FORM_TYPE, body=FORM),
        Original("GET", "/openapi.json"),
        Original("GET", "/docs"),
    ]


ORIGINALS: Sequence[Sequence[Original]] = (
    *(
        _agents(),
        _threads(),
        _others(),
        _envelopes(),
        _graphql(),
        _remote(),
        of_a2a(),
        of_openai(),
        of_mcp(),
        _rest(),
    ),
)
"""In groups that are drawn from equally often."""
