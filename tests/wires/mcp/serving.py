"""A server that speaks MCP beside AG-UI, and the official client of either generation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import httpx2
from ag_ui.core import RunAgentInput
from mcp import Client
from mcp.client.session import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitRequestParams, ElicitResult

from agui_runtime import CopilotRuntime, McpWire
from agui_runtime.core.events import Event
from tests.runtime.worlds import text
from tests.wires.beside_agui import beside_agui
from tests.wires.graphql.serving import by_header

OLD, NEW = "legacy", "auto"
GENERATIONS = [OLD, NEW]

VERSION = "2025-11-25"
MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
STATELESS = {"mcp-protocol-version": MODERN, "mcp-method": "tools/list"}
ACCEPT = {"accept": "application/json, text/event-stream"}


serving = beside_agui(partial(McpWire, pace=0))
"""Yields the origin of a server that speaks MCP and AG-UI."""


@dataclass
class User:
    """Whoever sits before a client: answers its forms, and remembers them."""

    action: str = "accept"
    content: Mapping[str, Any] | None = None
    forms: list[Any] = field(default_factory=list)

    async def __call__(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult:
        self.forms.append(params)
        content = None if self.content is None else dict(self.content)
        return ElicitResult.model_validate({"action": self.action, "content": content})


@asynccontextmanager
async def client_of(
    origin: str, generation: str, owner: str = "ann", user: User | None = None
) -> AsyncIterator[Client]:
    """The official client, in that generation."""
    async with httpx2.AsyncClient(headers={"x-user": owner}, timeout=60) as http:
        transport = streamable_http_client(f"{origin}/mcp", http_client=http)
        async with Client(transport, mode=generation, elicitation_callback=user) as client:
            yield client


@asynccontextmanager
async def plain(origin: str, owner: str = "ann") -> AsyncIterator[httpx.AsyncClient]:
    """A client that sends whatever a test wants it to."""
    headers = {"x-user": owner, **ACCEPT}
    async with httpx.AsyncClient(base_url=origin, headers=headers) as client:
        yield client


async def session_of(
    client: httpx.AsyncClient, *, asks: bool = False, version: str = VERSION
) -> dict[str, str]:
    """The headers of a session that was begun."""
    able: dict[str, Any] = {"elicitation": {}} if asks else {}
    about = {"protocolVersion": version, "capabilities": able, "clientInfo": {}}
    answer = await client.post("/mcp", json=message("initialize", about))
    assert answer.json()["result"]["protocolVersion"] == version
    return {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": version}


def message(method: str, params: Mapping[str, Any] | None = None, id_: object = 1) -> Any:  # noqa: ANN401  # JSON
    body = {"jsonrpc": "2.0", "id": id_, "method": method}
    return body if params is None else {**body, "params": params}


def calling(
    name: str = "default", id_: object = 1, token: object = None, **arguments: object
) -> dict[str, Any]:
    meta = {} if token is None else {"_meta": {"progressToken": token}}
    made: dict[str, Any] = message(
        "tools/call", {"name": name, "arguments": arguments, **meta}, id_
    )
    return made


def events_in(stream: str) -> list[tuple[str, Any]]:
    """The ids and messages of an event stream; of an empty event None."""
    found = []
    for part in stream.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in part.splitlines() if line[:1] != ":")
        if "data" in fields:
            data = json.loads(fields["data"]) if fields["data"] else None
            found.append((fields.get("id", ""), data))
    return found


class Echo:
    """Says what it was told, and how many messages of the user it knows."""

    name = "default"
    description = "Echoes"

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        said = [str(each.content) for each in request.messages if each.role == "user"]
        for event in text(f"m-{request.run_id}", f"{len(said)}: ", said[-1]):
            yield event


class Asker:
    """Books when it may; asks before."""

    name = "asker"
    description = "Asks"

    def __init__(self, *interrupts: Event) -> None:
        self.interrupts = interrupts or (MAY_I,)
        self.answers: list[Any] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        if not request.resume:
            for event in text("m1", "Well."):
                yield event
            outcome = {"type": "interrupt", "interrupts": list(self.interrupts)}
            yield {"type": "RUN_FINISHED", "outcome": outcome}
            return
        self.answers += [(each.interrupt_id, each.status, each.payload) for each in request.resume]
        statuses = {each.status for each in request.resume}
        for event in text("m2", "Booked." if statuses == {"resolved"} else "Then not."):
            yield event


MAY_I: Event = {
    "id": "i1",
    "reason": "tool_call",
    "message": "May I book?",
    "responseSchema": {
        "type": "object",
        "properties": {"approved": {"type": "boolean"}},
        "required": ["approved"],
    },
}


def a_runtime(**agents: object) -> CopilotRuntime:
    return CopilotRuntime({"default": Echo(), **agents}, authenticate=by_header)
