"""A guarded server with something to lose, and requests of every wire that would change it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
from starlette.requests import Request
from starlette.types import ASGIApp

from agui_runtime import (
    AguiWire,
    Caller,
    CopilotKitRemoteWire,
    CopilotRuntime,
    GraphQLWire,
    RestWire,
    ServerOptions,
    action,
    create_app,
)
from tests.runtime.worlds import ANN, Scripted, asking, ran, text
from tests.support import served
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import chat

PAGE = "https://app.example"
EVIL = "https://evil.example"
LISTED = {"cors_origins": (PAGE,)}
JSON = {"content-type": "application/json"}


class Change(NamedTuple):
    """A request that changes something."""

    method: str
    path: str
    body: object = None


NEW = run_body(thread="new")
COMMAND = {"threadId": "new", "messages": NEW["messages"]}
RUN = Change("POST", "/copilotkit/agent/default/run", NEW)
ARCHIVE = Change("POST", "/copilotkit/threads/t1/archive")
CHANGES = [
    RUN,
    Change("POST", "//copilotkit/agent/default/run", NEW),
    Change("POST", "/%63opilotkit/agent/default/run", NEW),
    Change("POST", "/copilotkit/agent/default/suggest", NEW),
    Change("POST", "/copilotkit/agent/default/connect", NEW),
    Change("POST", "/copilotkit/agent/default/stop/t1", {}),
    Change("PATCH", "/copilotkit/threads/t1", {"name": "changed"}),
    ARCHIVE,
    Change("DELETE", "/copilotkit/threads/t1"),
    Change("POST", "/copilotkit/threads/clear"),
    Change("POST", "/copilotkit/transcribe", {"audio": "aGk=", "mimeType": "audio/webm"}),
    Change("POST", "/copilotkit/annotate", {"type": "x", "threadId": "t1"}),
    Change("POST", "/copilotkit", chat(threadId="new")),
    Change("POST", "/graphql", chat(threadId="new")),
    Change(
        "POST",
        "/copilotkit",
        {"method": "agent/run", "params": {"agentId": "default"}, "body": NEW},
    ),
    Change("POST", "/api/v1/agent/runs", COMMAND),
    Change("POST", "/api/v1/agent/runs/r1/stop", {"threadId": "t1"}),
    Change("POST", "/api/v1/agent/transcribe", {"audio": "aGk=", "mimeType": "audio/webm"}),
    Change("POST", "/remote/actions/execute", {"name": "mark", "arguments": {}}),
    Change("POST", "/remote/agents/execute", {"name": "default", "threadId": "new"}),
]


def name_of(change: Change) -> str:
    return f"{change.method} {change.path}"


class Site:
    """A server with a thread `t1` of ann's, who is known by her cookie."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # of ServerOptions
        self.marks: list[str] = []

        def mark() -> str:
            """Marks."""
            self.marks.append("marked")
            return "marked"

        self.runtime = CopilotRuntime(
            {"default": Scripted(*text("m1", "Hello"))}, [action(mark)], authenticate=by_cookie
        )
        self.app = create_app(
            self.runtime,
            wires=[GraphQLWire(), CopilotKitRemoteWire("/remote"), RestWire(), AguiWire()],
            options=ServerOptions(development=True, **options),
        )

    @asynccontextmanager
    async def client(self, app: ASGIApp | None = None) -> AsyncIterator[httpx.AsyncClient]:
        async with served(app or self.app) as origin:
            await ran(self.runtime, asking(agent="default"))
            async with httpx.AsyncClient(base_url=origin, cookies={"session": "ann"}) as client:
                yield client

    async def state(self) -> object:
        """All that a request could have changed."""
        page = await self.runtime.threads.list(ANN, include_archived=True)
        runs = [await self.runtime.threads.runs(each.thread_id, ANN) for each in page.threads]
        return page, runs, list(self.marks)


def by_cookie(request: Request) -> Caller | None:
    if "token" in request.headers.get("authorization", ""):
        return Caller("by-token")
    owner = request.cookies.get("session")
    return Caller(owner) if owner else None


async def send(
    client: httpx.AsyncClient,
    change: Change,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> httpx.Response:
    """Ask for the change, with its body as JSON or another one."""
    url = f"{str(client.base_url).rstrip('/')}{change.path}"
    body = change.body if content is None else None
    return await client.request(change.method, url, headers=headers, json=body, content=content)


async def exchanged(client: httpx.AsyncClient, head: bytes, until: bytes = b"") -> bytes:
    """What the server answers before it closes the connection; or `until` this was in it."""
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(head)
    answer = await (reader.readuntil(until) if until else reader.read())
    writer.close()
    return answer
