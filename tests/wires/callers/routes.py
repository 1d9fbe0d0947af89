"""An example of a request for every route of the server that `world` makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from agui_runtime.wires.a2a.params import METHODS
from agui_runtime.wires.agui.envelope import FORMS
from agui_runtime.wires.openai.response_ids import ItemPlace, Place, item_id, response_id
from tests.wires.agui.serving import run_body
from tests.wires.callers.example import Example
from tests.wires.callers.routes_of_a2a import CALLS, CARDS, FILLED_IN_A2A, OVER_REST, RPC
from tests.wires.callers.world import a_runtime, an_app
from tests.wires.fuzz.offers import Offer, offers

BASE = "/copilotkit"
REST = "/api/v1/agent"
GRAPHQL = (BASE, "/graphql")
"""What is offered there is in the schema, and in the table of envelopes."""

BY_NAME = (*GRAPHQL, RPC)
"""Where the body names what is wanted."""


FILLED = {
    "agent": "default",
    "model": "default",
    "thread": "t1",
    "schedule": "s1",
    "entry": "core.hers",
    "name": "page.js",
    "response": response_id(Place("t1", "r1")),
    "conversation": "t1",
    "item": item_id(ItemPlace("msg", "t1", "m-r1")),
    **FILLED_IN_A2A,
}

RUN = run_body(thread="t1", run="r9")
SIDE = run_body(thread="side", run="r9")
COMMAND = {"threadId": "t1", "runId": "r9", "messages": RUN["messages"]}
ANSWERS = {"threadId": "t3", "resume": [{"interruptId": "i1", "status": "resolved"}]}
RECURRING = {"cron": "0 7 * * *", "message": "good morning?"}
KNOWN = {"tier": "core", "key": "stone", "text": "ruby"}
AUDIO = {"audio": "c291bmQ=", "mimeType": "audio/webm"}
NOTE = {"type": "click", "threadId": "t1"}
EXECUTE = {"name": "default", "threadId": "t1", "messages": []}

CHAT = {
    "model": "default",
    "messages": [{"role": "user", "content": "hi"}],
    "metadata": {"thread_id": "t1"},
}

SAID = [{"role": "user", "content": "hi"}]

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "default", "arguments": {"message": "hi", "threadId": "t1"}},
}

RESPOND = {"model": "default", "input": "hi", "conversation": "t1"}

EXAMPLES: Mapping[str, Example] = {
    "GET /healthz": Example(open=True),
    "GET /readyz": Example(open=True),
    **{f"GET {base}/health": Example(open=True) for base in GRAPHQL},
    **{f"GET {base}/playground/{{name}}": Example(open=True) for base in GRAPHQL},
    f"GET {BASE}/info": Example(shows=True, empty=True),
    f"POST {BASE}/agent/{{agent}}/run": Example(RUN, shows=True),
    f"POST {BASE}/agent/{{agent}}/suggest": Example(SIDE, shows=True),
    f"POST {BASE}/agent/{{agent}}/connect": Example(RUN, shows=True),
    f"POST {BASE}/agent/{{agent}}/stop/{{thread}}": Example(
        {}, path=f"{BASE}/agent/waiting/stop/t2"
    ),
    f"GET {BASE}/threads": Example(shows=True, empty=True),
    f"POST {BASE}/threads/subscribe": Example({}, open=True, status=422),
    f"POST {BASE}/threads/clear": Example({}, empty=True, status=204),
    f"PATCH {BASE}/threads/{{thread}}": Example({"name": "another"}),
    f"DELETE {BASE}/threads/{{thread}}": Example(status=204),
    f"POST {BASE}/threads/{{thread}}/archive": Example({}, shows=True),
    f"GET {BASE}/threads/{{thread}}/runs": Example(shows=True),
    f"GET {BASE}/threads/{{thread}}/messages": Example(shows=True),
    f"GET {BASE}/threads/{{thread}}/events": Example(shows=True),
    f"GET {BASE}/threads/{{thread}}/state": Example(shows=True),
    f"GET {BASE}/usage": Example(shows=True),
    f"POST {BASE}/transcribe": Example(AUDIO, shows=True),
    f"POST {BASE}/annotate": Example(NOTE),
    f"GET {BASE}/inspector-metadata": Example(open=True, status=204),
    f"GET {BASE}/cpk-debug-events": Example(empty=True, endless=True),
    f"POST {REST}/runs": Example(COMMAND, status=202),
    f"POST {REST}/runs/{{run}}/resume": Example(ANSWERS, path=f"{REST}/runs/r3/resume", status=202),
    f"POST {REST}/runs/{{run}}/stop": Example({"threadId": "t2"}, path=f"{REST}/runs/r2/stop"),
    f"GET {REST}/threads/{{thread}}/events": Example(shows=True),
    f"GET {REST}/threads/{{thread}}/history": Example(shows=True),
    f"GET {REST}/threads/{{thread}}/stream": Example(shows=True),
    f"GET {REST}/threads/{{thread}}/runs/{{run}}/stream": Example(
        shows=True, path=f"{REST}/threads/t1/runs/r1/stream"
    ),
    f"POST {REST}/schedules": Example(RECURRING, status=201),
    f"GET {REST}/schedules": Example(shows=True),
    f"GET {REST}/schedules/{{schedule}}": Example(shows=True),
    f"DELETE {REST}/schedules/{{schedule}}": Example(status=204),
    f"POST {REST}/schedules/{{schedule}}/pause": Example(shows=True),
    f"POST {REST}/schedules/{{schedule}}/resume": Example(shows=True),
    f"GET {REST}/memory": Example(shows=True),
    f"GET {REST}/memory/export": Example(shows=True),
    f"POST {REST}/memory": Example(KNOWN, status=201),
    f"DELETE {REST}/memory": Example(status=204),
    f"PATCH {REST}/memory/{{entry}}": Example({"text": "not that"}),
    f"DELETE {REST}/memory/{{entry}}": Example(status=204),
    f"DELETE {REST}/memory/threads/{{thread}}": Example(),
    f"POST {REST}/transcribe": Example(AUDIO, shows=True),
    "GET /openapi.json": Example(open=True),
    "GET /docs": Example(open=True),
    "POST /remote/info": Example({}, shows=True, empty=True),
    "POST /remote/actions/execute": Example({"name": "tell", "arguments": {}}, shows=True),
    "POST /remote/agents/execute": Example(EXECUTE, shows=True),
    "POST /remote/agents/state": Example({"name": "default", "threadId": "t1"}, shows=True),
    "POST /mcp": Example(CALL, shows=True),
    "GET /v1/models": Example(empty=True),
    "GET /v1/models/{model}": Example(),
    "POST /v1/chat/completions": Example(CHAT, shows=True),
    "POST /v1/responses": Example(RESPOND, shows=True),
    "GET /v1/responses/{response}": Example(shows=True),
    "DELETE /v1/responses/{response}": Example(),
    "GET /v1/responses/{response}/input_items": Example(),
    "POST /v1/conversations": Example({}),
    "GET /v1/conversations/{conversation}": Example(),
    "POST /v1/conversations/{conversation}": Example({"metadata": {}}),
    "DELETE /v1/conversations/{conversation}": Example(),
    "GET /v1/conversations/{conversation}/items": Example(shows=True),
    "POST /v1/conversations/{conversation}/items": Example({"items": SAID}),
    "GET /v1/conversations/{conversation}/items/{item}": Example(shows=True),
    "DELETE /v1/conversations/{conversation}/items/{item}": Example(),
    "POST /v1/responses/{response}/cancel": Example(
        {}, path=f"/v1/responses/{response_id(Place('t2', 'r2'))}/cancel"
    ),
    **CARDS,
    **OVER_REST,
}

OF_EVERYBODY = frozenset(
    {
        f"GET {BASE}/info",
        f"POST {BASE}/agent/{{agent}}/suggest",
        f"POST {BASE}/transcribe",
        f"POST {REST}/transcribe",
        "POST /remote/info",
        "POST /remote/actions/execute",
        "agent/suggest",
        "info",
        "transcribe",
        *CARDS,
        "query.agents",
        "query.availableAgents",
    }
)
"""What is the same for every caller: agents, actions and recordings belong to nobody."""

_AGENT = {"agentId": "default"}

ENVELOPES: Mapping[str, Example] = {
    "info": Example({}, shows=True, empty=True),
    "agent/run": Example({"params": _AGENT, "body": RUN}, shows=True),
    "agent/connect": Example({"params": _AGENT, "body": RUN}, shows=True),
    "agent/suggest": Example({"params": _AGENT, "body": SIDE}, shows=True),
    "agent/stop": Example({"params": {"agentId": "waiting", "threadId": "t2"}}),
    "transcribe": Example({"body": AUDIO}, shows=True),
    "inspector/metadata": Example({}, open=True, status=204),
    "inspector/learning": Example({}, open=True, status=404),
}


class Case(NamedTuple):
    """A request, and what is expected of it."""

    name: str
    method: str
    path: str
    body: object
    example: Example


def cases() -> list[Case]:
    """One for each route, envelope and method of A2A; raises KeyError where there is no example."""
    known = sorted(offers(an_app(a_runtime([]))))
    routes = [of_route(each) for each in known if each.path not in BY_NAME]
    calls = [_of_call(name) for name in sorted(METHODS)]
    return [*routes, *(_of_envelope(name) for name in FORMS), *calls]


def of_route(offer: Offer) -> Case:
    """Raises KeyError for one without an example."""
    name = f"{offer.method} {offer.path}"
    example = EXAMPLES[name]
    path = example.path or offer.path.format_map(FILLED)
    return Case(name, offer.method, path, example.body, example)


def _of_envelope(name: str) -> Case:
    example = ENVELOPES[name]
    assert isinstance(example.body, dict)
    return Case(name, "POST", BASE, {"method": name, **example.body}, example)


def _of_call(name: str) -> Case:
    """A method of A2A's in JSON-RPC."""
    example = CALLS[name]
    body = {"jsonrpc": "2.0", "id": 1, "method": name, "params": example.body}
    path = example.path or RPC.format_map(FILLED)
    return Case(name, "POST", path, body, example)
