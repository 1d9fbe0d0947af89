"""How long the largest requests that are allowed hold the event loop, and what memory they take.

Each shape is sent to each wire, then the thread is read back; a probe within the server notes by
how much its event loop was late at worst. At the end the memory store is filled over its limit.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from uuid import uuid4

from bench.idleness import watched
from bench.rig import Server, run, verdict

GOAL = 50.0
"""Milliseconds that the loop may be held."""

ROOM = 1.25
"""So many times its limit the memory store may grow, beside the process itself."""

BYTES = 15_500_000
Json: TypeAlias = dict[str, Any]

QUERY = """mutation g($data: GenerateCopilotResponseInput!, $properties: JSONObject) {
  generateCopilotResponse(data: $data, properties: $properties) {
    threadId messages { ... on TextMessageOutput { content } } } }"""


def users(count: int, text: str = "") -> list[Json]:
    return [{"id": f"u{n}", "role": "user", "content": text} for n in range(count)]


def called(count: int) -> list[Json]:
    function = {"name": "find", "arguments": '{"query": "a"}'}
    call = {"type": "function", "function": function}
    return [
        {"id": f"a{n}", "role": "assistant", "toolCalls": [call | {"id": f"c{n}"}]}
        for n in range(count)
    ]


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = {"a": value}
    return value


class Shape(NamedTuple):
    """What a RunAgentInput holds beside a last message."""

    name: str
    given: Callable[[], Json]


SHAPES = (
    Shape("20,000 tiny messages", lambda: {"messages": users(19_999)}),
    Shape("20,000 messages, 13 MB", lambda: {"messages": users(19_999, "x" * 600)}),
    Shape("19,000 tool calls", lambda: {"messages": called(19_000)}),
    Shape("1,000 parts in each of 60", lambda: {"messages": parts(60, 1000)}),
    Shape("one text", lambda: {"messages": users(1, "x" * BYTES)}),
    Shape("one text of quotes", lambda: {"messages": users(1, '"' * (BYTES // 2))}),
    Shape("state of numbers", lambda: {"state": {"a": [1.5] * 249_000}}),
    Shape("state of objects", lambda: {"state": {"a": [{"b": 1}] * 120_000}}),
    Shape("state of texts", lambda: {"state": {"a": ["x" * 50 + str(n) for n in range(249_000)]}}),
    Shape("deep state", lambda: {"state": {"a": [nested(120)] * 1000}}),
    Shape("60,000 tools", lambda: {"tools": tools(60_000)}),
    Shape("60,000 pieces of context", lambda: {"context": context(60_000)}),
    Shape("forwarded properties", lambda: {"forwardedProps": {"a": [{"b": 1}] * 120_000}}),
)


def parts(count: int, of_each: int) -> list[Json]:
    content = [{"type": "text", "text": "a"}] * of_each
    return [{"id": f"u{n}", "role": "user", "content": content} for n in range(count)]


def tools(count: int) -> list[Json]:
    return [{"name": f"f{n}", "description": "", "parameters": {}} for n in range(count)]


def context(count: int) -> list[Json]:
    return [{"description": f"d{n}", "value": ""} for n in range(count)]


def agui(given: Json) -> tuple[str, Json]:
    last = {"id": str(uuid4()), "role": "user", "content": "go on"}
    body: Json = {
        "threadId": str(uuid4()),
        "runId": str(uuid4()),
        "state": {},
        "tools": [],
        "context": [],
        "forwardedProps": {},
        "protocolVersion": "1.0",
    } | given
    body["messages"] = [*given.get("messages", ()), last]
    return "/copilotkit/agent/default/run", body


def graphql(given: Json) -> tuple[str, Json]:
    """The same for the mutation of 1.10."""
    _, body = agui(given)
    messages = [each for message in body["messages"] for each in gql_messages(message)]
    actions = [
        {"name": each["name"], "description": "", "jsonSchema": "{}"} for each in body["tools"]
    ]
    data = {
        "metadata": {"requestType": "Chat"},
        "threadId": body["threadId"],
        "messages": messages,
        "frontend": {"actions": actions, "url": "http://page.test/"},
        "agentStates": [{"agentName": "default", "state": json.dumps(body["state"])}],
        "agentSession": {"agentName": "default"},
        "context": body["context"],
    }
    variables = {"data": data, "properties": body["forwardedProps"]}
    return "/copilotkit", {"query": QUERY, "variables": variables}


def gql_messages(message: Json) -> list[Json]:
    made = {"createdAt": "2026-01-01T00:00:00Z"}
    for call in message.get("toolCalls", ()):
        function = {**call["function"], "parentMessageId": message["id"]}
        return [made | {"id": call["id"], "actionExecutionMessage": function}]
    content = message["content"]
    texts = [part["text"] for part in content] if isinstance(content, list) else [content]
    return [
        made | {"id": f"{message['id']}-{n}", "textMessage": {"content": text, "role": "user"}}
        for n, text in enumerate(texts[:100])
    ]


WIRES: Mapping[str, Callable[[Json], tuple[str, Json]]] = {"agui": agui, "graphql": graphql}


class Client:
    """Asks the server, one request after the other."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._base = f"http://127.0.0.1:{server.port}"

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        headers = {"content-type": "application/json"}
        return self._answer(Request(self._base + path, body, headers))

    def get(self, path: str) -> tuple[int, bytes]:
        return self._answer(Request(self._base + path))

    def held(self) -> float:
        """How long the loop was held since the last look, at worst, in milliseconds."""
        _, body = agui({})
        _, text = self.post("/copilotkit/agent/probe/run", json.dumps(body).encode())
        frames = [json.loads(line[6:]) for line in text.splitlines() if line[:6] == b"data: "]
        return float("".join(frame.get("delta", "") for frame in frames))

    def peak(self) -> float:
        """The most megabytes that were resident since the last look."""
        process = Path(f"/proc/{self.server.process.pid}")
        status = (process / "status").read_text()
        (process / "clear_refs").write_text("5")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def _answer(self, request: Request) -> tuple[int, bytes]:
        try:
            with urlopen(request, timeout=300) as response:
                return response.status, response.read()
        except HTTPError as error:
            return error.code, error.read()
        except URLError as error:  # refused before all of it was sent
            return 0, str(error.reason).encode()


def measure(client: Client, shape: Shape, wire: str) -> bool:
    """One line of the table: the run, and how the thread is read; whether the goal is met."""
    path, asked = WIRES[wire](shape.given())
    body = json.dumps(asked).encode()
    del asked["variables" if wire == "graphql" else "messages"]
    client.held()
    client.peak()
    before = client.server.megabytes
    began = perf_counter()
    status, answer = client.post(path, body)
    seconds = perf_counter() - began
    done = status == 200 and (b"word" in answer)
    held, peak = [client.held()], (client.peak() - before) * 2**20 / len(body)
    if wire == "agui" and done:
        held += read_back(client, asked["threadId"])
    worst = max(held)
    times = " / ".join(f"{each:4.0f}" for each in held)
    outcome = "ok" if done else f"{status} {answer[:90]!r}"
    print(
        f"{shape.name:28} {wire:8} {len(body) / 1e6:5.1f} MB {seconds:5.2f} s"
        f"  held {times:32} ms  peak {peak:4.1f} x  {verdict(worst <= GOAL)}  {outcome}",
        flush=True,
    )
    return worst <= GOAL and done


def read_back(client: Client, thread: str) -> list[float]:
    """The holds of connecting to the thread, of its messages, of its events, of the next run."""
    held = []
    _, body = agui({})
    body |= {"threadId": thread}
    for path in ("agent/default/connect", "messages", "events", "agent/default/run"):
        if path.startswith("agent"):
            client.post(f"/copilotkit/{path}", json.dumps(body).encode())
        else:
            client.get(f"/copilotkit/threads/{thread}/{path}")
        held.append(client.held())
    return held


def fill(client: Client) -> bool:
    """Whether the memory store stays near its limit of 512 MiB, whatever fills it."""
    before = client.server.megabytes
    sent, most, count = 0, 0.0, 0
    while sent < 1400e6:
        shape = SHAPES[count % 4]
        path, asked = agui(shape.given())
        body = json.dumps(asked).encode()
        client.post(path, body)
        sent, count = sent + len(body), count + 1
        most = max(most, client.server.megabytes)
    print(
        f"{sent / 1e6:.0f} MB in {count} threads: resident memory {before:.0f} -> {most:.0f} MB"
        f"  {verdict(most - before <= 512 * ROOM)}"
    )
    return most - before <= 512 * ROOM


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="shapes whose name holds this")
    parser.add_argument("--store", default="", help="redis://...; memory when left out")
    parser.add_argument("--fill", action="store_true", help="fill the memory store as well")
    options = parser.parse_args()
    command = [sys.executable, "-m", "agui_runtime", "serve", "--port"]
    env = {"AGUI_APP": "bench.big_app:runtime"}
    if options.store:
        env["AGUI_STORE"] = options.store
    met = True
    with run("ours", command, env, Request("http://127.0.0.1/healthz")) as server:
        client = Client(server)
        client.held()
        for shape in SHAPES:
            for wire in WIRES:
                if options.only in shape.name:
                    met &= measure(client, shape, wire)
        if options.fill:
            met &= fill(client)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(watched(main))
